import os
import re
import textwrap
from pathlib import Path

import pytest

from scripts import make_settings_docs
from tests.tui.helpers import lines, make_app, opened, press, text
from tracetui.core.model import Kind
from tracetui.tui.run import ScreenOptions
from tracetui.tui.screens.settings import choices, line_to_copy, setting_words
from tracetui.tui.settings import (
    BY_KEY,
    LARGEST_FILE,
    SETTINGS,
    Loaded,
    Settings,
    load_settings,
    named_prices,
    of_options,
    settings_path,
)

SECOND = 1_000_000_000
PAGE = Path(make_settings_docs.__file__).parent.parent / "docs" / "settings.md"


def loaded(folder: Path, written: str, env: dict[str, str] | None = None, **options: object) -> Loaded:
    path = folder / "settings.toml"
    path.write_text(written)
    return load_settings(path, env or {}, options)


# ---------------------------------------------------------------- values


def test_every_default_reads_as_what_is_in_force_without_a_file(tmp_path: Path) -> None:
    found = loaded(tmp_path, make_defaults())
    assert (found.settings, found.problems) == (Settings(), ())


def make_defaults() -> str:
    """A file with every setting at its default."""
    top = [f"{each.key} = {each.default}\n" for each in SETTINGS if "." not in each.key]
    slow = [f"{each.key[5:]} = {each.default}\n" for each in SETTINGS if each.key.startswith("slow.")]
    return "".join([*top, "[slow]\n", *slow])


def test_what_the_file_says_is_in_force(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        'theme = "light"\nmouse = false\nstall_after = "2m"\ndead_after = 7200\nlink = "slow"\n'
        'timezone = "+02:00"\n[slow]\nllm = "1m30s"\n[keys]\nspan.fold = ["x", "ctrl+x"]\n"app.help" = ""\n',
    )
    settings = found.settings
    assert found.problems == ()
    assert (settings.theme, settings.mouse, settings.link) == ("light", False, "slow")
    assert (settings.stall_after, settings.dead_after) == (120 * SECOND, 7200 * SECOND)
    assert str(settings.timezone) == "UTC+02:00"
    assert settings.slow_rules().thresholds_ns[Kind.llm] == 90 * SECOND
    assert settings.keys == {"span.fold": ("x", "ctrl+x"), "app.help": ()}
    assert settings.status_rules().stall_after_ns == 120 * SECOND


def test_an_option_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    env = {"TRACETUI_LINK": "slow", "TRACETUI_MOUSE": "off", "TRACETUI_NOTIFY": "bell"}
    found = loaded(tmp_path, 'link = "auto"\nnotify = "osc9"\nhints = false\n', env, notify="osc777")
    settings = found.settings
    assert (settings.link, settings.mouse, settings.notify, settings.hints) == ("slow", False, "osc777", False)
    assert [found.source(key) for key in ("link", "mouse", "notify", "hints", "theme")] == [
        "environment (TRACETUI_LINK)",
        "environment (TRACETUI_MOUSE)",
        "option",
        "file",
        "default",
    ]


def test_all_options_of_the_screen_count() -> None:
    options = ScreenOptions(
        theme="safe", ascii=True, no_mouse=True, no_state=True, stall_after_ns=90 * SECOND, link="fast"
    )
    found = of_options(options.given())
    settings = found.settings
    assert (settings.theme, settings.symbols, settings.mouse, settings.state) == ("safe", "ascii", False, False)
    assert (found.value("stall_after"), found.value("link"), found.source("symbols")) == ('"1m30s"', '"fast"', "option")


# ---------------------------------------------------------------- mistakes

MISTAKES = {
    'theme = "drak"': "theme: there is no 'drak'; did you mean dark?; allowed: the name of a theme",
    'symbols = "utf8"': 'allowed: "auto", "unicode", "ascii"',
    "mouse = 1": "mouse: 1 is neither true nor false; allowed: true or false",
    'stall_after = "soon"': "stall_after: 'soon' is no length of time",
    "stall_after = 0": "0 is less than 1 s",
    "dead_after = true": "True is no length of time",
    'timezone = "Mars/Base"': "'Mars/Base' is no time zone",
    "prices = 3": "prices: 3 is no path",
    'prices = "mine.toml"': "a relative path",
    'prices = "~nobody-of-that-name/mine.toml"': "a relative path",
    "mose = false": "there is no setting mose; did you mean mouse?",
    "slow = 3": "slow is a table: write [slow]",
    "keys = 'x'": "keys is a table: write [keys]",
    "[slow]\nlmm = '3s'": "there is no setting slow.lmm; did you mean slow.llm?",
    "[slow]\nllm = '3 apples'": "slow.llm: '3 apples' is no length of time",
    "[keys]\nspan.fold = 3": 'keys.span.fold: allowed: "k"',
    "[keys]\nspan.fold = ['a','b','c','d','e','f','g','h','i']": "at most 8 keys",
    "theme = ": "not used: ",
    "[a.b.c.d.e]\nx = 1": "there is no setting a",
}


