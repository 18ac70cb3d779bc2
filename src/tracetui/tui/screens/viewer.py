"""The viewer: one value of any size over the whole screen, as text with line numbers or as JSON that folds, with search.

It is fetched and prepared in a thread; esc gives that up. What is drawn is what is visible, so a text of 100 MB in one line
costs what a screenful costs.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tracetui.core import text
from tracetui.core.bodies import NOT_JSON, PARSED_AT_ONCE, json_in_bytes
from tracetui.core.errors import TracetuiError
from tracetui.core.pieced_text import PiecedText
from tracetui.tui import messages
from tracetui.tui.handing import Handing
from tracetui.tui.presentation.header import HeaderFacts
from tracetui.tui.presentation.long_lines import TextRows
from tracetui.tui.presentation.wrap import one_line
from tracetui.tui.screens.looking import Looking
from tracetui.tui.screens.ours import OurScreen
from tracetui.tui.session import Session
from tracetui.tui.taken import Source, Taken, of_value, texts_of
from tracetui.tui.widgets.footer_line import FooterLine
from tracetui.tui.widgets.header_line import HeaderLine
from tracetui.tui.widgets.json_view import JsonView
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.pane import Pane
from tracetui.tui.widgets.prompt_line import PromptLine

_SHORTEST_PLACE: Final = 12
_LEAST_PARSED: Final = 2
"""Characters of a text that may be JSON."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A value that is ready to be shown.

    Attributes:
        taken: The value.
        rows: Its text as rows; None: it is shown as JSON until the text is asked for.
        value: What it holds as JSON, or NOT_JSON.
        size: Bytes or characters, in words.
    """

    taken: Taken
    rows: TextRows | None
    value: object
    size: str


def load(source: Source) -> Loaded:
    """Fetch a value and prepare it; in a thread. Raises ChangedOnDisk."""
    taken = source.take()
    value = taken.value
    if isinstance(value, (bytes, bytearray)):
        size = text.bytes_size(len(value))
    elif isinstance(value, str):
        size = f"{len(value):,} characters"
    else:
        return Loaded(taken, None, value, "")
    is_small = _LEAST_PARSED <= len(value) <= PARSED_AT_ONCE
    parsed = _parsed(value) if is_small else NOT_JSON
    return Loaded(taken, TextRows(_shown(value)) if parsed is NOT_JSON else None, parsed, size)


def _shown(value: object) -> str | PiecedText:
    """A value as text; bytes that are none are kept, to be shown as escapes where they are looked at."""
    if isinstance(value, (bytes, bytearray)):
        return PiecedText.decoded(value)
    return value if isinstance(value, str) else PiecedText(texts_of(value))


def _parsed(value: object) -> object:
    """What a text holds as JSON, or NOT_JSON. Raises TooLarge."""
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
    return json_in_bytes(value) if isinstance(value, (bytes, bytearray)) else value


class ViewerScreen(OurScreen[None]):
    """One value. esc goes back.

    Args:
        session: What is shared.
        facts: What the header says.
        source: Where the value comes from.
        place: What it is of, by name: the title says it. Untrusted.
    """

    AUTO_FOCUS = ""
    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "back", id="viewer.back", show=False),
        Binding("slash", "search", "search inside", id="viewer.search", show=False),
        Binding("n", "hit(1)", "next hit", id="viewer.next_hit", show=False),
        Binding("N", "hit(-1)", "previous hit", id="viewer.previous_hit", show=False),
        Binding("colon", "go_to_line", "go to a line", id="viewer.line", show=False),
        Binding("w", "wrap", "wrap lines or not", id="viewer.wrap", show=False),
        Binding("v", "other_look", "as JSON that folds, as text", id="viewer.look", show=False),
        Binding("y", "copy", "copy the value", id="viewer.copy", show=False),
        Binding("Y", "copy_all", "copy all of it", id="viewer.copy_all", show=False),
        Binding("o", "edit", "open in the editor", id="viewer.edit", show=False),
        Binding("vertical_line,X", "pipe", "pipe into a command", id="viewer.pipe", show=False),
        Binding("ctrl+s", "screenshot", "picture of the screen", id="viewer.screenshot", show=False),
    ]

    def __init__(self, session: Session, facts: HeaderFacts, source: Source, place: str = "") -> None:
        super().__init__()
        self.session = session
        self.facts = facts
        self.source = source
        self.place = place
        self.loaded: Loaded | None = None
        self.header = HeaderLine(session, facts)
        self.view: LineView = LineViewOfNothing(session)
        self.pane = Pane(session, "Value", self.view, id="viewer-pane")
        self.prompt = PromptLine(session)
        self.footer = FooterLine(session)
        self.footer.always = (("?", "help"), ("esc", "back"))
        self.looking = Looking(self)
        self._asks = ""
        self._changing = asyncio.Lock()

    def compose(self) -> ComposeResult:
        """The value between header and footer."""
        yield self.header
        yield self.pane
        yield self.prompt
        yield self.footer

    def on_mount(self) -> None:
        """Fetch the value."""
        self.prompt.display = False
        self.header.remark = "esc back"
        self.pane.show_focus(True)
        self.set_focus(self.view, scroll_visible=False)
        self.header.progress = "reading the value, esc gives up"
        self.run_worker(self._load(), group="load", exclusive=True)

    async def _load(self) -> None:
        try:
            self.loaded = await asyncio.to_thread(load, self.source)
        except TracetuiError as error:
            self.header.say(str(error), "error")
            self.pane.say("gone")
            return
        finally:
            self.header.progress = ""
            self.header.look_again()
        loaded = self.loaded
        words = loaded.taken.words[:1].upper() + loaded.taken.words[1:]
        of = one_line(self.place, max(_SHORTEST_PLACE, self.app.size.width // 2 - len(words) - 8), self.session.symbols)
        self.pane.entitle(f"{words} of {of}" if of else words)
        await self._show(JsonView(self.session, loaded.value) if loaded.rows is None else self._text_view(loaded.rows))

    def _text_view(self, rows: TextRows) -> LineView:
        from tracetui.tui.widgets.text_view import TextView

        return TextView.of_rows(self.session, rows)

    async def _show(self, view: LineView) -> None:
        await self.pane.mount(view)
        self.looking.begin("")  # what was found is in the view that goes
        before, self.view = self.view, view
        await before.remove()
        self.set_focus(view, scroll_visible=False)
        self._say_keys()
        self.call_after_refresh(self._say_position)

    @property
    def is_text(self) -> bool:
        """Whether it is shown as text."""
        return not isinstance(self.view, JsonView)

    # ------------------------------------------------------------ what is said around it

    def _say_keys(self) -> None:
        keys = [("/", "search"), ("n N", "hits")]
        if self.is_text:
            keys += [("w", "wrap"), (":", "line")]
        else:
            keys += [("space", "fold"), ("*", "unfold all"), ("enter", "all of a text")]
        can_change = self.loaded is not None and not (self.is_text and self._may_hold_json() is False)
        if can_change:
            keys.append(("v", "as JSON" if self.is_text else "as text"))
        self.footer.show([*keys, ("y", "copy"), ("o", "editor"), ("|", "pipe")])

    def _may_hold_json(self) -> bool:
        if self.loaded is None:
            return False
        if self.loaded.value is not NOT_JSON:
            return True
        rows = self.loaded.rows
        return rows is not None and len(rows.text) > PARSED_AT_ONCE and rows.text[:64].lstrip()[:1] in ("{", "[")

    def _say_position(self) -> None:
        view, loaded = self.view, self.loaded
        if loaded is None or isinstance(view, LineViewOfNothing) or not view.is_attached:
            return
        position = getattr(view, "position")() if view.size.width else ""  # noqa: B009 - both views have it
        parts = [self.looking.words(), loaded.size if self.is_text else "", position]
        self.pane.say("  ".join(part for part in parts if part))

    def say_search(self, words: str) -> None:
        """Say how a search goes."""
        self._say_position()
        if self._asks == "/":
            self.prompt.say(f"{words}  n N" if words else "")

    def on_line_view_moved(self, event: LineView.Moved) -> None:
        """Another place of it is shown."""
        event.stop()
        self._say_position()

    def on_resize(self) -> None:
        """Rows are others."""
        self.call_after_refresh(self._say_position)

    def on_notice(self, event: messages.Notice) -> None:
        """Say it in the header."""
        event.stop()
        self.header.say(event.text, event.level)

    # ------------------------------------------------------------ keys

    def action_close(self) -> None:
        """Forget the search, else go back."""
        if self.looking.wanted:
            self.looking.begin("")
        else:
            self.looking.stop()
            self.dismiss(None)

    def action_search(self) -> None:
        """Type what to look for."""
        if self.loaded is not None:
            self._ask("/", self.looking.wanted, self.looking.words())

    def action_hit(self, by: int) -> None:
        """To the next or previous hit."""
        self.looking.go(by)

    def action_go_to_line(self) -> None:
        """Type the number of a line."""
        if self.loaded is not None and self.is_text:
            self._ask(":", "", "number of a line")
        else:
            self.header.say("lines have numbers in the text: v shows it")

    def _ask(self, label: str, typed: str, note: str) -> None:
        self._asks = label
        self.prompt.begin(label, typed, note)
        self.prompt.display, self.footer.display = True, False
        self.set_focus(self.prompt, scroll_visible=False)

    def _answered(self) -> None:
        self._asks = ""
        self.prompt.display, self.footer.display = False, True
        self.set_focus(self.view, scroll_visible=False)

    def on_prompt_line_changed(self, event: PromptLine.Changed) -> None:
        """Look while it is typed."""
        event.stop()
        if self._asks == "/":
            self.looking.begin(event.text)

    def on_prompt_line_submitted(self, event: PromptLine.Submitted) -> None:
        """Back to the value; to the line."""
        event.stop()
        asked = self._asks
        self._answered()
        if asked == ":":
            self._to_line(event.text.strip())

    def on_prompt_line_cancelled(self, event: PromptLine.Cancelled) -> None:
        """Back to the value, looking for nothing."""
        event.stop()
        if self._asks == "/":
            self.looking.begin("")
        self._answered()

    def _to_line(self, typed: str) -> None:
        from tracetui.tui.widgets.text_view import TextView

        if not isinstance(self.view, TextView) or not typed:
            return
        if not (typed.isascii() and typed.isdigit()):
            self.header.say(f"{text.safe(typed)[:20]} is no number of a line", "warning")
            return
        line = int(typed[:18])
        if self.view.show_line(line) != line:
            self.header.say(f"there are {self.view.rows.line_count:,} lines")

    def action_wrap(self) -> None:
        """Wrap long lines, or do not."""
        from tracetui.tui.widgets.text_view import TextView

        if isinstance(self.view, TextView):
            self.header.say(
                "lines are wrapped" if self.view.toggle_wrap() else "lines are not wrapped: left and right pan"
            )

    def action_other_look(self) -> None:
        """As JSON that folds, or as text."""
        if self.loaded is None:
            return
        if self.is_text and not self._may_hold_json():
            self.header.say("this text holds no JSON")
            return
        self.run_worker(self._look_otherwise(), group="look-otherwise")

    async def _look_otherwise(self) -> None:
        async with self._changing:  # one change after the other: half of one leaves two views
            await self._change_look()

    async def _change_look(self) -> None:
        loaded = self.loaded
        if loaded is None:
            return
        if not self.is_text:
            rows = loaded.rows
            if rows is None:
                rows = await asyncio.to_thread(lambda: TextRows(_shown(loaded.taken.value)))
            self.loaded = Loaded(loaded.taken, rows, loaded.value, loaded.size or f"{len(rows.text):,} characters")
            await self._show(self._text_view(rows))
            return
        value = loaded.value
        if value is NOT_JSON:
            self.header.progress = "parsing"
            self.header.look_again()
            try:
                value = await asyncio.to_thread(lambda: _parsed(loaded.taken.value))
            except TracetuiError as error:
                self.header.say(f"{error}: shown as text", "warning")
                return
            finally:
                self.header.progress = ""
                self.header.look_again()
        if value is NOT_JSON:
            self.header.say("this text holds no JSON")
            return
        self.loaded = Loaded(loaded.taken, loaded.rows, value, loaded.size)
        await self._show(JsonView(self.session, value))

    def on_line_view_entered(self, event: LineView.Entered) -> None:
        """Enter: all of a text in a viewer of its own, else fold."""
        event.stop()
        view = self.view
        if not isinstance(view, JsonView):
            return
        value = view.value
        if (
            isinstance(value, str)
            and (view.is_cut or not view.rows.is_open(view.cursor))
            and view.rows.is_foldable(view.cursor)
        ):
            self.app.push_screen(ViewerScreen(self.session, self.facts, of_value(value, "text"), self.place))
        else:
            view.action_toggle_row()

    # ------------------------------------------------------------ taking away

    def _handing(self) -> Handing:
        return Handing(self.tracetui, self.header.say)

    def _selected(self) -> Source | None:
        if isinstance(self.view, JsonView) and self.loaded is not None:
            return of_value(self.view.value)
        return self._all()

    def _all(self) -> Source | None:
        loaded = self.loaded
        return None if loaded is None else Source(lambda: loaded.taken, self.source.place)

    def action_copy(self) -> None:
        """Copy what the cursor is on; of a text all."""
        self._handing().copy(self._selected())

    def action_copy_all(self) -> None:
        """Copy all of it."""
        self._handing().copy(self._all())

    def action_edit(self) -> None:
        """Open it in the user's editor."""
        self._handing().edit(self._selected())

    def action_pipe(self) -> None:
        """Give it to a command."""
        self._handing().pipe(self._selected())

    def action_screenshot(self) -> None:
        """Write a picture of the screen into a file, without secrets."""
        loaded, value = self.loaded, None
        if loaded is not None:
            shown = loaded.taken.value if loaded.rows is None else loaded.rows.text
            value = shown if loaded.value is NOT_JSON else loaded.value
        self.tracetui.main.taking.screenshot(self.header.say, value)


class LineViewOfNothing(LineView):
    """While the value is being fetched."""

    has_cursor = False

    def row_count(self) -> int:
        """None."""
        return 0
