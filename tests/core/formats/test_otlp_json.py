"""Quirks of OpenTelemetry JSON."""

import base64
import json
from functools import partial

import pytest

from tests.core.formats.lanes import stored
from tests.core.formats.reading import (
    SAMPLES,
    bodies,
    candidate,
    claim,
    decoder_for,
    fact,
    fold,
    only_run,
    read,
    read_text,
)
from tracetui.core.formats import Unrecognised, _otlp_lane, detect
from tracetui.core.formats._lines import LineDecoder
from tracetui.core.formats._otlp_spans import any_value, identifier, nanoseconds
from tracetui.core.model import ABSENT, NO_TIME, EventClass, Kind, Status

FOLDER = SAMPLES / "otlp-json"
TRACE = "0af7651916cd43dd8448eb211c80319c"
ROOT, CHILD = "00000000000000a1", "00000000000000b2"
T0 = 1_772_438_400_000_000_000


def value(plain):
    match plain:
        case bool():
            return {"boolValue": plain}
        case int():
            return {"intValue": str(plain)}
        case float():
            return {"doubleValue": plain}
        case _:
            return {"stringValue": plain}


def span(id_=ROOT, parent=None, name="work", start=0, end=10, status=None, events=(), trace=TRACE, **attributes):
    item = {
        "traceId": trace,
        "spanId": id_,
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(T0 + start),
        "endTimeUnixNano": str(T0 + end),
        "attributes": [{"key": key.replace("__", "."), "value": value(plain)} for key, plain in attributes.items()],
        "status": status or {},
        "events": list(events),
    }
    return item if parent is None else item | {"parentSpanId": parent}


def request(*spans):
    return {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{"scope": {}, "spans": list(spans)}]}]}


def sample(name):
    return only_run(read((FOLDER / name).read_bytes()))


def with_attributes(id_=ROOT, parent=None, **kinds):
    """A span with attributes whose keys hold characters that Python names cannot."""
    pairs = kinds.pop("pairs")
    return span(id_, parent, **kinds) | {
        "attributes": [{"key": key, "value": value(plain)} for key, plain in pairs.items()]
    }


def detail_of(item):
    data = json.dumps(request(item)).encode() + b"\n"
    return claim(data).format.span_detail([next(bodies(read(data), data))])


def test_a_failed_run_has_its_first_cause_several_levels_down():
    run = sample("carrier_timeout.jsonl")
    assert fact(run, "status") is Status.error
    key = next(key for key, item in run.told.items() if item["name"] == "GET carrier.example")
    path = []
    while key:
        path.append(run.spans[key]["name"])
        key = run.spans[key].get("parent")
    assert path[1:] == [
        "execute_tool track_parcel",
        "invoke_agent shipping",
        "invoke_agent order-desk",
        "answer question",
    ]


def test_a_run_without_its_root_is_called_by_its_earliest_span_and_has_no_end():
    runs, bad = fold(read((FOLDER / "killed_before_the_root.jsonl").read_bytes()))
    (run,) = runs.values()
    assert [op.reason for op in bad] == ["incomplete last line"]
    assert (fact(run, "name"), fact(run, "status"), fact(run, "records_end")) == ("chat gpt-5-mini", None, True)


def test_children_come_before_parents():
    run = only_run(read_text(request(span(CHILD, ROOT, "child", 2, 5)), request(span(name="root"))))
    assert run.parent_name("child") == "root"
    assert fact(run, "name") == "root"


def test_an_orphan_names_a_parent_that_is_not_there():
    run = only_run(read_text(request(span(CHILD, ROOT, "child"))))
    assert run.told[CHILD]["parent"] == ROOT
    assert list(run.told) == [CHILD]


def test_one_line_may_hold_spans_of_several_traces_and_a_trace_may_spread_over_lines():
    other = "f" * 32
    runs, _ = fold(
        read_text(
            request(span(CHILD, ROOT), span(CHILD, trace=other)), request(span()), request(span(ROOT, trace=other))
        )
    )
    assert {key: len(run.told) for key, run in runs.items()} == {TRACE: 2, other: 2}


def test_ids_are_the_same_in_any_spelling():
    assert identifier(TRACE.upper(), 16) == TRACE
    assert identifier("0x" + TRACE, 16) == TRACE
    assert identifier(base64.b64encode(bytes.fromhex(TRACE)).decode(), 16) == TRACE
    assert identifier(base64.b64encode(bytes.fromhex(ROOT)).decode(), 8) == ROOT


