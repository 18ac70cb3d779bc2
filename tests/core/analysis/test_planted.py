"""What was planted in a recording is found by its name: loops, polling, retries, causes, compactions, runs without an end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.analysis.recorded import Recording, analysed
from tracetui.core.analysis.loops import Repetition
from tracetui.core.analysis.run_analysis import RunAnalysis
from tracetui.core.testing import SECOND


def only(about: RunAnalysis) -> Repetition:
    (found,) = about.repetitions
    return found


def calls(
    recording: Recording,
    name: str,
    count: int,
    *,
    every: float = 2.0,
    took: float = 1.0,
    parent: str | None = None,
    asked: bool = False,
    **given: object,
) -> None:
    """Tool calls in a row; ``asked``: each after a model call that asked for it."""
    for number in range(count):
        at = 10 + number * every
        if asked:
            usage = {"input": 1_000, "output": 50}
            recording.span("llm", "think", at - 0.5, at - 0.1, parent=parent, usage=usage, cost_usd=0.01, model="m")
        now = {key: value(number) if callable(value) else value for key, value in given.items()}
        recording.span("tool", name, at, at + took, parent=parent, **now)


def test_a_tool_that_loops_twelve_times_with_the_same_arguments_is_found_with_its_waste(tmp_path: Path) -> None:
    recording = Recording()
    agent = recording.span("agent", "researcher", 0, 40)
    calls(recording, "web_search", 12, parent=agent, asked=True, input={"q": "steel vs timber"}, output=["nothing new"])
    recording.ends(40)
    about = analysed(recording.write(tmp_path))
    loop = only(about)
    wasted = about.wasted(loop)
    assert (loop.verdict, loop.names, loop.count, loop.failed) == ("loop", ("web_search",), 12, 0)
    assert loop.wasted_ns == 11 * 1_400_000_000
    assert (wasted.total, wasted.cost) == (11 * 1_050, pytest.approx(0.11))
    assert loop.agent is not None
    assert about.name(loop.agent) == "researcher"
    assert [each.rule for each in about.advice] == ["loop"]
    assert about.advice[0].rows == loop.rows


def test_keys_in_another_order_are_the_same_arguments(tmp_path: Path) -> None:
    recording = Recording()
    calls(recording, "find", 4, input=lambda number: {"a": 1, "b": 2} if number % 2 else {"b": 2, "a": 1})
    assert only(analysed(recording.write(tmp_path))).count == 4


def test_arguments_that_differ_are_no_loop(tmp_path: Path) -> None:
    recording = Recording()
    calls(recording, "find", 12, input=lambda number: {"page": number})
    assert analysed(recording.write(tmp_path)).repetitions == []


@pytest.mark.parametrize("empty", [{}, "", "{}", None, []])
def test_calls_without_arguments_are_never_a_loop(tmp_path: Path, empty: object) -> None:
    recording = Recording()
    calls(recording, "list_files", 12, input=empty)
    calls(recording, "now", 12)
    assert analysed(recording.write(tmp_path)).repetitions == []


def test_two_calls_are_no_loop(tmp_path: Path) -> None:
    recording = Recording()
    calls(recording, "find", 2, input={"q": 1})
    assert analysed(recording.write(tmp_path)).repetitions == []


def test_equal_calls_of_different_agents_are_no_loop(tmp_path: Path) -> None:
    recording = Recording()
    for number in range(4):
        agent = recording.span("agent", f"reader_{number}", 0, 30)
        recording.span("tool", "find", number, number + 1, parent=agent, input={"q": 1})
    assert analysed(recording.write(tmp_path)).repetitions == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"every": 5.0, "took": 0.1, "output": {"ready": False}}, "every 5.0s"),
        ({"asked": True, "output": {"status": "pending"}}, "answers say it is pending"),
        ({"asked": True, "output": "job 17 is still running"}, "answers say it is pending"),
        ({"asked": True, "output": lambda number: {"done": number * 10}}, "answers differ"),
    ],
)
def test_polling_is_no_loop(tmp_path: Path, given: dict[str, object], why: str) -> None:
    recording = Recording()
    calls(recording, "poll_job", 8, input={"job": 17}, **given)  # type: ignore[arg-type]
    about = analysed(recording.write(tmp_path))
    assert (only(about).verdict, only(about).why) == ("polling", why)
    assert about.loops == []


def test_answers_that_differ_only_in_times_and_ids_are_the_same(tmp_path: Path) -> None:
    recording = Recording()
    calls(
        recording,
        "find",
        5,
        asked=True,
        input={"q": 1},
        output=lambda n: {"hits": [], "took_ms": n, "request_id": str(n)},
    )
    assert only(analysed(recording.write(tmp_path))).verdict == "loop"


def test_trying_again_after_an_error_is_no_loop(tmp_path: Path) -> None:
    recording = Recording()
    for number in range(4):
        error = {"error": "TimeoutError: no answer after 30 s"} if number < 3 else {}
        recording.span("tool", "fetch", number * 2, number * 2 + 1, input={"url": "x"}, **error)
    about = analysed(recording.write(tmp_path))
    (retry,) = about.retries
    assert only(about).verdict == "retry"
    assert about.loops == []
    assert (retry.name, retry.attempts, retry.recovered, retry.lost_ns) == ("fetch", 4, True, 6 * SECOND)
    assert retry.same_arguments


def test_several_tools_that_go_round_are_one_loop(tmp_path: Path) -> None:
    recording = Recording()
    for number in range(12):
        name = ("read_file", "edit_file", "run_tests")[number % 3]
        recording.span("tool", name, number, number + 0.5, input={"path": name}, output="same")
    loop = only(analysed(recording.write(tmp_path)))
    assert (loop.verdict, loop.names, loop.count) == ("loop", ("read_file", "edit_file", "run_tests"), 4)
    assert loop.wasted_ns == 9 * SECOND // 2


def test_a_retry_that_recovered_is_told_as_such(tmp_path: Path) -> None:
    recording = Recording()
    agent = recording.span("agent", "a", 0, 60)
    span = recording.span("tool", "fetch_page", 1, 50, parent=agent)
    for number in (1, 2):
        recording.event("retry", "retry", 10 * number, span)
    (retry,) = analysed(recording.write(tmp_path)).retries
    assert (retry.name, retry.retries, retry.events, retry.recovered, retry.lost_ns) == (
        "fetch_page",
        2,
        2,
        True,
        19 * SECOND,
    )


def test_a_failed_call_with_other_arguments_was_not_tried_again(tmp_path: Path) -> None:
    recording = Recording()
    recording.span("tool", "fetch", 0, 1, input={"url": "a"}, error="HTTPError: 404")
    recording.span("tool", "fetch", 2, 3, input={"url": "b"})
    assert analysed(recording.write(tmp_path)).retries == []


def deep_failure() -> Recording:
    """A cause four levels down, ten minutes before the end of a run that failed in the end."""
    recording = Recording("nightly")
    agent = recording.span("agent", "planner", 0, 900, error="RunError: no report")
    step = recording.span("step", "gather", 10, 880, parent=agent, error="StepError: reader failed")
    reader = recording.span("agent", "reader", 20, 870, parent=step, error="ReaderError: no sources")
    recording.span("llm", "choose", 25, 60, parent=reader)
    trace = 'Traceback (most recent call last):\n  File "/srv/app/fetch.py", line 88, in get_page\n    raise x\n'
    recording.span(
        "tool",
        "fetch_page",
        100,
        300,
        parent=reader,
        input={"url": "https://example.org/a"},
        error="TimeoutError: upstream timed out after 30 s",
        traceback=trace,
    )
    other = recording.span("agent", "writer", 90, 700, parent=step)
    recording.span("llm", "draft", 200, 650, parent=other)
    recording.span("llm", "summarise", 400, 860, parent=reader)
    recording.ends(900, "error")
    return recording


def test_a_first_cause_four_levels_down_and_ten_minutes_before_the_end_is_told_with_its_circumstances(
    tmp_path: Path,
) -> None:
    about = analysed(deep_failure().write(tmp_path))
    first = about.errors.first
    assert first is not None
    assert [about.name(row) for row in first.path] == ["planner", "gather", "reader", "fetch_page"]
    assert first.cause.text == "TimeoutError: upstream timed out after 30 s"
    assert first.frame == "fetch.py:88 in get_page"
    assert first.subject == "https://example.org/a"
    assert first.before is not None
    assert about.name(first.before) == "choose"
    assert [(about.name(each.row), first.cause.time - each.since) for each in first.beside] == [("draft", 100 * SECOND)]
    assert [about.name(row) for row in first.led_to] == ["reader", "gather", "planner"]
    assert about.spans.begin + (about.wall_ns or 0) - first.cause.time == 600 * SECOND


def test_a_growing_context_that_is_compacted_is_found(tmp_path: Path) -> None:
    recording = Recording()
    agent = recording.span("agent", "coder", 0, 100)
    sizes = [10_000, 25_000, 60_000, 120_000, 170_000, 22_000, 30_000, 41_000]
    for number, size in enumerate(sizes):
        recording.span("llm", "answer", number * 10, number * 10 + 5, parent=agent, usage={"input": size, "output": 9})
    (growth,) = analysed(recording.write(tmp_path)).contexts
    (compaction,) = growth.compactions
    assert (growth.name, growth.tokens, growth.largest) == ("coder", tuple(sizes), 170_000)
    assert (compaction.before, compaction.after, compaction.recorded) == (170_000, 22_000, False)


def test_different_prompts_in_turn_are_no_compaction(tmp_path: Path) -> None:
    recording = Recording()
    for number in range(12):
        name, size = ("plan", 30_000) if number % 4 == 3 else ("check", 900)
        recording.span("llm", name, number, number + 0.5, usage={"input": size, "output": 1})
    (growth,) = analysed(recording.write(tmp_path)).contexts
    assert growth.compactions == ()


def test_a_prompt_that_was_too_long_is_told_with_the_limit(tmp_path: Path) -> None:
    recording = Recording()
    agent = recording.span("agent", "reader", 0, 9)
    recording.span("llm", "extract", 0, 1, parent=agent, usage={"input": 170_000, "output": 5})
    error = "ContextLengthError: prompt has 212,480 tokens, the limit is 200,000"
    recording.span("llm", "extract", 2, 3, parent=agent, usage={"input": 180_000}, error=error)
    about = analysed(recording.write(tmp_path))
    assert (about.contexts[0].limit, len(about.contexts[0].over_limit)) == (200_000, 1)
    assert [each.rule for each in about.advice] == ["over-limit", "context"]


def test_a_run_that_stopped_without_an_end_says_where(tmp_path: Path) -> None:
    recording = Recording()
    agent = recording.span("agent", "auditor", 0, None)
    step = recording.span("step", "audit 5", 5, None, parent=agent)
    recording.span("tool", "read", 6, 7, parent=step)
    recording.span("tool", "convert", 8, None, parent=step)
    recording.event("log", "note", 19)
    about = analysed(recording.write(tmp_path))
    assert about.status == "unfinished"
    assert [about.name(each.row) for each in about.open_spans] == ["auditor", "audit 5", "convert"]
    (found,) = about.advice
    assert (found.rule, [about.name(row) for row in found.rows]) == ("stopped", ["convert"])
    assert found.figures["longest_open_ns"] == 11 * SECOND


def claude_session(folder: Path, failed: int) -> Path:
    """A session of Claude Code that answered in the end, after so many tool results with ``is_error``."""
    import json

    lines = []

    def line(type_: str, number: int, content: object, **more: object) -> None:
        lines.append(
            {
                "type": type_,
                "uuid": f"u{len(lines)}",
                "parentUuid": f"u{len(lines) - 1}" if lines else None,
                "sessionId": "5e55",
                "timestamp": f"2026-03-02T08:{number // 60:02}:{number % 60:02}.000Z",
                "isSidechain": False,
                "cwd": "/w",
                "version": "2.0.0",
                "message": {"role": type_, "content": content, **more},
            }
        )

    line("user", 0, "fix the build")
    for number in range(failed):
        call = {"type": "tool_use", "id": f"t{number}", "name": "Bash", "input": {"command": f"make {number}"}}
        usage = {"input_tokens": 10, "output_tokens": 5}
        line(
            "assistant",
            2 * number + 1,
            [call],
            id=f"m{number}",
            model="claude-sonnet-4-5",
            usage=usage,
            stop_reason="tool_use",
        )
        result = {
            "type": "tool_result",
            "tool_use_id": f"t{number}",
            "content": f"Exit code {number + 1}\nno rule",
            "is_error": True,
        }
        line("user", 2 * number + 2, [result])
    text = [{"type": "text", "text": "I could not."}]
    line("assistant", 2 * failed + 3, text, id="mm", model="claude-sonnet-4-5", usage=usage, stop_reason="end_turn")
    path = folder / "5e55.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    return path


def test_29_tool_results_that_their_producer_flagged_are_29_also_where_the_run_went_well(tmp_path: Path) -> None:
    about = analysed(claude_session(tmp_path, 29))
    assert about.status == "ok"
    assert about.tool_calls == (29, 29)
    (group,) = about.errors.groups
    assert (group.text, len(group.causes), group.names) == ("no rule", 29, {"Bash": 29})
    assert "tool-fails" in [each.rule for each in about.advice]


def test_attempts_that_events_of_their_parent_tell_of_are_counted_and_blamed_once(tmp_path: Path) -> None:
    recording = Recording()
    job = recording.span("step", "flaky", 0, 10, error="JobError: broken")
    first, _ = (
        recording.span("step", "shell", at, at + 4, parent=job, error="StageError: broken") for at in (1.0, 6.0)
    )
    for at in (2, 3):
        recording.event("retry", "retry", at, first)
    recording.event("retry", "retry", 5.5, job)
    recording.ends(10, "error")
    about = analysed(recording.write(tmp_path))
    assert about.retry_count == about.run.retry_count == 3
    assert [each.text.partition(":")[0] for each in about.advice if each.rule == "retries"] == ["flaky"]


def test_an_event_that_announces_the_next_attempt_is_not_counted_beside_it(tmp_path: Path) -> None:
    recording = Recording()
    failed = recording.span("tool", "fetch", 0, 4, input={"q": 1}, error="TimeoutError: no answer")
    recording.event("retry", "retry", 3, failed)
    recording.span("tool", "fetch", 5, 6, input={"q": 1})
    recording.ends(6)
    (retry,) = analysed(recording.write(tmp_path)).retries
    assert (retry.retries, retry.events, retry.recovered) == (1, 1, True)


def test_of_error_events_the_first_in_time_broke_first(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    lines = [(2, "second"), (1, "first")]
    path.write_text(
        "".join(f'{{"time": "2026-01-01T00:00:0{at}Z", "level": "error", "message": "{word}"}}\n' for at, word in lines)
    )
    first = analysed(path).errors.first
    assert first is not None
    assert first.cause.text == "first"
