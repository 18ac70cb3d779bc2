"""The command that prints what the screen shows."""

import shlex

from tracetui.core.filter import parse
from tracetui.tui.screens.as_command import list_command, view_command


def test_filter_and_chips_hold_together() -> None:
    words = shlex.split(view_command("ab12", ["my traces"], "dur>2s or cost>1", {2, 3}))
    assert words[:5] == ["tracetui", "view", "ab12", "--in", "my traces"]
    assert parse(words[6]) == parse("(dur>2s or cost>1) (kind:llm or kind:tool)")


def test_a_folder_that_is_called_like_a_command_or_an_option_stays_a_folder() -> None:
    assert shlex.split(list_command(["list", "-x"], "")) == ["tracetui", "list", "list", "./-x"]


def test_no_control_character_and_no_quote_gets_out_of_its_word() -> None:
    line = view_command("a'; rm -rf \x1b]52;c\x07\n", ["."], "", ())
    assert line.isprintable()
    assert line == r"tracetui view $'a\'; rm -rf \x1b]52;c\x07\x0a' --in ."
