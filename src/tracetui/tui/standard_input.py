"""Standard input as the feed hears of it: what comes through the pipe wakes the reader, and so does its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracetui.core.sources.stdin import Spool
    from tracetui.tui.feed import AnyReader, Watched


class SpoolWatcher:
    """Tells of what comes through standard input, beside what another watcher tells of files."""

    def __init__(self, spool: Spool, reader: AnyReader, others: Watched) -> None:
        self._spool = spool
        self._reader = reader
        self._others = others

    @property
    def mode(self) -> str:
        """That of the files."""
        return self._others.mode

    @property
    def reason(self) -> str:
        """That of the files."""
        return self._others.reason

    def start(self, changed: Callable[[Iterable[str] | None], None]) -> None:
        """Watch from now on."""
        path = self._spool.path

        def has_ended() -> None:
            fault = self._spool.fault
            self._reader.end(path, fault)
            changed([path])

        self._others.start(changed)
        self._spool.tell(lambda: changed([path]), has_ended)

    def stop(self) -> None:
        """Watch no more."""
        self._spool.tell(lambda: None, lambda: None)
        self._others.stop()
