"""A model call as a conversation: results under their calls, what was added, what was compacted, and `c`."""

import pytest

from tests.tui.helpers import make_app, opened, press
from tests.tui.helpers import text as screen_text
from tracetui.core.conversations import Conversation
from tracetui.core.model import Message, Usage
from tracetui.core.testing import SECOND
from tracetui.core.text import cell_width
from tracetui.resources import samples_dir
from tracetui.tui.presentation.conversation import call_sections, messages
from tracetui.tui.presentation.detail import Look, Section
from tracetui.tui.widgets.detail_blocks import stack_of

HOSTILE = "\x1b]52;c;ZXZpbA==\x07[red]\u202e\u009b2J[/]\n[@click=app.quit]x\x00"
WIDE, NARROW = Look(100), Look(60)


def lines(sections: list[Section], look: Look = NARROW) -> list[str]:
    stack = stack_of(sections, look, {}, {})
    rows = [stack.row(index, look.width, "") for index in range(stack.count(look.width))]
    return ["".join(words for words, _ in row).rstrip() for row in rows]


def styles(sections: list[Section], look: Look = NARROW) -> set[str]:
    stack = stack_of(sections, look, {}, {})
    return {style for index in range(stack.count(look.width)) for _, style in stack.row(index, look.width, "")}


def asks(*calls: tuple[str, object], ids: tuple[str, ...] = ()) -> Message:
    return Message("assistant", "", list(calls), call_ids=list(ids))


def result(text: str, answers: str = "", name: str = "", failed: bool = False) -> Message:
    return Message("tool", text, tool_name=name, answers=answers, failed=failed)


def copied(sections: list[Section], title: str) -> object:
    """What `y` copies where a rule stands."""
    stack = stack_of(sections, NARROW, {}, {})
    stack.count(NARROW.width)
    shown = lines(sections)
    return stack.value(next(row for row, line in enumerate(shown) if line.startswith(title)))


# ---------------------------------------------------------------- calls and their results


def test_results_stand_under_the_calls_that_they_answer() -> None:
    said = [asks(("a", {}), ("b", {}), ids=("1", "2")), result("of b", "2"), result("of a", "1")]
    assert lines(messages(said, NARROW)) == ["", "assistant", "  ■ a", "↳ result  of a", "  ■ b", "↳ result  of b"]


def test_without_ids_results_follow_by_name_and_order() -> None:
    said = [asks(("a", {}), ("b", {})), result("of b", name="b"), result("of a", name="a")]
    assert lines(messages(said, NARROW))[3:] == ["↳ result  of a", "  ■ b", "↳ result  of b"]


def test_a_result_whose_call_is_not_here_says_of_which_tool_it_is() -> None:
    assert lines(messages([result("42", name="calc")], NARROW)) == ["", "↳ result  calc  42"]


def test_a_failed_result_has_a_red_bar_and_its_exit_status() -> None:
    said = [asks(("sh", {}), ids=("1",)), result("Exit code 3\nno such file", "1", failed=True)]
    assert lines(messages(said, NARROW))[3:] == ["↳ result  ✗ exit 3", "  ▏ no such file"]
    assert "status-error" in styles(messages(said, NARROW))


def test_the_most_telling_argument_stands_beside_the_name() -> None:
    said = [asks(("Bash", {"description": "look", "command": "ls -1"}))]
    assert lines(messages(said, NARROW))[2:] == ["  ■ Bash  ls -1", "    description look"]


def test_few_short_arguments_stand_beside_the_name_with_their_keys() -> None:
    said = [asks(("trains", {"from": "Madrid", "to": "Porto", "day": 3, "via": ["a", "b"]}))]
    assert lines(messages(said, NARROW))[2:] == ['  ■ trains  from Madrid  to Porto  day 3  via ["a","b"]']


def test_an_edit_is_shown_as_a_diff() -> None:
    said = [asks(("Edit", {"file_path": "/a.py", "old_string": "x = 1", "new_string": "x = 2"}))]
    assert lines(messages(said, NARROW))[2:] == ["  ■ Edit  /a.py", "    ▏ -x = 1", "    ▏ +x = 2"]
    assert {"diff-added", "diff-removed"} <= styles(messages(said, NARROW))


