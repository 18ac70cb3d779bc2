"""Quirks of design-research-agents."""

import json
import re

import pytest

from tests.core.formats.lanes import assert_the_lanes_agree, stored
from tests.core.formats.reading import SAMPLES, bodies, claim, fact, fold, only_run, read, read_text
from tracetui.core.formats._base import RecordBody
from tracetui.core.model import ABSENT, NO_TIME, EventClass, Flag, Kind, Status, Usage

FOLDER = SAMPLES / "design-research-agents"
RUN, STEP, CALL = "a" * 32, "b" * 32, "c" * 32
SECOND = 1_772_438_400_000_000_000


def event(type_, span, parent=None, at=0.0, duration=None, run_id="r-1", index=0, **attributes):
    micro = round(at * 1_000_000)
    return {
        "event_type": type_,
        "run_id": run_id,
        "span_id": span,
        "parent_span_id": parent,
        "timestamp": f"2026-03-02T08:00:{micro // 1_000_000:02d}.{micro % 1_000_000:06d}+00:00",
        "timestamp_ms": 1_772_438_400_000 + micro // 1000,
        "duration_ms": duration,
        "attributes": attributes,
        "event_index": index,
    }


START = event("RunStarted", RUN, agent="planner", request_id="r-1", input={"goal": "x"})
FINISH = event("RunFinished", RUN, at=3, duration=3000, success=True, error=None, result=None)
STEP_START = event("WorkflowStepStarted", STEP, RUN, 1, step_id="s1", step_type="model", dependencies=[])
STEP_END = event("WorkflowStepFinished", STEP, RUN, 2, 1000, step_id="s1", status="completed", error=None)
CALL_START = event("ModelCallStarted", CALL, STEP, 1.1, model="m", messages=[])


def usage(n):
    return {"prompt_tokens": n, "completion_tokens": 1, "total_tokens": n + 1}


def observed(span, source, n, parent=RUN):
    return event("ModelResponseObserved", span, parent, 1.5, source=source, response={}, usage=usage(n))


def sample(name):
    return read((FOLDER / name).read_bytes())


def test_a_failed_run_has_its_first_cause_several_levels_down():
    run = only_run(sample("run_20261120T212927Z_direct-fail.jsonl"))
    failed = [span["name"] for span in run.told.values() if span.get("status") is Status.error]
    assert failed == ["DirectLLMCall", "WorkflowRuntime", "call_model", "desk-7b"]
    assert run.parent_name("desk-7b") == "call_model"
    assert (fact(run, "status"), fact(run, "status_reason")) == (Status.error, "asked to fail")


def test_kinds_are_those_of_the_five_span_types():
    run = only_run(sample("run_20261120T212929Z_every-event.jsonl"))
    assert {span["name"]: span["kind"] for span in run.told.values()} == {
        "orchestrator": Kind.chain,
        "researcher": Kind.agent,
        "writer": Kind.agent,
        "m-small": Kind.llm,
        "calc": Kind.tool,
    }


def test_decisions_tokens_and_observations_are_events_of_their_span():
    run = only_run(sample("run_20261120T212929Z_every-event.jsonl"))
    classes = {type_: cls for type_, _, cls, _ in run.events}
    assert classes["RouterDecision"] == classes["GuardrailDecision"] == EventClass.decision
    assert classes["ModelCallToken"] is EventClass.token
    assert classes["ModelRequestObserved"] is EventClass.message
    assert classes["ToolResultObserved"] is EventClass.event
    assert all(span in run.told for _, span, _, _ in run.events)


def test_the_run_is_its_root_span_and_is_called_by_the_request_id():
    run = only_run(read_text(START, FINISH))
    assert fact(run, "name") == "r-1"
    assert list(run.told) == [RUN]
    assert run.named("planner")["kind"] is Kind.chain


def test_two_roots_in_one_file_are_two_runs():
    runs, bad = fold(sample("run_20261120T212930Z_same-second.jsonl"))
    assert (len(runs), bad) == (2, [])
    assert [fact(run, "name") for run in runs.values()] == ["same-second", "same-second"]
    assert [len(run.told) for run in runs.values()] == [1, 1]


def test_interleaved_runs_of_one_request_id_are_kept_apart_by_their_parents():
    other_root, other_step = "d" * 32, "e" * 32
    runs, _ = fold(
        read_text(
            START,
            event("RunStarted", other_root, agent="planner"),
            STEP_START,
            event("WorkflowStepStarted", other_step, other_root, 1, step_id="s2"),
            STEP_END,
            FINISH,
        )
    )
    assert {key: len(run.told) for key, run in runs.items()} == {RUN: 2, other_root: 2}
    assert fact(runs[other_root], "status") is None


