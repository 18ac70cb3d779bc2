"""Which theme a terminal gets by itself."""

import pytest

from tracetui.tui.colours import default_theme


@pytest.mark.parametrize(
    ("env", "theme"),
    [
        ({"TERM": "xterm"}, "terminal"),
        ({"TERM": "linux"}, "terminal"),
        ({"TERM": "screen", "COLORTERM": "1"}, "terminal"),
        ({"TERM": "xterm-256color"}, "dark"),
        ({"TERM": "xterm-kitty"}, "dark"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "dark"),
    ],
)
def test_a_terminal_of_16_colours_gets_the_theme_that_names_them(env: dict[str, str], theme: str) -> None:
    assert default_theme(env, "dark") == theme