def test_what_is_written_into_a_file_is_highlighted_by_the_files_name() -> None:
    said = [asks(("Write", {"file_path": "/a.py", "content": "def f():\n    return 1"}))]
    assert lines(messages(said, NARROW))[3:] == ["    ▏   1  def f():", "    ▏   2      return 1"]
    assert "code-keyword" in styles(messages(said, NARROW))


def test_what_a_tool_returned_is_not_read_as_markdown() -> None:
    assert lines(messages([result("# not a heading\n* not a list")], NARROW))[2:] == [
        "  ▏ # not a heading",
        "  ▏ * not a list",
    ]


def test_a_diff_that_a_tool_returned_is_coloured() -> None:
    assert "diff-added" in styles(messages([result("@@ -1 +1 @@\n-a\n+b")], NARROW))


def test_what_a_model_wrote_is_read_as_markdown() -> None:
    assert lines(messages([Message("assistant", "**so**\n\n- a")], NARROW)) == ["", "assistant", "  so", "", "  • a"]


def test_a_role_is_said_once_while_it_goes_on() -> None:
    said = [Message("assistant", "I look."), asks(("ls", {}))]
    assert lines(messages(said, WIDE), WIDE) == ["", " assistant    I look.", "              ■ ls"]


def test_what_a_model_says_after_a_tools_result_has_its_role_again() -> None:
    said = [asks(("ls", {}), ids=("1",)), result("no", "1", failed=True), Message("assistant", "I look again.")]
    assert lines(messages(said, NARROW))[-3:] == ["", "assistant", "  I look again."]
    assert " assistant    I look again." in lines(messages(said, WIDE), WIDE)


def test_thinking_is_told_from_what_is_said() -> None:
    said = [Message("thinking", "hm"), Message("assistant", "so")]
    assert lines(messages(said, NARROW)) == ["", "thinking", "  hm", "", "assistant", "  so"]


# ---------------------------------------------------------------- what was added

SAID = Conversation(
    [Message("system", "be brief"), Message("user", "hello")],
    [Message("assistant", "hi"), Message("user", "how?")],
    [Message("assistant", "so")],
    True,
    tokens=(1_000, 1_410),
)


def test_what_was_sent_before_is_one_line() -> None:
    look = Look(80)
    shown = lines(call_sections(SAID, look, False, Usage(output=142), 2 * SECOND), look)
    assert " ".join(shown[1].split()) == "▸ 2 earlier messages, 1.0k tokens, sent before c whole context"
    assert "be brief" not in "\n".join(shown)
    assert [line.partition(" ─")[0] for line in shown if "─" in line] == ["Added since the previous call", "Reply"]
    assert any(line.endswith("2 messages  +410 tokens") for line in shown)
    assert any(line.endswith("142 tok  71 tok/s") for line in shown)


def test_the_whole_context_shows_what_was_sent_before() -> None:
    shown = lines(call_sections(SAID, NARROW, True))
    assert "  be brief" in shown
    assert shown[1].startswith("▾ 2 earlier messages")


def test_a_first_call_says_nothing_of_calls_before() -> None:
    shown = "\n".join(lines(call_sections(Conversation(added=[Message("user", "x")]), NARROW, False)))
    assert "previous" not in shown
    assert "earlier" not in shown


@pytest.mark.parametrize(
    ("gone", "tokens", "words"),
    [
        (3, None, "does not go on from the previous call: 3 messages of the previous call are gone"),
        (1, (98_200, 12_100), "compacted: 98.2k → 12.1k tokens, 1 message of the previous call is gone"),
        (0, (98_200, 12_100), "compacted: 98.2k → 12.1k tokens since the previous call"),
        (0, (98_200, 97_100), ""),
    ],
)
def test_a_context_that_did_not_only_grow_says_so(gone: int, tokens: tuple[int, int] | None, words: str) -> None:
    found = Conversation(SAID.earlier, SAID.added, SAID.reply, True, gone, tokens=tokens)
    sections = call_sections(found, NARROW, False)
    assert next((section.text for section in sections if section.key == "changed"), "") == words