@pytest.mark.parametrize(("written", "told"), MISTAKES.items())
def test_a_mistake_is_told_with_file_and_key_and_what_is_allowed(tmp_path: Path, written: str, told: str) -> None:
    found = loaded(tmp_path, written)
    (problem,) = found.problems
    assert problem.startswith(f"{tmp_path / 'settings.toml'}: ")
    assert told in problem
    assert (found.settings, found.sources) == (Settings(), {})


def test_all_mistakes_are_told_at_once_and_the_rest_is_in_force(tmp_path: Path) -> None:
    found = loaded(tmp_path, 'theme = "drak"\nmose = 1\nhints = false\n', {"TRACETUI_LINK": "fats"})
    assert len(found.problems) == 3
    assert found.problems[2].startswith("TRACETUI_LINK: there is no 'fats'; did you mean fast?")
    assert not found.settings.hints


def test_a_mistake_can_be_printed(tmp_path: Path) -> None:
    top = '"\\u001b]0;x\\u0007" = 1\ntheme = "\\u001b[2J"\nprices = "\\u009b"\n'
    written = top + '[keys]\n"\\u001b[31m" = 3\n[slow]\n"\\u202e" = 1\n'
    found = loaded(tmp_path, written)
    assert len(found.problems) == 5
    assert all(problem.isprintable() for problem in found.problems)


def test_a_file_that_is_a_pipe_or_a_folder_or_too_large_is_told_and_nothing_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_text("#" * (LARGEST_FILE + 1))
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for name in ("pipe", "large", "bytes", ".", "nothing"):
        assert len(load_settings(tmp_path / name, {}).problems) == 1


def test_no_file_is_no_mistake(tmp_path: Path) -> None:
    env = {"XDG_CONFIG_HOME": str(tmp_path)}
    found = load_settings(env=env)
    assert (found.problems, found.path) == ((), tmp_path / "tracetui" / "settings.toml")
    assert settings_path({**env, "TRACETUI_SETTINGS": "/x/y.toml"}) == Path("/x/y.toml")


def test_nothing_is_read_from_the_folder_of_the_traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("settings.toml", "tracetui/settings.toml", ".config/tracetui/settings.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text('theme = "light"')
    monkeypatch.chdir(tmp_path)
    assert load_settings(env={"HOME": "/nowhere", "XDG_CONFIG_HOME": ".config"}).settings == Settings()


def test_the_commands_take_the_prices_that_the_settings_name(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    env = {"TRACETUI_SETTINGS": str(path)}
    path.write_text('prices = "/x/prices.toml"\nmose = 1\n')
    assert named_prices(env) == "/x/prices.toml"
    path.write_text("prices = 3")
    assert named_prices(env) == named_prices({"HOME": "/nowhere"}) == ""


# ---------------------------------------------------------------- pages


def test_the_page_of_the_settings_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == make_settings_docs.page()


def test_the_example_of_the_page_is_without_a_mistake(tmp_path: Path) -> None:
    example = re.findall(r"((?:^    .*\n|^\n)+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    written = max(example, key=len)
    found = loaded(tmp_path, "".join(line[4:] + "\n" for line in written.splitlines()))
    assert (found.problems, len(found.sources)) == ((), 6)


async def test_the_list_says_what_is_in_force_and_where_it_comes_from(native_traces: Path, tmp_path: Path) -> None:
    app = make_app([native_traces])
    app.session.loaded = loaded(tmp_path, 'theme = "drak"\nlink = "slow"\n')
    app.setting_problems = app.session.loaded.problems
    async with opened(app) as pilot:
        assert "there is no 'drak'" in lines(pilot)[0]
        await press(pilot, "C")
        assert "did you mean dark" in text(pilot)
        assert re.search(r'\* link +"slow" +file', text(pilot))
        await press(pilot, *"notify_on")
        assert "What is worth a notification: a failure only, or every end." in lines(pilot)[-7]


def test_all_there_is_to_say_of_a_setting_fits_below_the_list_in_80_columns(native_traces: Path) -> None:
    session = make_app([native_traces]).session
    for key, setting in BY_KEY.items():
        said = setting_words(key, session)
        assert setting.words in said[0]
        assert sum(len(textwrap.wrap(each, 78)) for each in said) <= 6, key


def test_enter_copies_the_line_for_the_file(native_traces: Path, tmp_path: Path) -> None:
    session = make_app([native_traces]).session
    session.loaded = loaded(tmp_path, '[slow]\nllm = "40s"\n')
    assert line_to_copy(session, "slow.llm") == '[slow]\nllm = "40s"\n'
    assert line_to_copy(session, "theme") == 'theme = "dark"\n'
    assert {choice.key for choice in choices(session, (), "dark", 80)} == set(BY_KEY)