def test_a_file_without_its_root_start_is_one_run_under_the_oldest_known_ancestor():
    runs, _ = fold(read_text(STEP_START, CALL_START, STEP_END, FINISH))
    assert list(runs) == [RUN]
    assert fact(runs[RUN], "status") is Status.ok


def test_a_root_whose_start_is_lost_does_not_end_another_run():
    other_end = event("RunFinished", "d" * 32, at=4, success=False, error="x", result=None)
    runs, _ = fold(read_text(START, FINISH, other_end))
    assert fact(runs[RUN], "status") is Status.ok


def test_an_end_of_an_unknown_span_shows_but_does_not_count_as_a_span():
    run = only_run(
        read_text(START, event("ToolCallFailed", STEP, at=2, duration=500, tool_name="calc", error="x"), FINISH)
    )
    assert list(run.told) == [RUN]
    lost = run.spans[STEP]
    assert (lost["name"], lost["status"]) == ("calc", Status.error)
    assert (lost["start"], lost["end"]) == (SECOND + 1_500_000_000, SECOND + 2_000_000_000)
    assert lost["flags"] & Flag.start_inferred


def test_a_start_without_an_end_stays_open_even_in_a_finished_run():
    run = only_run(read_text(START, STEP_START, FINISH))
    assert "end" not in run.named("s1")
    assert fact(run, "status") is Status.ok


def test_a_killed_run_has_no_end_and_a_torn_last_line():
    runs, bad = fold(sample("run_20261120T212930Z_killed-run.jsonl"))
    (run,) = runs.values()
    assert [(op.line, op.reason, op.run) for op in bad] == [(62, "incomplete last line", next(iter(runs)))]
    assert (fact(run, "records_end"), fact(run, "status")) == (True, None)


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (event("ModelCallFailed", STEP, error="x"), Status.error),
        (event("ToolCallFinished", STEP, ok=False), Status.error),
        (event("ToolCallFinished", STEP, ok=True), Status.ok),
        (event("AgentRunFinished", STEP, success=False, error=None), Status.error),
        (event("WorkflowStepFinished", STEP, status="failed"), Status.error),
        (event("WorkflowStepFinished", STEP, status="skipped"), Status.skipped),
        (event("WorkflowStepFinished", STEP, status="odd"), Status.unset),
        (event("ModelCallFinished", STEP), Status.ok),
    ],
)
def test_a_span_fails_by_its_end(end, status):
    assert only_run(read_text(START, STEP_START, end)).spans[STEP]["status"] is status


def test_a_successful_run_keeps_the_failures_inside():
    run = only_run(
        read_text(START, STEP_START, event("WorkflowStepFinished", STEP, RUN, 2, 1, status="failed"), FINISH)
    )
    assert fact(run, "status") is Status.ok
    assert run.spans[STEP]["status"] is Status.error


def test_usage_of_a_model_call_counts_and_its_observation_does_not():
    call_end = event("ModelCallFinished", CALL, STEP, 2, 900, model="m", response={}, usage=usage(10))
    run = only_run(read_text(START, STEP_START, CALL_START, observed(STEP, "client", 10), call_end, STEP_END, FINISH))
    assert run.usage_sums() == {"input": 10, "output": 1, "total": 11}


def test_an_observation_before_its_model_call_is_taken_back():
    call_end = event("ModelCallFinished", CALL, STEP, 2, 900, model="m", response={}, usage=usage(10))
    run = only_run(read_text(START, STEP_START, observed(STEP, "client", 10), CALL_START, call_end))
    assert run.spans[STEP]["usage"] == Usage()
    assert run.usage_sums()["input"] == 10


def test_usage_of_a_failed_call_counts():
    failed = event("ModelCallFailed", CALL, STEP, 2, 900, model="m", error="x", usage=usage(5))
    assert only_run(read_text(START, STEP_START, CALL_START, failed)).usage_sums()["input"] == 5


def test_a_step_without_a_call_counts_one_source_of_observations():
    run = only_run(read_text(START, STEP_START, observed(STEP, "runtime", 7), observed(STEP, "client", 7), STEP_END))
    assert run.usage_sums() == {"input": 7, "output": 1, "total": 8}


def test_the_source_with_most_observations_counts():
    lines = [observed(STEP, "runtime", 7), observed(STEP, "client", 3), observed(STEP, "client", 5)]
    assert only_run(read_text(START, STEP_START, *lines, STEP_END)).usage_sums()["input"] == 8