def test_calls_of_a_transcript_that_were_not_read_are_counted() -> None:
    found = Conversation([], [], SAID.reply, True, unread=412)
    assert lines(call_sections(found, WIDE, False), WIDE)[1].startswith("▸ 412 earlier calls not read, sent before")


def test_of_very_many_messages_the_last_are_laid_out_and_the_others_counted() -> None:
    many = [Message("user", f"m{number}") for number in range(1_000)]
    shown = lines(call_sections(Conversation(added=many), WIDE, False), WIDE)
    assert shown[2] == "▸ 980 older messages  enter shows more"
    assert [line.split()[-1] for line in shown if "m9" in line] == [f"m{number}" for number in range(980, 1_000)]


@pytest.mark.parametrize("width", [24, 60, 100, 180])
def test_no_row_of_a_conversation_is_wider_than_the_pane(width: int) -> None:
    long = "漢字 " * 90
    said = [
        Message(long, long), asks((long, {"command": long, "x": [long], "y": 1}), (long, long), ids=("1", "2")),
        result(long, "1", long, failed=True), result(f'{{"a": "{long}"}}', "2"),
    ]  # fmt: skip
    look = Look(width)
    found = Conversation(said, said, said, True, 3, tokens=(90_000, 9_000))
    assert max(map(cell_width, lines(call_sections(found, look, True), look))) <= width


@pytest.mark.parametrize("look", [NARROW, WIDE])
def test_hostile_text_reaches_no_row_of_a_conversation(look: Look) -> None:
    said = [
        Message(HOSTILE, HOSTILE), Message("assistant", f"```{HOSTILE}\n{HOSTILE}\n```"),
        asks((HOSTILE, {HOSTILE: HOSTILE}), ("e", {"file_path": HOSTILE, "old_string": HOSTILE, "new_string": "x"}),
             ("w", {"file_path": "a.py", "content": HOSTILE}), (HOSTILE, HOSTILE), ids=(HOSTILE, "2", "3")),
        result(HOSTILE, HOSTILE, HOSTILE, failed=True), result(f"diff --git a\n+{HOSTILE}", "2"), result(HOSTILE, "9"),
    ]  # fmt: skip
    shown = lines(call_sections(Conversation(said, said, said, True, 2), look, True), look)
    assert all(line.isprintable() for line in shown)


# ---------------------------------------------------------------- on the screen


async def test_c_shows_the_whole_context_from_the_tree_and_hides_it_again() -> None:
    app = make_app([samples_dir() / "tracetui" / "plain_loop.jsonl"])
    async with opened(app, (120, 60)) as pilot:
        await press(pilot, "G", "c")
        assert "never guess one" in screen_text(pilot)
        await press(pilot, "c")
        assert "never guess one" not in screen_text(pilot)
        assert "6 earlier messages" in screen_text(pilot)


async def test_c_says_why_it_does_nothing() -> None:
    app = make_app([samples_dir() / "tracetui" / "plain_loop.jsonl"])
    async with opened(app) as pilot:
        await press(pilot, "g", "c")
        assert "only a model call has a context" in screen_text(pilot)


# ---------------------------------------------------------------- copying


def test_a_prompt_is_copied_from_its_rule_as_one_pastes_it() -> None:
    prompt = [
        Message("system", "Be short."),
        Message("user", "Why?"),
        asks(("look", {"at": 1})),
        result("42", name="look"),
    ]
    found = Conversation(added=prompt, reply=[Message("assistant", "Because.")])
    sections = call_sections(found, NARROW, False)
    expected = 'system: Be short.\n\nuser: Why?\n\nassistant: look({"at":1})\n\ntool look: 42'
    assert copied(sections, "Sent") == expected
    assert copied(sections, "Reply") == "Because."
