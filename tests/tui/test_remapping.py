import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from textual.binding import Binding

from tests.tui.helpers import lines, make_app, opened, press, text
from tracetui.tui.app import TracetuiApp
from tracetui.tui.keymaps import NO_KEY, key_words, owners, written
from tracetui.tui.palette import choices
from tracetui.tui.remapping import Remapped, contexts, remap, textual_key
from tracetui.tui.screens.help import HelpScreen
from tracetui.tui.screens.main import MainScreen
from tracetui.tui.settings import Loaded, Settings
from tracetui.tui.widgets.detail import Detail
from tracetui.tui.widgets.run_list import RunList
from tracetui.tui.widgets.span_tree import SpanTree

OWNERS = list(owners())
DOCS = Path(__file__).parent.parent.parent / "docs" / "screen.md"

CONTRACT = """
up down left right h j k l g G home end pgup pgdn ctrl+d ctrl+u tab shift+tab enter esc space + - * A P p
1 2 3 4 5 6 7 8 9 0 e E s S n N { } alt+left alt+right J K u < > alt+up alt+down r b [ ] ctrl+left ctrl+right
/ f a d m ' M F t v c y Y o | X x w W z T ? : ctrl+p q
"""
"""All keys that the screen is promised to have."""

KEYS = {
    key.strip()
    for owner in OWNERS
    for binding in vars(owner)["BINDINGS"]
    if isinstance(binding, Binding) and binding.id
    for key in binding.key.split(",")
}


def made(table: Mapping[str, tuple[str, ...]]) -> Remapped:
    return remap(table, "settings.toml", OWNERS)


# ---------------------------------------------------------------- every action, from one source


def test_every_key_of_the_contract_is_bound() -> None:
    bound = {key_words(key) for key in KEYS}
    assert [key for key in CONTRACT.split() if key not in bound] == []


def test_every_action_is_in_the_docs_with_all_its_keys() -> None:
    page = DOCS.read_text(encoding="utf-8").replace(r"\|", "|")
    rows = {row.split("| `")[-1].split("`")[0]: row for row in page.splitlines() if row.startswith("| `")}
    for owner in OWNERS:
        for binding in vars(owner)["BINDINGS"]:
            if isinstance(binding, Binding) and binding.id:
                for key in binding.key.split(","):
                    assert f"`{key_words(key.strip())}`" in rows[binding.id]


def test_no_key_does_two_things_in_one_pane() -> None:
    for title, chain in contexts(OWNERS):
        around = chain[1:] if chain[0] in (SpanTree, RunList, Detail) else []
        for level in ([chain[0]], [chain[0], *around]):
            seen: dict[str, str] = {}
            for owner in level:
                for key, binding in owner._merge_bindings():
                    if binding.id:
                        assert seen.setdefault(key, binding.id) == binding.id, (title, key)


def on_the_main_screen() -> set[str]:
    found = [SpanTree, RunList, Detail, MainScreen, TracetuiApp]
    return {binding.id for owner in found for _, binding in owner._merge_bindings() if binding.id}


