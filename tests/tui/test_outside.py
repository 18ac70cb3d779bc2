"""What is said outside the panes: the title, notifications, hints; and how often, by the link."""

import math
import re
from pathlib import Path

import pytest

from tests.hostile.payloads import PAYLOADS
from tests.tui.helpers import lines, make_app, opened, press
from tracetui.core.model import RunStatus
from tracetui.tui import notifying, title
from tracetui.tui.hints import HINTS, MOST_SESSIONS, MOST_TIMES, Hints
from tracetui.tui.link import choose_link
from tracetui.tui.notifying import Notifier
from tracetui.tui.remembered import Remembered
from tracetui.tui.settings import Loaded, Settings
from tracetui.tui.state import State
from tracetui.tui.title import POP, PUSH, TerminalTitle

HOSTILE = [*PAYLOADS.values(), "".join(PAYLOADS.values()), "a\x07b\x1b\\c\x9cd;e\n\r\u2028\u202e" * 9, "x" * 100_000]


# ---------------------------------------------------------------- title


def test_the_title_is_sent_when_it_is_another_one_and_put_back_at_the_end() -> None:
    sent: list[str] = []
    shown = TerminalTitle(sent.append, is_on=True)
    for words in ("one", "one", "two"):
        shown.show(words)
    shown.end()
    shown.end()
    assert sent == [f"{PUSH}\x1b]2;one\x07", "\x1b]2;two\x07", POP]


def test_without_a_title_nothing_is_sent() -> None:
    sent: list[str] = []
    shown = TerminalTitle(sent.append, is_on=False)
    shown.show("one")
    shown.end()
    assert sent == []
    assert [title.has_title({"TERM": term}) for term in ("xterm-256color", "tmux", "linux", "dumb", "")] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("only_ascii", [False, True])
def test_no_payload_passes_the_title(only_ascii: bool) -> None:
    for payload in HOSTILE:
        made = title.sequence(payload, only_ascii=only_ascii)
        inner = made.removeprefix("\x1b]2;").removesuffix("\x07")
        assert len(inner) == len(made) - 5 <= title.MOST_CHARACTERS
        assert inner.isprintable()
        assert inner.isascii() or not only_ascii


async def test_the_title_names_the_open_run_and_how_it_stands(native_traces: Path) -> None:
    app = make_app([native_traces])
    sent: list[str] = []
    app.terminal_title = TerminalTitle(sent.append, is_on=True)
    async with opened(app) as pilot:
        assert sent[-1] == "\x1b]2;✗ error research_agent - tracetui\x07"
        await press(pilot, "J")
    assert sent[-1] == POP


# ---------------------------------------------------------------- notifications


def notifier(kind: str = "bell", only_failures: bool = True) -> tuple[Notifier, list[str]]:
    sent: list[str] = []
    return Notifier(kind, only_failures=only_failures, write=sent.append, env={}), sent


def test_a_run_that_fails_is_told_of_once() -> None:
    tells, sent = notifier("osc9")
    assert tells.note(1, "nightly", RunStatus.running, RunStatus.error)
    tells.flush()
    assert not tells.note(1, "nightly", RunStatus.running, RunStatus.error)
    tells.flush()
    assert sent == ["\x1b]9;nightly failed\x07"]


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("off", RunStatus.running, RunStatus.error),
        ("bell", None, RunStatus.error),
        ("bell", RunStatus.ok, RunStatus.error),
        ("bell", RunStatus.running, RunStatus.stalled),
        ("bell", RunStatus.running, RunStatus.ok),
    ],
)
def test_what_was_not_seen_running_or_did_not_fail_is_not_told(
    kind: str, before: RunStatus | None, after: RunStatus
) -> None:
    tells, sent = notifier(kind)
    assert not tells.note(1, "nightly", before, after)
    tells.flush()
    assert sent == []


def test_every_end_is_told_if_that_is_asked_for_and_several_at_once_as_one() -> None:
    tells, sent = notifier("osc777", only_failures=False)
    tells.note(1, "a", RunStatus.running, RunStatus.ok)
    tells.flush()
    for row, status in ((2, RunStatus.ok), (3, RunStatus.error)):
        tells.note(row, "b", RunStatus.stalled, status)
    tells.flush()
    assert sent == [
        "\x1b]777;notify;tracetui;a ended well\x07",
        "\x1b]777;notify;tracetui;2 runs ended, 1 of them failed\x07",
    ]


def test_in_tmux_a_notification_goes_through_to_the_terminal() -> None:
    assert notifying.sequence("osc9", "x", {"TMUX": "/t,1,0"}) == "\x1bPtmux;\x1b\x1b]9;x\x07\x1b\\"
    assert notifying.sequence("bell", "x", {"TMUX": "/t,1,0"}) == "\x07"


