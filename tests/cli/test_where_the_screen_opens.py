"""Where the screen opens, and where the list is printed in its place."""

import sys

import pytest

from tracetui.cli.screen import can_show_screen


@pytest.mark.parametrize(
    ("elsewhere", "usual", "picking"), [("", True, True), ("stdout", False, True), ("stderr", False, False)]
)
def test_it_opens_where_it_is_seen_and_picks_into_a_pipe(
    elsewhere: str, usual: bool, picking: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tracetui.cli._output.is_terminal", lambda stream: stream is not getattr(sys, elsewhere or "none", None)
    )
    monkeypatch.setenv("TERM", "xterm")
    assert (can_show_screen(), can_show_screen(pick=True)) == (usual, picking)