async def test_every_action_of_the_main_screen_is_in_the_help_and_in_the_palette(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        wanted = on_the_main_screen()
        listed = {choice.key.removeprefix("action:") for choice in choices(app) if choice.key.startswith("action:")}
        assert wanted - listed == {"app.palette"}
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        view = app.screen.view
        assert {key.id for key in view.keys} >= wanted
        shown = "\n".join("".join(piece[0] for piece in row) for row in view._page(200))
        # An action and its opposite share a line, and the digits do.
        missing = [key.id for key in view.keys if not any(word in shown for word in (*key.keys, "1-9"))]
        assert missing == []


async def test_help_and_palette_of_another_screen_list_its_own_actions(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        await press(pilot, "R")
        ids = {key.id for key in app.actions()}
        assert {"trouble.back", "trouble.fold", "move.down", "app.help", "app.quit"} <= ids
        await press(pilot, "question_mark")
        assert "Here: what could not be read" in text(pilot)


# ---------------------------------------------------------------- keys as people write them


@pytest.mark.parametrize(
    ("as_written", "key"),
    [
        ("k", "k"),
        ("K", "K"),
        ("ctrl+K", "ctrl+k"),
        ("[", "left_square_bracket"),
        ("+", "plus"),
        ("ctrl++", "ctrl+plus"),
        ("alt+left", "alt+left"),
        ("pgup", "pageup"),
        ("esc", "escape"),
        ("F5", "f5"),
        ("space", "space"),
        ("ä", "ä"),
    ],
)
def test_a_key_is_read_as_written_on_the_keyboard(as_written: str, key: str) -> None:
    assert textual_key(as_written) == key


@pytest.mark.parametrize("default", sorted(KEYS))
def test_every_key_that_is_shown_can_be_written(default: str) -> None:
    assert textual_key(key_words(default)) == default


@pytest.mark.parametrize(
    ("as_written", "told"),
    [
        ("ctrl+i", "the same for ctrl+i as for tab"),
        ("shift+k", "write 'K'"),
        ("meta+k", "'meta' is none of ctrl, alt, shift"),
        ("pageupp", "did you mean pageup"),
        ("]]", "there is no key"),
        ("", "there is no key"),
        ("\x1b", "there is no key"),
    ],
)
def test_what_no_keyboard_sends_is_told(as_written: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        textual_key(as_written)


# ---------------------------------------------------------------- what is given


def test_an_action_gets_the_keys_it_is_given_or_none() -> None:
    assert made({"span.follow": ("f6", "f5"), "look.maximise": ()}) == Remapped(
        {"span.follow": "f6,f5", "look.maximise": NO_KEY}
    )


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"span.folow": ("x",)}, "there is no such action; did you mean span.follow?"),
        ({"span.follow": ("esc",)}, "esc is always the way back; it keeps F"),
        ({"span.follow": ("ctrl+c",)}, "ctrl+c is always the way back"),
        ({"span.follow": ("]]",)}, "there is no key ']]'; it keeps F"),
        ({"app.quit": ()}, "this needs a key; it keeps q"),
        ({"runs.mark": ("z",)}, "z was the key of look.maximise in the runs pane, which has no key there any more"),
        ({"span.follow": ("[",)}, "[ was the key of detail.previous_tab in the spans pane, which keeps ctrl+left"),
        ({"span.more": ("x",), "span.less": ("x",)}, "span.more and span.less are both given x in the spans pane"),
    ],
)
def test_what_cannot_be_or_costs_another_action_its_key_is_told(table: dict[str, tuple[str, ...]], told: str) -> None:
    (problem,) = made(table).problems
    assert problem.startswith("settings.toml: ")
    assert told in problem


def test_two_actions_may_swap_their_keys() -> None:
    assert made({"span.follow": ("t",), "span.waterfall": ("F",)}).problems == ()


def test_esc_stays_a_way_out() -> None:
    assert made({"move.out": ("x",), "trouble.back": ()}).keymap == {"move.out": "x,escape", "trouble.back": "escape"}


# ---------------------------------------------------------------- in force


def remapped(app: TracetuiApp, **keys: tuple[str, ...]) -> TracetuiApp:
    table = {id.replace("__", "."): given for id, given in keys.items()}
    app.session.loaded = Loaded(Settings(keys=table))
    return app


async def test_remapped_keys_act_and_are_shown_everywhere(native_traces: Path) -> None:
    app = remapped(
        make_app([native_traces]), span__next_cause=("x",), look__maximise=(), app__help=("f2",), find__search=("f",)
    )
    async with opened(app) as pilot:
        footer = lines(pilot)[-1]
        assert (" x next cause" in footer, "maximise" in footer, "f2 help" in footer) == (True, False, True)
        before = app.main.tree_view.cursor
        await press(pilot, "e", "z")
        assert (app.main.tree_view.cursor, app.main.maximised) == (before, False)
        await press(pilot, "x")
        assert app.main.tree_view.cursor != before
        keys = {key.id: key.keys for key in app.actions()}
        assert (keys["span.next_cause"], keys["look.maximise"]) == (("x",), ())
        await press(pilot, "tab")
        at = app.main.tree_view.cursor
        await press(pilot, "x")  # from another pane
        assert app.main.tree_view.cursor != at
        await press(pilot, "f2")
        assert "x E" in text(pilot)


def test_a_text_of_ours_names_the_keys_in_force() -> None:
    keymap = {"detail.next_tab": "x,y", "span.toggle": NO_KEY, "runs.mark": "m"}
    assert written("[ ]", (Detail, MainScreen), keymap) == "[ x"
    assert written("space", (SpanTree,), keymap) == ""
    assert written("space", (RunList,), keymap) == "m"
    assert written("type", (RunList,), keymap) == "type"
