"""The part of the app between Textual's frames and the terminal: only what differs is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rich.color import ColorSystem
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.binding import Binding, BindingType

from tracetui.tui.frames import PLAIN_STYLE, Frames

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.screen import Screen


class DrawingApp(App[object]):
    """An app that remembers what is on the terminal."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "draw_anew", "draw the screen again", id="app.draw", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._frames = Frames()

    def _on_mount(self) -> None:
        self.app_suspend_signal.subscribe(self, lambda _app: self._forget_frames())
        self.app_resume_signal.subscribe(self, lambda _app: self._frames.forget())

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Send what differs from what is on the terminal; what cannot be told goes as Textual sends it."""
        if self._batch_count or renderable is None or not self._running or self._closed or self.is_headless:
            super()._display(screen, renderable)
            return
        drawn = None
        if isinstance(renderable, CompositorUpdate) and self._driver is not None and not self._driver.is_inline:
            drawn = self._frames.render(renderable, self.size, self.console._color_system or ColorSystem.TRUECOLOR)
        if drawn is None:
            self._forget_frames()
            super()._display(screen, renderable)
            return
        self._send_frame(drawn)
        self.post_display_hook()

    def _send_frame(self, drawn: str) -> None:
        if drawn and self._driver is not None:
            self._begin_update()
            # The cursor is hidden; where it is matters to input methods only, while something is typed.
            at = self.screen.outer_size.clamp_offset(self.cursor_position)
            self._driver.write(f"{drawn}\x1b[{at.y + 1};{at.x + 1}H" if at else drawn)
            self._end_update()
            self._driver.flush()

    def _forget_frames(self) -> None:
        """Somebody else is going to write to the terminal, in its own style."""
        self._frames.forget()
        if self._driver is not None and not self.is_headless:
            self._driver.write(PLAIN_STYLE)

    def _draw_anew(self) -> None:
        """Somebody else may have written to the terminal: send all of it."""
        self._frames.forget()
        self.screen.refresh()

    def on_resize(self) -> None:
        """The terminal may have moved its lines about."""
        self._draw_anew()

    def action_draw_anew(self) -> None:
        """Draw the whole screen again: from what is known to be on it, which takes a few milliseconds, or by Textual."""
        drawn = self._frames.again()
        if drawn is None:
            self._draw_anew()
        else:
            self._send_frame(drawn)
