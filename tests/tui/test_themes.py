from pathlib import Path

import pytest
from rich._palettes import EIGHT_BIT_PALETTE
from rich.color import ColorSystem
from rich.segment import Segment
from textual.app import App
from textual.color import Color

from tracetui.core.symbols import EVENT_CLASSES, KINDS, RUN_STATUSES, SPAN_STATUSES
from tracetui.resources import themes_dir
from tracetui.tui.presentation import Styles, content, strip, styles_for, words
from tracetui.tui.themes import OWN_COLOURS, TEXT_COLOURS, Themes, load_themes, theme_from, user_themes_dir

NAMES = ["contrast", "dark", "light", "safe", "terminal"]
COLOURED = [name for name in NAMES if name != "terminal"]


@pytest.fixture(scope="module")
def themes() -> Themes:
    return load_themes([themes_dir()])


def styles_of(themes: Themes, name: str, no_color: bool = False) -> Styles:
    theme = themes.themes[name]
    return Styles(theme.variables, theme.ansi, no_color)


def contrast(one: str, other: str) -> float:
    """The contrast of WCAG 2."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = (part / 255 for part in Color.parse(colour).rgb)
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_all_themes_that_come_with_tracetui_are_read(themes: Themes) -> None:
    assert (sorted(themes.themes), themes.problems) == (NAMES, ())


@pytest.mark.parametrize("name", COLOURED)
def test_all_text_can_be_read(themes: Themes, name: str) -> None:
    colours = themes.themes[name].variables
    assert {key for key in TEXT_COLOURS if contrast(colours[key], colours["background"]) < 4.5} == set()


@pytest.mark.parametrize("name", COLOURED)
def test_colours_are_those_of_256_colour_terminals(themes: Themes, name: str) -> None:
    steps = {0, 95, 135, 175, 215, 255}
    greys = {8 + 10 * step for step in range(24)}
    for key in OWN_COLOURS:
        rgb = Color.parse(themes.themes[name].variables[key]).rgb
        assert set(rgb) <= steps or (len(set(rgb)) == 1 and rgb[0] in greys)


@pytest.mark.parametrize("name", COLOURED)
def test_textual_keeps_our_colours_exactly(themes: Themes, name: str) -> None:
    theme = themes.themes[name]
    generated = {**theme.to_color_system().generate(), **theme.variables}
    assert {key: generated[key] for key in OWN_COLOURS} == {key: theme.variables[key] for key in OWN_COLOURS}
    assert generated["error"] == theme.variables["status-error"]
    assert generated["text-muted"] == theme.variables["muted"]


def test_no_colour_of_the_terminal_theme_is_unreadable_on_many(themes: Themes) -> None:
    theme = themes.themes["terminal"]
    assert {theme.variables[key] for key in OWN_COLOURS} == {
        "ansi_default",
        "ansi_bright_red",
        "ansi_bright_yellow",
        "ansi_bright_green",
        "ansi_bright_cyan",
    }


@pytest.mark.parametrize("name", NAMES)
async def test_an_app_can_show_each_theme(themes: Themes, name: str) -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        app.register_theme(themes.themes[name])
        app.theme = name
        await pilot.pause()
        assert app.theme_variables["muted"] == themes.themes[name].variables["muted"]
        assert styles_for(app)["muted"] == styles_of(themes, name)["muted"]


async def test_a_theme_of_textual_has_styles_too() -> None:
    app: App[None] = App()
    async with app.run_test():
        app.theme = "textual-light"
        assert styles_for(app)["strong"].color.name == "#000000"


# ---------------------------------------------------------------- files


def test_a_broken_file_is_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("name = ")
    (tmp_path / "mine.toml").write_text('accent = "#ff0000"')
    found = load_themes([tmp_path])
    assert list(found.themes) == ["mine"]
    assert len(found.problems) == 1
    assert "broken.toml not used" in found.problems[0]


@pytest.mark.parametrize(
    "text",
    [
        'accent = "no such colour"',
        'name = "../x"',
        'dark = "yes"',
        'unknown = "#ffffff"',
        'variables = "#ffffff"',
        "[variables]\nstatus-error = 3",
        '[variables]\nstatus-error = "auto 60%"',
        '[variables]\ntext = "nonsense"',
        '[variables]\nmuted-text-style = "blinking"',
        '[variables]\n"a b" = "#ffffff"',
        "\x00",
    ],
)
def test_a_theme_with_a_mistake_is_reported(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    found = load_themes([tmp_path])
    assert (dict(found.themes), len(found.problems)) == ({}, 1)


def test_a_problem_can_be_printed(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m.toml").write_text("name = ")
    assert load_themes([tmp_path]).problems[0].isprintable()


def test_a_folder_that_is_not_there_holds_no_themes(tmp_path: Path) -> None:
    assert load_themes([tmp_path / "none"]) == Themes({}, ())


def test_a_later_folder_replaces_a_theme(tmp_path: Path) -> None:
    (tmp_path / "dark.toml").write_text('accent = "#ff0000"')
    assert load_themes([themes_dir(), tmp_path]).themes["dark"].variables["accent"] == "#ff0000"


@pytest.mark.parametrize(("dark", "like"), [(True, "dark"), (False, "light")])
def test_what_a_theme_leaves_out_is_that_of_dark_or_light(themes: Themes, dark: bool, like: str) -> None:
    theme = theme_from({"dark": dark}, "mine")
    assert {key: theme.variables[key] for key in OWN_COLOURS} == {
        key: themes.themes[like].variables[key] for key in OWN_COLOURS
    }


def test_a_theme_made_for_textual_alone_is_used() -> None:
    theme = theme_from({"primary": "#0178d4", "error": "#ba3c5b", "foreground": "#e0e0e0"}, "mine")
    assert theme.variables["status-error"] == "#ba3c5b"
    assert theme.variables["diff-removed"] == "#ba3c5b"
    assert theme.variables["accent"] == "#0178d4"


def test_the_users_themes_are_below_the_configuration_folder() -> None:
    assert user_themes_dir({"XDG_CONFIG_HOME": "/c", "HOME": "/h"}) == Path("/c/tracetui/themes")
    assert user_themes_dir({"HOME": "/h"}) == Path("/h/.config/tracetui/themes")


# ---------------------------------------------------------------- styles


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("no_color", [False, True])
def test_every_word_has_a_style(themes: Themes, name: str, no_color: bool) -> None:
    styles = styles_of(themes, name, no_color)
    for word in (*words(), *(f"kind-{kind}" for kind in (*KINDS, *EVENT_CLASSES))):
        assert styles[word] is not None
        assert styles.for_content(word) is not None
    for status in (*SPAN_STATUSES, *RUN_STATUSES):
        assert styles[f"status-{status}"] is not None


def test_a_word_that_is_none_is_a_mistake(themes: Themes) -> None:
    with pytest.raises(KeyError):
        styles_of(themes, "dark")["no-such-word"]


def test_words_and_attributes_are_combined(themes: Themes) -> None:
    style = styles_of(themes, "dark")["status-error bold underline"]
    assert (style.color.name, style.bold, style.underline) == ("#ff5f5f", True, True)


@pytest.mark.parametrize("name", NAMES)
def test_without_colour_nothing_has_a_colour(themes: Themes, name: str) -> None:
    styles = styles_of(themes, name, no_color=True)
    assert all(style.color is None and style.bgcolor is None for style in styles.values())


def test_without_colour_weights_take_its_place(themes: Themes) -> None:
    styles = styles_of(themes, "dark", no_color=True)
    assert [styles[word].bold for word in ("status-error", "status-open", "strong", "text")] == [True, True, True, None]
    assert [styles[word].dim for word in ("muted", "rule", "kind-llm")] == [True, True, None]
    assert [styles[word].reverse for word in ("selected", "hit", "beside")] == [True, True, None]


def test_in_the_terminals_colours_weights_stand_for_the_default_one(themes: Themes) -> None:
    styles = styles_of(themes, "terminal")
    assert (styles["muted"].dim, styles["accent"].bold, styles["selected"].reverse) == (True, True, True)
    assert styles["status-error"].color.number == 9
    assert styles["text"].bgcolor is None


def test_the_selected_is_in_reverse_video(themes: Themes) -> None:
    style = styles_of(themes, "dark")["selected"]
    assert (style.color.name, style.bgcolor.name, style.bold) == ("#121212", "#d0d0d0", True)


# ---------------------------------------------------------------- lines


@pytest.mark.parametrize(
    ("text", "width", "line"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 3, "abc"),
        ("漢字", 3, "漢 "),
        ("", 2, "  "),
        ("abc", 0, ""),
        ("a\x1b[2J", 6, "a␛[2J "),
    ],
)
def test_a_line_has_exactly_its_cells(themes: Themes, text: str, width: int, line: str) -> None:
    made = strip([(text, "text")], width, styles_of(themes, "dark"))
    assert (made.text, made.cell_length) == (line, width)


def test_pieces_of_one_style_are_sent_as_one(themes: Themes) -> None:
    styles = styles_of(themes, "dark")
    made = strip([("a", "muted"), ("b", "muted"), ("c", "text"), ("", "strong"), ("d", "text")], 4, styles)
    assert list(made) == [Segment("ab", styles["muted"]), Segment("cd", styles["text"])]


def test_blanks_are_sent_in_the_style_beside_them(themes: Themes) -> None:
    styles = styles_of(themes, "dark")
    pieces = [("  ", "text"), ("a", "muted"), (" ", "text"), ("b", "selected"), (" ", "text"), ("c", "status-error")]
    made = strip(pieces, 10, styles)
    assert [(segment.text, segment.style) for segment in made] == [
        ("  a ", styles["muted"]),
        ("b", styles["selected"]),
        (" c   ", styles["status-error"]),
    ]


@pytest.mark.parametrize("name", COLOURED)
def test_text_can_be_read_on_a_256_colour_terminal(themes: Themes, name: str) -> None:
    styles = styles_of(themes, name)
    background = themes.themes[name].variables["background"]
    for key in TEXT_COLOURS:
        shown = EIGHT_BIT_PALETTE[styles[key].color.downgrade(ColorSystem.EIGHT_BIT).number].hex
        assert contrast(shown, background) >= 4.5


PALETTES = {
    # What a terminal of its own 16 colours shows them as, black to bright white, and its default text and background.
    "xterm": (
        "#000000 #cd0000 #00cd00 #cdcd00 #0000ee #cd00cd #00cdcd #e5e5e5 "
        "#7f7f7f #ff0000 #00ff00 #ffff00 #5c5cff #ff00ff #00ffff #ffffff",
        "#e5e5e5",
        "#000000",
    ),
    "the console of Linux": (
        "#000000 #aa0000 #00aa00 #aa5500 #0000aa #aa00aa #00aaaa #aaaaaa "
        "#555555 #ff5555 #55ff55 #ffff55 #5555ff #ff55ff #55ffff #ffffff",
        "#aaaaaa",
        "#000000",
    ),
}


@pytest.mark.parametrize("palette", PALETTES)
def test_text_in_the_terminals_own_colours_can_be_read(themes: Themes, palette: str) -> None:
    colours, default, background = PALETTES[palette]
    styles = styles_of(themes, "terminal")
    for key in TEXT_COLOURS:
        number = styles[key].color.number if styles[key].color is not None else None
        shown = default if number is None else colours.split()[number]
        if styles[key].dim:  # drawn in half the light by most, as in a palette of its own by some
            shown = Color.parse(background).blend(Color.parse(shown), 2 / 3).hex
        assert contrast(shown, background) >= 3.0, key


@pytest.mark.parametrize("name", COLOURED)
def test_what_is_marked_by_its_background_can_be_read(themes: Themes, name: str) -> None:
    styles = styles_of(themes, name)
    for word in ("selected", "hit", "beside"):
        style = styles[word]
        background = style.bgcolor.name if style.bgcolor is not None else themes.themes[name].variables["background"]
        assert contrast(style.color.name, background) >= 4.5


def test_content_is_never_markup(themes: Themes) -> None:
    made = content([("[red]x[/] [@click=app.quit]", "text"), ("\x1b\n", "muted")], styles_of(themes, "dark"))
    assert made.plain == "[red]x[/] [@click=app.quit]␛\n"
