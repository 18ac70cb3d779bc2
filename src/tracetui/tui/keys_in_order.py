"""The part of the app that lets one key have its effect before the next one is looked at.

Textual hands a key to the widget that has the focus, and takes the next one from the terminal before the first has done
anything. What is typed ahead, and what a slow link sends in one piece, then goes to the screen that the first key is about to
cover: `:` and `q` would quit. Here the next key waits for a mark that follows the first one on its way through widget, screen
and app.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from textual import events
from textual.app import App
from textual.message import Message

_PATIENCE_S: Final = 0.3
"""How long a key waits for the one before: the mark is lost with a screen that is closed."""


class KeyPassed(Message):
    """Follows a key: when it reaches the app, the key has done what it does."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class KeysInOrder(App[object]):
    """An app that takes keys one after the other."""

    def __init__(self) -> None:
        super().__init__()
        self._keys_waiting: deque[events.Key] = deque()
        self._key_number = 0
        self._is_key_under_way = False
        self.is_touched = False
        """A key was pressed, or the mouse was used for more than a look."""

    async def on_event(self, event: events.Event) -> None:
        """Take a key, or let it wait for the one before; anything else as Textual does."""
        if isinstance(event, (events.Key, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp)):
            self.is_touched = True
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._is_key_under_way:
            self._keys_waiting.append(event)
        else:
            await self._take_key(event)

    async def _take_key(self, event: events.Key) -> None:
        self._key_number += 1
        self._is_key_under_way = True
        number = self._key_number
        target = self.focused or self.screen
        await super().on_event(event)
        target.post_message(KeyPassed(number))
        self.set_timer(_PATIENCE_S, lambda: self.post_message(KeyPassed(number)))

    async def on_key_passed(self, event: KeyPassed) -> None:
        """The key has had its effect: the next one."""
        event.stop()
        if event.number != self._key_number or not self._is_key_under_way:
            return
        self._is_key_under_way = False
        if self._keys_waiting:
            await self._take_key(self._keys_waiting.popleft())
