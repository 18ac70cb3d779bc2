"""Times in which threads may look at the store: nothing is folded in while one does.

The store has one writer and no locks, and its columns cannot grow while numpy looks at them. A thread that works on it for
long looks in short pieces; between two of them whoever folds comes first.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_AGAIN_S: Final = 0.002


class Stillness:
    """Lets either any number of threads look, or the loop fold."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._looking = 0
        self._folding = self._is_waited_for = False
        self._mine = threading.local()

    @contextmanager
    def looking(self) -> Iterator[None]:
        """For a thread that is not the loop's: nothing is folded in meanwhile. Waits for what is being folded in."""
        depth: int = getattr(self._mine, "depth", 0)
        if not depth:
            with self._changed:
                self._changed.wait_for(lambda: not (self._folding or self._is_waited_for))
                self._looking += 1
        self._mine.depth = depth + 1
        try:
            yield
        finally:
            self._mine.depth = depth
            if not depth:
                with self._changed:
                    self._looking -= 1

    async def begin_to_fold(self, given_up: Callable[[], bool] = lambda: False) -> bool:
        """For the loop: wait until no thread looks. False: it was given up. Else `end_of_folding` is to follow."""
        while not given_up():
            with self._changed:
                self._is_waited_for = self._looking > 0
                if not self._is_waited_for:
                    self._folding = True
                    return True
            await asyncio.sleep(_AGAIN_S)
        with self._changed:
            self._is_waited_for = False
            self._changed.notify_all()
        return False

    def end_of_folding(self) -> None:
        """Threads may look again."""
        with self._changed:
            self._folding = False
            self._changed.notify_all()