def test_skipped_steps_stand_in_the_result_only_and_are_no_spans():
    steps = {"s2": {"status": "skipped", "error": "skipped_upstream_failure"}}
    end = event("RunFinished", RUN, at=3, duration=3000, success=False, error=None, result={"step_results": steps})
    run = only_run(read_text(START, STEP_START, STEP_END, end))
    assert set(run.told) == {RUN, STEP}
    assert fact(run, "status") is Status.error


def test_what_the_producer_redacted_or_cut_is_shown_as_it_left_it():
    values = {"token": "***REDACTED***", "text": "a" * 20 + "...[truncated:9000]"}
    tool = event("ToolCallStarted", CALL, STEP, 1.1, tool_name="t", tool_input=values)
    format_ = claim(json.dumps(START).encode() + b"\n").format
    detail = format_.span_detail([RecordBody("ToolCallStarted", json.dumps(tool).encode())])
    assert detail.input == values


def test_times_are_those_of_the_timestamp_to_the_microsecond():
    run = only_run(read_text(START, event("WorkflowStepStarted", STEP, RUN, 1.000_123, step_id="s")))
    assert run.named("s")["start"] == SECOND + 1_000_123_000


def test_a_broken_timestamp_falls_back_on_the_milliseconds():
    run = only_run(read_text(START | {"timestamp": "yesterday"}))
    assert run.named("planner")["start"] == SECOND


def test_an_event_without_any_time_is_kept():
    record = event("RouterDecision", RUN) | {"timestamp": None, "timestamp_ms": None}
    assert only_run(read_text(START, record)).events == [("RouterDecision", RUN, EventClass.decision, NO_TIME)]


def test_the_duration_of_the_run_is_the_recorded_one():
    run = only_run(read_text(START, FINISH))
    assert (fact(run, "duration_ns"), fact(run, "end")) == (3_000_000_000, SECOND + 3_000_000_000)


def test_a_failure_without_a_reason_says_so():
    run = only_run(read_text(START, event("RunFinished", RUN, at=1, success=False, error=None)))
    assert (fact(run, "status"), fact(run, "status_reason")) == (Status.error, "success: false")


def test_an_unknown_type_is_an_event():
    run = only_run(read_text(START, event("MoodObserved", RUN, mood="fine")))
    assert run.events[0][:3] == ("MoodObserved", RUN, EventClass.event)


def test_missing_fields_are_no_fault():
    runs, bad = fold(read_text(START, {"event_type": "ToolCallStarted"}, {"span_id": STEP, "attributes": []}))
    assert bad == []
    assert sum(run.types.total() for run in runs.values()) == 3


def test_values_that_are_not_json_everywhere_are_read():
    line = json.dumps(event("ToolCallFinished", STEP, ok=True, result=[float("nan"), 2**70])).encode()
    data = json.dumps(START).encode() + b"\n" + line + b"\n"
    assert fold(read(data))[1] == []


def detail_of(name, data=None):
    data = data or (FOLDER / name[0]).read_bytes()
    operations = read(data)
    run = next(iter(fold(operations)[0].values()))
    key = next(key for key, span in run.told.items() if span.get("name") == name[1])
    of_span = {id(record) for record in run.records[key]}
    records = [op for op in operations if type(op).__name__ == "Record"]
    wanted = [body for body, op in zip(bodies(operations, data), records, strict=True) if id(op) in of_span]
    return claim(data).format.span_detail(wanted)


def test_a_model_call_reads_as_a_conversation_with_its_error():
    detail = detail_of(("run_20261120T212927Z_direct-fail.jsonl", "desk-7b"))
    assert [(message.role, message.text) for message in detail.messages] == [
        ("system", "Be brief."),
        ("user", "[[fail=500]]"),
    ]
    assert (detail.model, detail.subject, detail.error.message) == ("desk-7b", "desk-7b", "asked to fail")
    assert detail.attributes["kind.original"] == "model"


def test_a_tool_call_shows_arguments_result_and_error():
    start = event("ToolCallStarted", STEP, RUN, 1, tool_name="calc", tool_input={"expr": "1/0"})
    end = event(
        "ToolCallFailed", STEP, RUN, 2, 1000, tool_name="calc", ok=False, error="ZeroDivisionError: division by zero"
    )
    data = b"".join(json.dumps(record).encode() + b"\n" for record in (START, start, end))
    detail = detail_of(("", "calc"), data)
    assert (detail.input, detail.subject, detail.output) == ({"expr": "1/0"}, "1/0", ABSENT)
    assert (detail.error.type, detail.error.message) == ("ZeroDivisionError", "division by zero")


