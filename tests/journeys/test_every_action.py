"""Everything at 80x24 without a mouse: each action of docs/screen.md is taken with its key, where it belongs."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.recordings import write_three_hours
from tests.journeys.tmux import Terminal, counted, terminal
from tests.tui.compared import write_two_days

DOCS = Path(__file__).parents[2] / "docs" / "screen.md"
HOME = "━ Spans "
"""What stands on the screen where every way begins."""
WAYS: dict[str, tuple[tuple[str, ...], str]] = {
    "span": ((), HOME),
    "runs": (("u",), "━ Runs "),
    "detail": (("enter",), "━ Detail "),
    "names": (("v",) * 4, "━ Spans by name "),
    "compare": (("d",), "━ Compare "),
    "summary": (("a",), "━ Summary"),
    "trouble": (("R",), "━ Repair report "),
    "viewer": (("enter", "V"), "| pipe"),
}
"""By the first part of an action's id: the keys that lead there from the spans, and what is seen there."""
_OF_SPANS = ("move", "jump", "find", "chip", "look", "take", "app")
_TMUX = {
    "up": "Up", "down": "Down", "left": "Left", "right": "Right", "enter": "Enter", "space": "Space", "tab": "Tab",
    "shift+tab": "BTab", "esc": "Escape", "pgup": "PPage", "pgdn": "NPage", "home": "Home", "end": "End",
    "backspace": "BSpace", "delete": "DC",
}  # fmt: skip
_MOST_ESCAPES = 8
_ANSWER_S = 0.5
"""How long a key without a visible answer is waited for: esc and a letter at once would be one key."""
_LOOKS = 3


def actions() -> list[tuple[str, str]]:
    """Id and first key of each action that is documented."""
    found = re.findall(r"^\| `(.+?)` .*\| `([a-z_]+\.[a-z_0-9]+)` \|$", DOCS.read_text().replace(r"\|", "|"), re.M)
    return [(id, key.split("` `")[0]) for key, id in found]


def section_of(id: str) -> str:
    section = id.partition(".")[0]
    return "span" if section in _OF_SPANS else section


def settle(screen: Terminal, before: str = "") -> str:
    """Wait until the screen is another one than before, or has had its time to be, stands still and is not empty."""
    seen = [before]
    same = [0]
    until = time.monotonic() + _ANSWER_S

    def stands(shown: str) -> bool:
        same[0] = same[0] + 1 if shown == seen[0] else 0
        seen[0] = shown
        has_answered = shown != before or time.monotonic() > until
        return has_answered and same[0] >= _LOOKS and len([line for line in shown.splitlines() if line.strip()]) >= 3

    return screen.wait(stands)


def press(screen: Terminal, key: str) -> str:
    """Press a key as the documentation writes it."""
    before = screen.screen()
    modifier, _, plain = key.rpartition("+") if len(key) > 1 else ("", "", key)
    if key in _TMUX:
        screen.press(_TMUX[key])
    elif modifier in ("ctrl", "alt"):
        screen.press(("C-" if modifier == "ctrl" else "M-") + _TMUX.get(plain, plain))
    elif len(key) == 1:
        screen.type(key)
    else:
        screen.press(key.upper())
    return settle(screen, before)


def go_home(screen: Terminal) -> None:
    """Back to the spans by esc alone, which leaves everything and never ends the program."""
    for _ in range(_MOST_ESCAPES):
        if is_home(screen.screen()):
            return
        press(screen, "esc")
    raise AssertionError(f"esc does not lead back to the spans:\n{screen.screen()}")


def is_home(shown: str) -> bool:
    return HOME in shown and shown.rstrip().endswith("help")  # no line is being typed into


def go_to(screen: Terminal, section: str) -> None:
    """To where the actions of a section are taken; what goes round is gone on with until it is there."""
    way, seen = WAYS[section]
    go_home(screen)
    for step in way:
        if seen not in screen.screen():
            press(screen, step)
    screen.wait(seen)


@pytest.fixture
def taken() -> Callable[[str], list[str]]:
    return lambda section: [key for id, key in actions() if section_of(id) == section and id != "app.quit"]


def test_every_section_of_the_keys_has_a_way_there() -> None:
    assert {section_of(id) for id, _ in actions()} <= set(WAYS)


@pytest.mark.long
@pytest.mark.parametrize("section", WAYS)
def test_every_action_is_taken_by_its_key_at_80x24(
    section: str, taken: Callable[[str], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "vim"  # one that is known to have shown what it had
    editor.write_text("#!/bin/sh\n")
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.chdir(tmp_path)
    folder = write_two_days(tmp_path)
    write_three_hours(folder)
    with terminal(80, 24) as screen:
        screen.start(str(folder), "--no-state")
        screen.wait("3 runs", HOME)
        for key in taken(section):
            go_to(screen, section)
            shown = press(screen, key)
            assert screen.is_alive(), f"{key} in {section} ended the program:\n{shown}"
            # The recording holds one too, which is read in a pane; one of ours ends the screen, and its rules with it.
            assert "Traceback (most recent call last)" not in shown or "━" in shown, shown
        go_home(screen)
        screen.press("q")
        screen.wait(lambda _shown: not screen.is_alive())
        counted(f"g: every action of {section}", screen.keys, 1_000)
