"""Which call was before a model call, and what was added to its context since."""

import json
from pathlib import Path

import pytest

from tracetui.core.conversations import Conversation, ask, calls_of_agent, common_beginning, split
from tracetui.core.loading import load
from tracetui.core.model import Kind, Message, SpanDetail
from tracetui.core.store import Store
from tracetui.core.testing import build_run
from tracetui.resources import samples_dir

SECOND = 1_000_000_000
START = 1_790_000_000 * SECOND


def calls_in(path: Path, whole: bool = False) -> list[tuple[str, Conversation]]:
    """The model calls of the one run at a path, in order: their names and what is told of them."""
    loaded = load([str(path)])
    store = loaded.store
    rows = [int(row) for run in store.live_runs() for row in store.rows_of_run(run.row)]
    found = []
    for row in sorted(
        (row for row in rows if store.spans.kind[row] == Kind.llm), key=lambda row: store.spans.start[row]
    ):
        question = ask(store, loaded.bodies, row, loaded.bodies.span_detail(row), whole)
        found.append((store.strings[store.spans.name[row]], question.answer()))
    return found


def record(folder: Path, *calls: tuple[str, list[str], str | None, int | None]) -> Path:
    """A recording of model calls, each with its name, what it was told, what it answered, and its input tokens."""
    lines: list[dict[str, object]] = []
    for number, (name, told, answer, tokens) in enumerate(calls):
        start = START + number * 10 * SECOND
        messages = [{"role": "user", "content": text} for text in told]
        span = f"{number + 1:016x}"
        lines.append(
            {"type": "span_start", "span": span, "kind": "llm", "name": name, "time": start, "input": messages}
        )
        end: dict[str, object] = {
            "type": "span_end",
            "span": span,
            "time": start + SECOND,
            "status": "ok",
            "output": answer,
        }
        lines.append(end | ({"usage": {"input": tokens}} if tokens is not None else {}))
    sample = (samples_dir() / "tracetui" / "plain_loop.jsonl").read_text(encoding="utf-8").splitlines()
    head = json.loads(sample[0]) | {"time": START}
    path = folder / "calls.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in [head, *lines]), encoding="utf-8")
    return path


def texts(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


def test_what_was_added_is_what_the_call_before_was_not_told(tmp_path: Path) -> None:
    (_, first), (_, second) = calls_in(record(tmp_path, ("ask", ["a"], "b", None), ("ask", ["a", "b", "c"], "d", None)))
    assert (texts(first.earlier), texts(first.added), first.has_previous) == ([], ["a"], False)
    assert (texts(second.earlier), texts(second.added), texts(second.reply)) == (["a"], ["b", "c"], ["d"])


def test_the_call_before_is_the_nearest_whose_messages_this_one_begins_with(tmp_path: Path) -> None:
    found = calls_in(
        record(tmp_path, ("ask", ["a"], "b", None), ("rank", ["x"], "y", None), ("ask", ["a", "b"], "c", None))
    )
    assert texts(found[2][1].earlier) == ["a"]
    assert not found[1][1].has_previous


def test_another_call_with_nothing_in_common_is_none_before(tmp_path: Path) -> None:
    found = calls_in(record(tmp_path, ("ask", ["a"], "b", None), ("ask", ["x"], "y", None)))
    assert not found[1][1].has_previous


def test_messages_that_are_gone_are_counted(tmp_path: Path) -> None:
    found = calls_in(record(tmp_path, ("ask", ["a", "b", "c"], "d", None), ("ask", ["a", "summary"], "e", None)))
    assert (found[1][1].gone, texts(found[1][1].added)) == (2, ["summary"])


@pytest.mark.parametrize(
    ("before", "now", "is_one"), [(90_000, 9_000, True), (90_000, 80_000, False), (900, 90, False)]
)
def test_a_context_that_became_much_smaller_was_compacted(tmp_path: Path, before: int, now: int, is_one: bool) -> None:
    path = record(tmp_path, ("ask", ["a", "b"], "d", before), ("ask", ["a", "s"], "e", now))
    assert calls_in(path)[1][1].is_compacted is is_one


def test_calls_are_numbered_within_their_agent() -> None:
    found = calls_in(samples_dir() / "tracetui" / "plain_loop.jsonl")
    assert [(call.number, call.calls) for _, call in found] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [len(call.earlier) for _, call in found] == [0, 2, 4, 6]


def test_in_a_transcript_the_calls_before_are_what_a_call_was_told() -> None:
    (path,) = (samples_dir() / "claude-code" / "projects" / "-home-demo-calc").glob("464b*.jsonl")
    main = [call for _, call in calls_in(path) if call.calls == 5]
    assert [len(call.earlier) for call in main] == [0, 1, 7, 10, 12]
    assert [message.role for message in main[1].added] == [
        "thinking",
        "assistant",
        "assistant",
        "assistant",
        "tool",
        "tool",
    ]
    assert main[0].added[0].role == "user"


def test_an_answer_that_is_only_a_text_is_a_message() -> None:
    told, reply = split(SpanDetail(output="so", messages=[Message("user", "x")], reply=1))
    assert (texts(told), [(message.role, message.text) for message in reply]) == (["x"], [("assistant", "so")])


def test_without_a_word_where_the_answer_begins_roles_tell() -> None:
    told, reply = split(
        SpanDetail(messages=[Message("user", "x"), Message("thinking", "hm"), Message("assistant", "y")])
    )
    assert (texts(told), texts(reply)) == (["x"], ["hm", "y"])


def test_arguments_nested_too_deep_to_compare_are_different() -> None:
    def deep() -> object:
        value: object = 1
        for _ in range(100_000):
            value = [value]
        return value

    one, other = Message("a", tool_calls=[("f", deep())]), Message("a", tool_calls=[("f", deep())])
    assert common_beginning([one], [other]) == 0


def test_what_is_gone_from_its_file_is_left_out(tmp_path: Path) -> None:
    path = record(tmp_path, ("ask", ["a"], "b", None), ("ask", ["a", "b", "c"], "d", None))
    loaded = load([str(path)])
    rows = sorted(int(row) for row in loaded.store.rows_of_run(0))
    question = ask(loaded.store, loaded.bodies, rows[1], loaded.bodies.span_detail(rows[1]))
    path.write_text("")
    assert texts(question.answer().added) == ["a", "b", "c"]


def test_a_call_is_of_the_nearest_agent_however_far_above_it_that_is() -> None:
    levels = 1_100
    between = "".join(" " * 2 * level + f"step s{level} 1..9\n" for level in range(1, levels))
    store = Store()
    store.apply(build_run(f"agent a 0..9\n{between}{'  ' * levels}llm deep 2..3\n  llm near 4..5"))
    rows = [row for row, kind in enumerate(store.spans.kind) if kind == Kind.llm]
    assert [calls_of_agent(store, row) for row in rows] == [rows, rows]