def test_a_decision_reads_as_one_line():
    data = (FOLDER / "run_20261120T212929Z_every-event.jsonl").read_bytes()
    format_ = claim(data).format
    texts = {body.type: format_.event_detail(body).text for body in bodies(read(data), data)}
    assert texts["RouterDecision"] == "calc  numbers"
    assert texts["GuardrailDecision"] == "budget: allow  under budget"
    assert texts["ToolResultObserved"] == "calc  ZeroDivisionError: division by zero"


def repeated(sample, copies=40):
    """One run whose spans below the root are told again and again under other ids."""
    lines = (SAMPLES / "design-research-agents" / sample).read_bytes().splitlines(keepends=True)
    root = json.loads(lines[0])["span_id"].encode()
    ends = [line for line in lines if b'"RunFinished"' in line]
    body = b"".join(line for line in lines[1:] if line not in ends)

    def copy(number):
        return root.join(
            re.sub(rb"[0-9a-f]{32}", lambda found: b"%032x" % (int(found[0], 16) ^ number), part)
            for part in body.split(root)
        )

    return b"".join([lines[0], *map(copy, range(copies)), *ends])


@pytest.mark.parametrize("sample", ["run_20261120T212929Z_every-event.jsonl", "run_20261120T212928Z_wf-ok.jsonl"])
def test_large_blocks_take_a_fast_lane_that_ends_in_the_same_store(sample):
    assert_the_lanes_agree((sample, repeated(sample)))


@pytest.mark.parametrize(
    "unusual",
    [b"[]", b"{", b'{"event_type": "ToolCallStarted", "run_id": "r"}', b'{"a": 123456789012345678901234}', b"\r"],
)
def test_a_block_with_something_unusual_goes_the_long_way(unusual):
    name = "run_20261120T212929Z_every-event.jsonl"
    lines = repeated(name, 5).splitlines()
    data = b"\n".join([*lines[:200], unusual, *lines[200:]]) + b"\n"
    assert stored([(name, data)], len(data))[0] == stored([(name, data)], 100)[0]


ODD_LINES = {
    "an attribute that is not UTF-8": json.dumps(event("ToolResultObserved", RUN, note="NOTE")).encode(),
    "an exact long number": json.dumps(event("ToolResultObserved", RUN, n=123456789012345678901234)).encode(),
    "an infinite number": json.dumps(event("ToolResultObserved", RUN, n="N")).encode().replace(b'"N"', b"1e999"),
    "no number": json.dumps(event("ToolResultObserved", RUN, n=float("nan"))).encode(),
    "attributes that are a list": json.dumps(event("ToolResultObserved", RUN) | {"attributes": []}).encode(),
    "attributes that are null": json.dumps(event("ToolResultObserved", RUN) | {"attributes": None}).encode(),
    "a span without its id": json.dumps(event("ToolResultObserved", "")).encode(),
    "a parent without its id": json.dumps(event("ToolResultObserved", RUN, "")).encode(),
    "a time in another layout": json.dumps(
        event("ToolResultObserved", RUN) | {"timestamp": "2026-03-02T08:00:09+00:00"}
    ).encode(),
    "a time of another zone": json.dumps(
        event("ToolResultObserved", RUN) | {"timestamp": "2026-03-02T09:00:09.5+01:00"}
    ).encode(),
    "no time": json.dumps(event("ToolResultObserved", RUN) | {"timestamp": "soon"}).encode(),
    "figures beyond counting": json.dumps(observed(RUN, "s", 10**30)).encode(),
    "a name that is a number": json.dumps(event("ToolCallStarted", CALL, RUN, tool_name=10**30)).encode(),
    "a member told twice": b'{"event_type": "X", ' + json.dumps(event("ToolResultObserved", RUN)).encode()[1:],
}
ODD_LINES["an attribute that is not UTF-8"] = ODD_LINES["an attribute that is not UTF-8"].replace(b"NOTE", b"\xff")


@pytest.mark.parametrize("line", ODD_LINES.values(), ids=ODD_LINES)
def test_an_odd_line_is_read_alike_by_both_lanes(line):
    name = "run_20261120T212929Z_every-event.jsonl"
    lines = repeated(name, 5).splitlines()
    root = json.loads(lines[0])["span_id"].encode()
    data = b"\n".join([*lines[:200], line.replace(RUN.encode(), root), *lines[200:]]) + b"\n"
    assert stored([(name, data)], len(data))[0] == stored([(name, data)], 100)[0]
