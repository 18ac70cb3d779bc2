"""The keys that mean the same in every pane of the main screen, in the order in which help lists them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from textual.binding import Binding, BindingType
from textual.dom import DOMNode

from tracetui.core.model import CHIPS
from tracetui.tui.widgets.detail import Detail
from tracetui.tui.widgets.span_tree import SpanTree
from tracetui.tui.widgets.time_keys import TIME_IDS

_EVERYWHERE: Final = tuple(
    f"span.{way}_{what}" for what in ("cause", "slow", "warning") for way in ("next", "previous")
)
_OF_SPANS: Final = (
    *_EVERYWHERE,
    "span.follow",
    "span.open_stack",
    "span.waterfall",
    "span.path",
    "span.all",
    *TIME_IDS,
)
_OF_DETAIL: Final = ("detail.next_tab", "detail.previous_tab", "detail.context")
_CALL: Final = re.compile(r"(\w+)(?:\((.*)\))?")


def _lifted(owner: type[DOMNode], ids: tuple[str, ...], action: str) -> Iterator[Binding]:
    """The bindings of a pane that work from the other panes as well; with their ids, so that a keymap moves them too."""
    for binding in owner.BINDINGS:
        if isinstance(binding, Binding) and binding.id in ids and (call := _CALL.fullmatch(binding.action)):
            arguments = f", {call[2]}" if call[2] else ""
            lifted = f"{action}('{call[1]}'{arguments})"
            yield Binding(binding.key, lifted, binding.description, show=False, id=binding.id)


KEYS: Final[list[BindingType]] = [
    Binding("tab", "next_pane(1)", "next pane", id="move.next_pane", show=False),
    Binding("shift+tab", "next_pane(-1)", "previous pane", id="move.previous_pane", show=False),
    Binding("escape", "out", "out, never quits", id="move.out", show=False),
    Binding("J", "run(1)", "next run", id="jump.next_run", show=False),
    Binding("K", "run(-1)", "previous run", id="jump.previous_run", show=False),
    Binding("slash", "search", "search", id="find.search"),
    Binding("ctrl+f", "search_everywhere", "search in all runs", id="find.everywhere", show=False),
    Binding("f", "filter", "filter", id="find.filter"),
    Binding("ctrl+r", "filters", "filters saved and typed", id="find.filters", show=False),
    Binding("ctrl+k", "copy_command", "copy this view as a command", id="take.command", show=False),
    Binding("n", "hit(1)", "next hit", id="jump.next_hit", show=False),
    Binding("N", "hit(-1)", "previous hit", id="jump.previous_hit", show=False),
    *(
        Binding(str(number), f"chip({number})", f"only {word}, again: away", show=False, id=f"chip.{number}")
        for number, (word, _, _) in enumerate(CHIPS, start=1)
    ),
    Binding("0", "chip(0)", "all classes", id="find.all_classes", show=False),
    Binding("u", "drawer", "runs", id="look.runs"),
    Binding("v", "next_view", "next view", id="look.view"),
    Binding("z", "maximise", "maximise this pane", id="look.maximise"),
    Binding("m", "mark", "bookmark, or unmark", id="jump.mark", show=False),
    Binding("apostrophe,M", "marks", "bookmarks", id="jump.marks", show=False),
    Binding("i", "about", "about the run", id="look.run", show=False),
    Binding("d", "compare", "compare two runs", id="find.compare", show=False),
    Binding("R", "trouble", "repair report", id="look.trouble", show=False),
    Binding("a", "summary", "summary", id="look.summary"),
    Binding("left_curly_bracket,alt+left", "history(-1)", "back through jumps", id="jump.back", show=False),
    Binding("right_curly_bracket,alt+right", "history(1)", "forward through jumps", id="jump.forward", show=False),
    Binding("y", "copy_value", "copy the value", id="take.value"),
    Binding("Y", "copy_record", "copy the record as JSON", id="take.record", show=False),
    Binding("ctrl+y", "copy_id", "copy the id", id="take.id", show=False),
    Binding("V", "view_value", "value in the viewer", show=False, id="detail.view"),
    Binding("o", "edit", "open in the editor", id="take.edit", show=False),
    Binding("vertical_line,X", "pipe", "pipe into a command", id="take.pipe", show=False),
    Binding("x", "export", "export the run", id="take.export", show=False),
    Binding("ctrl+s", "screenshot", "picture of the screen", id="take.screenshot", show=False),
    *_lifted(SpanTree, _OF_SPANS, "in_spans"),
    *_lifted(Detail, _OF_DETAIL, "in_detail"),
]