def test_no_payload_passes_a_notification() -> None:
    for kind, begin in (("osc9", "\x1b]9;"), ("osc777", "\x1b]777;notify;tracetui;")):
        for payload in HOSTILE:
            tells, sent = notifier(kind)
            tells.note(1, payload, RunStatus.running, RunStatus.error)
            tells.flush()
            inner = sent[0].removeprefix(begin).removesuffix("\x07")
            assert len(sent[0]) - len(inner) == len(begin) + 1
            assert inner.isprintable()
            assert ";" not in inner


# ---------------------------------------------------------------- link


def link(env: dict[str, str], **values: str) -> tuple[bool, float, float]:
    loaded = Loaded(Settings(**values), dict.fromkeys(values, "file"))  # type: ignore[arg-type]  # texts, all of them
    found = choose_link(loaded, env)
    return found.is_slow, found.tell_every_s, found.tick_every_s


def test_over_ssh_the_link_is_slow_unless_it_is_said_to_be_fast() -> None:
    ssh = {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}
    assert link({}) == (False, 0.25, 1.0)
    assert link(ssh) == link({"SSH_TTY": "/dev/pts/1"}) == link({}, link="slow") == (True, 1.0, 5.0)
    assert link(ssh, link="fast") == (False, 0.25, 1.0)


def test_motion_says_how_often_clocks_tick() -> None:
    assert [link({}, motion=motion)[2] for motion in ("auto", "on", "off")] == [1.0, 1.0, math.inf]
    assert link({}, motion="on", link="slow")[2] == 1.0


# ---------------------------------------------------------------- hints


def begun(folder: Path) -> Hints:
    hints = Hints(State(folder))
    hints.begin()
    return hints


def test_a_hint_is_shown_in_a_few_sessions_and_then_the_next_one(tmp_path: Path) -> None:
    shown = []
    for _ in range(2 * MOST_SESSIONS):
        hints = begun(tmp_path)
        hint = hints.choose(frozenset(("causes",)))
        shown.append(hint.id if hint else "")
        hints.end()
    assert shown[: 2 * MOST_TIMES] == ["span.next_cause"] * MOST_TIMES + ["app.help"] * MOST_TIMES
    assert shown[MOST_SESSIONS:] == [""] * MOST_SESSIONS


def test_a_hint_is_never_shown_again_once_its_action_was_taken(tmp_path: Path) -> None:
    hints = begun(tmp_path)
    assert hints.choose(frozenset()) == HINTS[1]
    assert hints.note_action("help")
    assert hints.choose(frozenset()) is None
    hints.end()
    later = begun(tmp_path).choose(frozenset())
    assert later is not None
    assert later.id == "app.palette"


@pytest.mark.parametrize("action", ["cause(1)", "cause(-1)", "in_spans('cause', 1)"])
def test_an_action_counts_from_whichever_pane_it_is_taken(action: str, tmp_path: Path) -> None:
    hints = begun(tmp_path)
    hints.choose(frozenset(("causes",)))
    assert hints.note_action(action)


def test_every_hint_names_a_key_that_is_bound_to_its_action(native_traces: Path) -> None:
    app = make_app([native_traces])
    by_id = {binding.id: binding for node in (app, app.main, *app.main.views.values()) for _, binding in node._bindings}
    for hint in HINTS:
        assert re.split(r"\W", by_id[hint.id].action)[0] == hint.action


def test_without_a_state_there_are_no_hints() -> None:
    hints = Hints(State())
    hints.begin()
    assert hints.choose(frozenset()) is None


@pytest.mark.parametrize("kept", [3, [], {"shown": 3, "used": 3, "sessions": "x"}, {"used": [3], "shown": {"a": []}}])
def test_whatever_lies_in_the_state_the_hints_begin(kept: object, tmp_path: Path) -> None:
    State(tmp_path).write("hints", kept)
    State(tmp_path).write("folders", kept)
    remembered = Remembered(State(tmp_path))
    remembered.begin([str(tmp_path)])
    assert remembered.folders == []
    remembered.end()
    assert State(tmp_path).read("folders") == [str(tmp_path)]


async def test_a_hint_stands_in_the_header_until_it_is_used(native_traces: Path, tmp_path: Path) -> None:
    app = make_app([native_traces])
    app.session.state = State(tmp_path / "state")
    app.remembered = Remembered(app.session.state)
    async with opened(app, (80, 24)) as pilot:
        assert "e goes to the next cause" in lines(pilot)[0]
        await press(pilot, "e")
        assert "goes to" not in lines(pilot)[0]