@pytest.mark.parametrize("none", ["", "0" * 16, None, 7])
def test_an_empty_or_zero_parent_is_none(none):
    assert identifier(none, 8) == ""


def test_snake_case_enum_names_and_base64_in_one_pretty_object_are_read():
    run = sample("pretty_snake_case.json")
    assert [item["name"] for item in run.told.values()] == ["load figures", "ollama.chat", "nightly report.workflow"]
    assert run.parent_name("ollama.chat") == "nightly report.workflow"
    assert run.usage_sums() == {"input": 640, "output": 51, "total": 691}
    assert fact(run, "status") is Status.ok


def test_old_library_spans_and_a_missing_resource_are_read():
    old = {
        "resourceSpans": [
            {"instrumentationLibrarySpans": [{"instrumentationLibrary": {"name": "x"}, "spans": [span()]}]}
        ]
    }
    assert list(only_run(read_text(old)).told) == [ROOT]


@pytest.mark.parametrize(
    ("written", "time"), [(str(T0), T0), (T0, T0), (1.5e18, 1_500_000_000_000_000_000), ("", NO_TIME)]
)
def test_times_are_text_or_numbers(written, time):
    assert nanoseconds(written) == time


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ({"intValue": "9007199254740993"}, 9007199254740993),
        ({"intValue": 5}, 5),
        ({"doubleValue": "NaN"}, None),
        ({"boolValue": False}, False),
        ({"bytesValue": "AAE="}, "AAE="),
        ({"arrayValue": {"values": [{"stringValue": "a"}, {}]}}, ["a", None]),
        ({"kvlistValue": {"values": [{"key": "k", "value": {"int_value": "1"}}]}}, {"k": 1}),
        ({}, None),
        ({"arrayValue": {}}, []),
    ],
)
def test_every_kind_of_value_is_plain(written, plain):
    found = any_value(written)
    assert found == plain or (plain is None and found != found)


def test_a_span_without_end_is_open():
    run = only_run(read_text(request(span() | {"endTimeUnixNano": "0"})))
    assert "end" not in run.told[ROOT]
    assert fact(run, "status") is None


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"code": 2}, Status.error),
        ({"code": "STATUS_CODE_ERROR"}, Status.error),
        ({"code": 1}, Status.ok),
        ({"code": 0}, Status.unset),
        ({}, Status.unset),
        ({"code": [2]}, Status.unset),
    ],
)
def test_a_span_fails_by_its_status_code(status, expected):
    assert only_run(read_text(request(span(status=status)))).told[ROOT]["status"] is expected


def test_the_root_decides_how_the_run_went():
    failed_child = span(CHILD, ROOT, "child", status={"code": 2})
    run = only_run(read_text(request(failed_child, span())))
    assert (fact(run, "status"), fact(run, "end")) == (Status.ok, T0 + 10)


@pytest.mark.parametrize(
    ("pairs", "kind"),
    [
        ({"openinference.span.kind": "RERANKER", "gen_ai.operation.name": "chat"}, Kind.reranker),
        ({"openinference.span.kind": "PROMPT"}, Kind.chain),
        ({"gen_ai.operation.name": "execute_tool", "traceloop.span.kind": "workflow"}, Kind.tool),
        ({"gen_ai.operation.name": "something_new"}, Kind.span),
        ({"traceloop.span.kind": "task"}, Kind.chain),
        ({"llm.request.type": "chat"}, Kind.llm),
        ({}, Kind.span),
    ],
)
def test_the_kind_is_that_of_the_first_family(pairs, kind):
    assert only_run(read_text(request(with_attributes(pairs=pairs)))).told[ROOT]["kind"] is kind


def test_two_families_of_token_counts_are_not_added_up():
    pairs = {
        "openinference.span.kind": "LLM",
        "llm.token_count.prompt": 10,
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.usage.output_tokens": 4,
        "llm.cost.total": 0.5,
        "operation.cost": 0.7,
    }
    assert only_run(read_text(request(with_attributes(pairs=pairs)))).usage_sums() == {
        "input": 10,
        "output": 4,
        "cost_usd": 0.5,
    }


def test_tokens_of_spans_that_are_no_model_calls_do_not_count():
    pairs = {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 99}
    assert only_run(read_text(request(with_attributes(pairs=pairs)))).usage_sums() == {}


