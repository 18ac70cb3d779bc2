"""A screen that no other app than ours shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from textual.screen import Screen

if TYPE_CHECKING:
    from tracetui.tui.app import TracetuiApp

Result = TypeVar("Result")


class OurScreen(Screen[Result]):
    """Knows the app by its own type."""

    @property
    def tracetui(self) -> TracetuiApp:
        """The app, by its own type."""
        return self.app  # type: ignore[return-value]  # no other app shows it
