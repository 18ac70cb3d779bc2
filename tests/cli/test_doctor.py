"""`tracetui doctor`: what it says of an environment, that it changes nothing, and that its text is harmless."""

import os
import stat
from importlib import metadata
from pathlib import Path

import pytest

from tests.cli.conftest import PAYLOADS, Run
from tracetui.cli import _checks
from tracetui.cli._checks import Check, checks

HOME = {"HOME": "/nowhere/at/all"}


def told(name: str, env: dict[str, str] | None = None, *paths: str) -> Check:
    """What is said under a name, in an environment."""
    return next(check for check in checks(paths, HOME | (env or {})) if check.name == name)


@pytest.mark.parametrize(
    ("name", "env", "state", "part"),
    [
        ("type", {"TERM": "xterm"}, "ok", "TERM=xterm"),
        ("type", {"TERM": "dumb"}, "note", "the screen does not open"),
        ("type", {}, "note", "not set"),
        ("locale", {"LANG": "de_DE.UTF-8"}, "ok", "LANG=de_DE.UTF-8"),
        ("locale", {"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, "note", "ASCII"),
        ("colours", {"COLORTERM": "truecolor", "NO_COLOR": ""}, "note", "NO_COLOR"),
        ("colours", {"COLORTERM": "truecolor"}, "ok", "16 million"),
        ("colours", {"TERM": "tmux-256color"}, "note", "256"),
        ("colours", {"TERM": "linux"}, "note", "16"),
        ("mouse", {"TERM": "linux"}, "note", "console"),
        ("link", {"SSH_CONNECTION": "x"}, "ok", "slow: SSH_CONNECTION is set"),
        ("link", {"SSH_CONNECTION": "x", "TRACETUI_LINK": "fast"}, "ok", 'fast: link = "fast" by environment'),
        ("settings", {"TRACETUI_SETTINGS": "/nowhere/settings.toml"}, "ok", "there is none"),
        ("clipboard", {}, "ok", "OSC 52"),
        ("clipboard", {"TERM_PROGRAM": "Apple_Terminal"}, "note", "Terminal.app"),
        ("clipboard", {"TMUX": "/x,1,0", "PATH": "/nowhere"}, "note", "does not answer"),
        ("state", {}, "note", "cannot be written to"),
        ("cache", {"TRACETUI_CACHE": "off"}, "note", "off"),
        ("recording", {"TRACETUI_OFF": "1"}, "note", "off"),
        ("own prices", {"TRACETUI_PRICES": "/nowhere/prices.toml"}, "problem", "No such file"),
    ],
    ids=lambda value: " ".join(map("=".join, value.items())) if isinstance(value, dict) else value,
)
def test_what_is_said_of_an_environment(
    name: str, env: dict[str, str], state: str, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_args, **_more: False)
    check = told(name, env)
    assert (check.state, check.is_fatal) == (state, False)
    assert part in check.value
    assert check.advice or check.state == "ok" or name == "mouse"


def test_each_mistake_in_the_settings_and_themes_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "tracetui"
    (folder / "themes").mkdir(parents=True)
    (folder / "settings.toml").write_text('theme = "drak"\n[keys]\nspan.fly = "x"\n')
    (folder / "themes" / "mine.toml").write_text("accent = 3")
    found = list(checks((), {"XDG_CONFIG_HOME": str(tmp_path)}))
    told = " ".join(
        check.value for check in found if check.state == "note" and check.name in ("settings", "own themes")
    )
    assert all(part in told for part in ("did you mean dark", "keys.span.fly: there is no such action", "mine.toml"))


def test_the_clipboard_goes_through_tmux_as_tmux_is_set(tmp_path: Path) -> None:
    program = tmp_path / "tmux"
    program.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "tmux 3.4" || echo off\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    env = {"TMUX": "/x,1,0", "PATH": f"{tmp_path}:/bin:/usr/bin"}
    assert told("tmux", env).value == "tmux 3.4"
    assert told("clipboard", env).advice == "tmux set -s set-clipboard on"
    program.write_text("#!/bin/sh\necho external\n")
    assert (told("clipboard", env).state, "set-clipboard external" in told("clipboard", env).value) == ("ok", True)


def test_more_folders_than_can_be_watched_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (tmp_path / "traces" / name).mkdir(parents=True)
    (tmp_path / "max_user_watches").write_text("3\n")
    monkeypatch.setattr(_checks, "_INOTIFY", tmp_path)
    monkeypatch.setattr("tracetui.core.watching.silent_file_system", lambda path: None)
    check = told("watching", {}, str(tmp_path / "traces"))
    assert "4 folders; the limit is 3 watches" in check.value
    assert "max_user_watches=8" in check.advice
    monkeypatch.setattr("tracetui.core.watching.silent_file_system", lambda path: "nfs")
    assert "on nfs" in told("watching", {}, str(tmp_path / "traces")).value


def test_a_missing_library_is_what_makes_it_answer_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("doctor").code == 0
    monkeypatch.setattr(
        metadata, "requires", lambda name: ["click>=8", "none-of-that-name>=1", 'boto3; extra == "aws"']
    )
    answer = run("doctor", "--json")
    assert (answer.code, answer.json["usable"]) == (1, False)
    assert [check["advice"] for check in answer.json["checks"] if check["state"] == "problem"] == [
        "python -m pip install none-of-that-name"
    ]


def test_nothing_is_written(run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(home.rglob("*")), sorted(tmp_path.rglob("*"))
    run("doctor")
    assert (sorted(home.rglob("*")), sorted(tmp_path.rglob("*"))) == before


def test_what_the_environment_holds_controls_no_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TERM", "LANG", "COLORTERM", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "TMPDIR"):
        monkeypatch.setenv(name, "/" + "".join(PAYLOADS))
    monkeypatch.delenv("LC_ALL", raising=False)
    for arguments in ((), ("--json",)):
        answer = run("doctor", *arguments)
        assert not [char for char in answer.out + answer.err if not char.isprintable() and char != "\n"]