def test_a_console_exporters_objects_are_read():
    run = sample("console.json")
    assert run.parent_name("openai.chat") == "write.task"
    assert run.named("openai.chat")["usage"].total == 37
    assert fact(run, "name") == "joke.workflow"


def test_a_logfire_marker_is_an_open_span_until_the_span_itself_comes():
    marker = span(
        "c" * 16, ROOT, "handle {n}", 0, 0, logfire__span_type="pending_span", logfire__pending_parent_id="0" * 16
    )
    live = only_run(read_text(request(marker)))
    assert list(live.told) == [ROOT]
    assert live.types.total() == 0
    assert "end" not in live.told[ROOT]
    whole = only_run(read_text(request(marker), request(span(name="handle {n}", logfire__msg="handle 7"))))
    assert (whole.told[ROOT]["name"], whole.types) == ("handle 7", {"span": 1})


def test_a_logfire_marker_with_the_same_id_is_taken_over_too():
    marker = span(name="handle", end=0, logfire__span_type="pending_span")
    run = only_run(read_text(request(marker), request(span(name="handle"))))
    assert (len(run.told), run.types) == (1, {"span": 1})


def test_a_logfire_log_is_a_span_and_an_error_level_shows_as_an_error_event():
    run = only_run(
        read_text(request(span(CHILD, ROOT, "no forecast", logfire__span_type="log", logfire__level_num=17)))
    )
    assert run.told[CHILD]["status"] is Status.unset
    assert run.types == {"span": 1}
    assert [(span_, cls) for _, span_, cls, _ in run.events] == [(CHILD, EventClass.error)]


def test_a_list_of_requests_is_read_and_every_span_has_a_place_of_its_own():
    data = (FOLDER / "logfire_list.json").read_bytes()
    raws = [json.loads(body.raw) for body in bodies(read(data), data)]
    assert [raw["name"] for raw in raws] == [
        "handle request {n}",
        "running tool",
        "no forecast for {city}",
        "handle request {n}",
    ]


def test_a_damaged_pretty_object_costs_the_objects_around_it_nothing():
    data = (FOLDER / "console.json").read_bytes()
    runs, bad = fold(read(data.replace(b'"kind": "SpanKind.CLIENT",', b'"kind": SpanKind.CLIENT,', 1)))
    (run,) = runs.values()
    assert len(bad) == 1
    assert len(run.told) == 3


def test_an_exception_event_is_an_error_event_with_type_and_traceback():
    events = [
        {
            "timeUnixNano": str(T0 + 5),
            "name": "exception",
            "attributes": [
                {"key": "exception.type", "value": {"stringValue": "OSError"}},
                {"key": "exception.message", "value": {"stringValue": "disk full"}},
                {"key": "exception.stacktrace", "value": {"stringValue": "Traceback…"}},
            ],
        }
    ]
    item = span(status={"code": 2}, events=events)
    run = only_run(read_text(request(item)))
    assert run.events == [("exception", ROOT, EventClass.error, T0 + 5)]
    assert run.types == {"span": 1, "exception": 1}
    error = detail_of(item).error
    assert (error.type, error.message, error.traceback) == ("OSError", "disk full", "Traceback…")


def test_the_records_of_a_line_are_found_by_their_number():
    event = {"timeUnixNano": "1", "name": "note", "attributes": [{"key": "message", "value": {"stringValue": "hi"}}]}
    data = json.dumps(request(span(CHILD, ROOT, "one", events=[event, event]), span(name="two"))).encode() + b"\n"
    format_ = claim(data).format
    records = list(bodies(read(data), data))
    assert [record.type for record in records] == ["span", "note", "note", "span"]
    assert format_.event_detail(records[2]).text == "hi"
    assert format_.span_detail([records[3]]).id == ROOT


def test_a_span_without_an_id_is_unreadable_and_the_others_are_kept():
    runs, bad = fold(read_text(request(span() | {"traceId": ""}, span())))
    assert [op.reason for op in bad] == ["a span without id"]
    assert list(runs[TRACE].told) == [ROOT]


def test_logs_and_metrics_are_told_apart_from_traces():
    data = json.dumps({"resourceLogs": []}, indent=1).encode()
    assert detect(candidate(data)) == Unrecognised("OpenTelemetry logs, which hold no spans")
    _, bad = fold(read_text(request(span()), {"resourceLogs": []}))
    assert [op.reason for op in bad] == ["OpenTelemetry logs, no spans"]


def texts(messages):
    return [(message.role, message.text, message.tool_calls) for message in messages]


