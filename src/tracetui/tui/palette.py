"""The palette: every action by its words, and rows by their number. Made from the bindings, as the help is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from textual.command import DiscoveryHit, Hit, Hits, Provider

from tracetui.tui.keymaps import SECTIONS, Key

if TYPE_CHECKING:
    from tracetui.tui.app import TracetuiApp

_ALSO: Final = {
    "span.next_cause": "of failure (error, broken)",
    "span.previous_cause": "of failure (error, broken)",
    "span.next_slow": "(slowest)",
    "span.previous_slow": "(slowest)",
}
"""Words that people look for an action by, beside its own."""


class ActionsProvider(Provider):
    """Actions of the main screen for Textual's command palette; digits jump to that row of the focused pane."""

    def _keys(self) -> list[Key]:
        app: TracetuiApp = self.app  # type: ignore[assignment]  # the palette of no other app
        keys = [key for key in app.main.actions() if key.id != "app.palette"]
        keys += app.main.viewing.keys()
        # What moves is known by heart; what acts is looked for.
        return sorted(keys, key=lambda key: key.section == "move")

    async def discover(self) -> Hits:
        """All actions, while nothing is typed."""
        for key in self._keys():
            yield DiscoveryHit(_words(key), partial(self._act, key), help=_help(key))

    async def search(self, query: str) -> Hits:
        """Actions that fit what is typed; a row for digits."""
        if query.strip().isdigit():
            number = int(query.strip()[:9])
            yield Hit(1.0, f"go to row {number}", partial(self._go_to, number), help="in the focused pane")
        matcher = self.matcher(query)
        for key in self._keys():
            words = _words(key)
            if (score := matcher.match(words)) > 0:
                yield Hit(score, matcher.highlight(words), partial(self._act, key), help=_help(key))

    async def _act(self, key: Key) -> None:
        await self.app.run_action(key.action, key.node)

    def _go_to(self, number: int) -> None:
        app: TracetuiApp = self.app  # type: ignore[assignment]  # the palette of no other app
        app.main.views[app.main.active].move_to(number - 1, "center", by_user=True)


def _words(key: Key) -> str:
    return f"{SECTIONS.get(key.section, key.section)}: {key.words} {_ALSO.get(key.id, '')}".rstrip()


def _help(key: Key) -> str:
    return "  ".join(key.keys)
