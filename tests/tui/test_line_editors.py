"""Lines that are typed into."""

import pytest
from textual.events import Paste

from tracetui.core.store import Store
from tracetui.tui.session import Session
from tracetui.tui.widgets.line_editor import LineEditor
from tracetui.tui.widgets.prompt_line import PromptLine


@pytest.mark.parametrize("kind", [LineEditor, PromptLine])
def test_what_is_too_long_is_not_taken_in_part(kind: type[LineEditor] | type[PromptLine]) -> None:
    line = kind(Session(Store(), bodies=None), " / ", id="line")  # type: ignore[arg-type]  # nothing is read
    line.on_paste(Paste("jq .error"))
    line.on_paste(Paste("; rm " * 1_000))
    assert line.text == "jq .error"
    assert "no more than 2,000 characters" in "".join(text for text, _ in line.pieces(80))