def test_messages_of_openinference_are_put_together_again_in_numeric_order():
    pairs = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "m",
        "llm.input_messages.10.message.role": "user",
        "llm.input_messages.10.message.content": "last",
        "llm.input_messages.2.message.role": "system",
        "llm.input_messages.2.message.content": "first",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "lookup",
        "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"order": 7}',
    }
    detail = detail_of(with_attributes(pairs=pairs))
    assert texts(detail.messages) == [
        ("system", "first", []),
        ("user", "last", []),
        ("assistant", "", [("lookup", {"order": 7})]),
    ]
    assert (detail.model, detail.attributes["kind.original"]) == ("m", "LLM")


def test_messages_of_the_genai_convention_are_read_from_their_json_text():
    said = [
        {"role": "assistant", "parts": [{"type": "tool_call", "name": "f", "arguments": {"n": 1}}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "name": "f", "result": "done"}]},
    ]
    pairs = {
        "gen_ai.operation.name": "chat",
        "gen_ai.system_instructions": json.dumps([{"type": "text", "content": "be brief"}]),
        "gen_ai.input.messages": json.dumps(said),
        "gen_ai.output.messages": "not json",
    }
    assert texts(detail_of(with_attributes(pairs=pairs)).messages) == [
        ("system", "be brief", []),
        ("assistant", "", [("f", {"n": 1})]),
        ("tool", "done", []),
    ]


def test_messages_of_openllmetry_are_read():
    pairs = {"llm.request.type": "chat", "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "hi"}
    assert texts(detail_of(with_attributes(pairs=pairs)).messages) == [("user", "hi", [])]


def test_messages_in_span_events_are_read():
    event = {"name": "gen_ai.user.message", "attributes": [{"key": "content", "value": {"stringValue": "hello"}}]}
    detail = detail_of(span(events=[event], gen_ai__operation__name="chat"))
    assert texts(detail.messages) == [("user", "hello", [])]


def test_a_tool_shows_arguments_result_and_what_it_was_about():
    pairs = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "lookup",
        "gen_ai.tool.call.arguments": '{"order": 7, "query": "late"}',
        "gen_ai.tool.call.result": "in transit",
    }
    detail = detail_of(with_attributes(pairs=pairs))
    assert (detail.input, detail.output, detail.subject) == ({"order": 7, "query": "late"}, "in transit", "late")


def test_a_span_without_input_says_so():
    detail = detail_of(span())
    assert (detail.input, detail.output) == (ABSENT, ABSENT)


def test_retrieved_documents_are_the_output():
    pairs = {
        "openinference.span.kind": "RETRIEVER",
        "input.value": "refund policy",
        "retrieval.documents.1.document.content": "b",
        "retrieval.documents.0.document.content": "a",
    }
    detail = detail_of(with_attributes(pairs=pairs))
    assert detail.output == [{"document.content": "a"}, {"document.content": "b"}]
    assert detail.subject == "refund policy"


def lane_and_long_way(*lines):
    """Operations of lines, with the fast lane and without it; and how many lines took the lane."""
    data = b"".join(line + b"\n" for line in lines)
    head = json.dumps(request(span())).encode() + b"\n"

    def told(*, fast):
        decoder = decoder_for(head)
        return (decoder.feed if fast else partial(LineDecoder.lines, decoder, a=0))(data)

    return told(fast=True), told(fast=False), sum(_otlp_lane.spans_in(line) is not None for line in lines)


@pytest.mark.parametrize("name", ["carrier_timeout", "genai", "killed_before_the_root", "openinference"])
def test_the_fast_lane_says_the_same_of_every_line(name):
    lines = (FOLDER / f"{name}.jsonl").read_bytes().splitlines()
    quick, slow, taken = lane_and_long_way(*lines)
    assert quick == slow
    assert taken >= len(lines) - 1


@pytest.mark.parametrize("size", [1, 7, 4096])
@pytest.mark.parametrize("name", ["carrier_timeout", "genai", "killed_before_the_root", "openinference"])
def test_any_pieces_end_in_the_same_store_as_the_long_way(name, size, monkeypatch):
    data = (FOLDER / f"{name}.jsonl").read_bytes()
    quick, _ = stored([("/traces/x", data)], size)
    monkeypatch.setattr(_otlp_lane, "takes", lambda block: False)
    slow, _ = stored([("/traces/x", data)], len(data))
    assert quick == slow


