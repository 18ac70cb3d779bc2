"""Values handed to programs in a real terminal: given away and taken back, and nothing of a trace controls it meanwhile."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.hostile.payloads import PAYLOADS
from tests.hostile.terminal import Terminal

pytestmark = pytest.mark.long

HOSTILE = "".join(PAYLOADS.values())
TOLD = "press enter to come back"


def recording(folder: Path) -> Path:
    path = folder / "hostile.jsonl"
    record = {"level": "error", "message": f"first {HOSTILE} last"}
    path.write_text(f"{json.dumps(record)}\n" * 3)
    return path


def editor(folder: Path) -> Path:
    path = folder / "editor"
    path.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        "held = open(sys.argv[-1], 'rb').read()\n"
        "os.write(1, b'EDITOR HAS THE TERMINAL %d\\n' % os.isatty(0))\nsys.stdin.readline()\n"
        f"open({str(folder / 'seen')!r}, 'wb').write(held)\n"
    )
    path.chmod(0o700)
    return path


def opened(folder: Path) -> Terminal:
    env = {"EDITOR": str(editor(folder)), "VISUAL": "", "SHELL": "/bin/sh", "TMUX": ""}
    return Terminal([str(recording(folder)), "--no-state"], (100, 30), folder, **env)


def ready(terminal: Terminal) -> None:
    terminal.wait_for(lambda shown: "1 run" in shown and "first" in shown)
    terminal.press("tab")


def typed(terminal: Terminal, command: str) -> None:
    terminal.press("|")
    terminal.wait_for(lambda shown: shown.rpartition("\n")[2].startswith(" |"))
    os.write(terminal.master, command.encode() + b"\r")


def test_an_editor_gets_the_terminal_and_gives_it_back(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        ready(terminal)
        before = terminal.text
        terminal.press("o")
        terminal.wait_for(lambda shown: "EDITOR HAS THE TERMINAL 1" in shown)
        assert terminal.attributes[3] == terminal.before[3]  # it echoes, and reads lines
        os.write(terminal.master, b"\r")
        terminal.wait_for(lambda shown: "shown in editor" in shown)
        assert terminal.text.splitlines()[2:] == before.splitlines()[2:]
        terminal.press("?")
        terminal.wait_for(lambda shown: "Keys" in shown)
        terminal.press("escape", "q")
        assert terminal.ended() == 0
        assert terminal.attributes == terminal.before
    held = (tmp_path / "seen").read_text()
    assert "\x1b" not in held
    assert "first" in held


def test_what_a_command_prints_of_a_hostile_value_controls_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        ready(terminal)
        begun = len(terminal.written)
        typed(terminal, "cat; cat >&2; printf done")
        terminal.wait_for(lambda shown: TOLD in shown)
        told = bytes(terminal.written[begun:])
        assert b"done" in told
        assert [name for name, payload in PAYLOADS.items() if payload.encode() in told] == []
        os.write(terminal.master, b"\r")
        terminal.wait_for(lambda shown: ": done" in shown)


def test_ctrl_c_ends_the_command_and_not_the_screen(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        ready(terminal)
        typed(terminal, "echo here; exec sleep 600")
        terminal.wait_for(lambda shown: "\nhere" in shown)
        os.write(terminal.master, b"\x03")
        terminal.wait_for(lambda shown: f"ended by SIGINT, {TOLD}" in shown)
        os.write(terminal.master, b"\r")
        terminal.wait_for(lambda shown: "ended by SIGINT" in shown.splitlines()[0] and "first" in shown)
        terminal.press("q")
        assert terminal.ended() == 0