def changed_span(**fields):
    return span(gen_ai__operation__name="chat", gen_ai__usage__input_tokens=3) | fields


@pytest.mark.parametrize(
    "item",
    [
        changed_span(traceId=None, trace_id=TRACE),
        changed_span(traceId="0" * 32),
        changed_span(traceId=base64.b64encode(bytes.fromhex(TRACE)).decode()),
        changed_span(spanId=ROOT.upper()),
        changed_span(spanId=7),
        changed_span(parentSpanId=None),
        changed_span(parent_span_id=CHILD),
        changed_span(parentSpanId="", parent_span_id=CHILD),
        changed_span(parentSpanId="0" * 16),
        changed_span(startTimeUnixNano=T0),
        changed_span(endTimeUnixNano=None),
        changed_span(endTimeUnixNano="9" * 19),
        changed_span(endTimeUnixNano="1" * 30),
        changed_span(name=None),
        changed_span(name=["work"]),
        changed_span(status=None),
        changed_span(status=[2]),
        changed_span(status={"code": 2.0}),
        changed_span(status={"code": True}),
        changed_span(status={"code": "2"}),
        changed_span(status={"code": "2.0"}),
        changed_span(status={"code": "STATUS_CODE_ERROR"}),
        changed_span(status="null"),
        changed_span(startTimeUnixNano="5", endTimeUnixNano="05"),
        changed_span(startTimeUnixNano="1e18"),
        changed_span(startTimeUnixNano=" 5"),
        changed_span(startTimeUnixNano="-5"),
        changed_span(startTimeUnixNano=True),
        changed_span(startTimeUnixNano=1.5e18),
        changed_span(status={"code": 2, "message": {"deep": 1}}),
        changed_span(attributes=None),
        changed_span(attributes={"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 5}),
        changed_span(attributes=["x", {"key": ["y"]}, {"value": {}}, {"key": "error.type"}]),
        changed_span(attributes=[{"key": "error.type", "value": None}]),
        changed_span(attributes=[{"key": "logfire.level_num", "value": {"intValue": n}} for n in (17, 9)]),
        changed_span(attributes=[{"key": "llm.cost.total", "value": {"doubleValue": float("nan")}}]),
        changed_span(attributes=[{"key": "llm.cost.total", "value": {"intValue": 10**30}}]),
        changed_span(attributes=[{"key": "session.id", "value": {"stringValue": "é" * 70}}]),
        changed_span(events=None),
        changed_span(events=[7, {"name": 7}, {"name": "exception"}]),
        changed_span(events=[{"name": "note", "time_unix_nano": "5"}]),
        changed_span(events=[{"name": "note", "timeUnixNano": "5"}]),
    ],
)
def test_an_oddly_spelt_span_is_read_alike_by_both_lanes(item):
    quick, slow, _ = lane_and_long_way(json.dumps(request(item, span(CHILD, ROOT))).encode())
    assert repr(quick) == repr(slow)
    assert quick


@pytest.mark.parametrize(
    "line",
    [
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"\xff"}]}]}]}',
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[]}],"x":"\xed\xa0\x80"}]}',
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[]}],"x":1e999}]}',
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[]}],"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}]}",
        b'{"resourceSpans":[{"resource":null,"scopeSpans":[null,{"spans":[null]}]}]}',
        b'{"resourceSpans":[{"resource":{"attributes":5},"scopeSpans":[{"spans":null}]}]}',
        b'{"resourceSpans":null,"resource_spans":[]}',
        b'{"resourceSpans":[',
        b'{"resourceLogs":[]}',
        b"[]",
        b"",
        b" ",
    ],
)
def test_a_damaged_or_strange_line_is_read_alike_by_both_lanes(line):
    good = json.dumps(request(span())).encode()
    for around in (b"", b"\r"):
        quick, slow, _ = lane_and_long_way(good + around, line + around, good)
        assert quick == slow


def test_a_fault_in_one_line_of_the_fast_lane_costs_the_others_nothing(monkeypatch):
    def faulty(attributes):
        if "error.type" in attributes:
            raise ZeroDivisionError
        return Kind.span, ""

    monkeypatch.setattr("tracetui.core.formats._genai.kind_of_span", faulty)
    runs, bad = fold(read_text(request(span(error__type="x")), request(span(CHILD, ROOT))))
    assert [(op.line, op.reason) for op in bad] == [(1, "decoder fault: ZeroDivisionError")]
    assert list(runs[TRACE].told) == [CHILD]
