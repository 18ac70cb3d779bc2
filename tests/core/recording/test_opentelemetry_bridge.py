"""Spans of OpenTelemetry are recorded as they happen. The SDK itself is in tests/interop; here it is played by hand."""

import json
import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.core.recording.otel_by_hand import EPOCH, SECOND, TRACE, HandSdk, HandSpan, fake_api, made_current, remote
from tracetui import JsonlSink, LoggingHandler, MemorySink, SpanProcessor, Tracer
from tracetui.core.loading import load
from tracetui.core.recording import children
from tracetui.core.recording.records import Record

Values = dict[str, object]


class Bridged:
    """A span processor over a memory sink, an SDK that tells it things, and what was recorded."""

    def __init__(self, sink: MemorySink | None = None, **options: object) -> None:
        self.sink = sink or MemorySink()
        self.tracer = Tracer("agent", sinks=[self.sink], link_children=False, **options)  # type: ignore[arg-type]
        self.processor = SpanProcessor(self.tracer)
        self.sdk = HandSdk(self.processor)

    def records(self, type_: str | None = None) -> list[Values]:
        assert self.tracer.stats.faults == 0, self.tracer.stats.first_fault
        return [record for record in self.sink.values if type_ is None or record["type"] == type_]

    def types(self) -> list[object]:
        return [record["type"] for record in self.records()]

    def only(self, type_: str) -> Values:
        (record,) = self.records(type_)
        return record

    def attributes(self, record: Values) -> Values:
        found = record.get("attributes", {})
        assert isinstance(found, dict)
        return found

    def of(self, name: str, type_: str = "span_start") -> Values:
        """The record of that name, with the run that it is in as ``run``."""
        assert self.tracer.stats.faults == 0, self.tracer.stats.first_fault
        (record,) = [each for each in self.sink.records if each.type == type_ and each.values["name"] == name]
        return {**record.values, "run": record.run.id}

    def ended(self, attributes: Values, name: str = "chat") -> Values:
        """The end of a span that had these attributes."""
        span = self.sdk.start(name)
        span.attributes |= attributes
        self.sdk.end(span)
        return self.only("span_end")

    def close(self) -> None:
        self.processor.shutdown()
        self.tracer.close()


@pytest.fixture
def bridged() -> Iterator[Bridged]:
    made = Bridged()
    yield made
    made.close()


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenTelemetry's idea of the current span."""
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", fake_api())


# Spans


def test_a_span_is_recorded_when_it_starts(bridged: Bridged) -> None:
    bridged.sdk.start("plan", trace=TRACE, attributes={"topic": "tea"})
    header, start = bridged.records()
    assert (header["run"], header["name"]) == ("0af7651916cd43dd8448eb211c80319c", "plan")
    assert start == {
        "type": "span_start",
        "seq": 1,
        "time": EPOCH + SECOND,
        "span": "0000000000000001",
        "name": "plan",
        "kind": "span",
        "attributes": {"topic": "tea"},
    }


def test_an_end_says_all_of_its_span_by_opentelemetrys_clock(bridged: Bridged) -> None:
    root = bridged.sdk.start("plan")
    span = bridged.sdk.start("look", root)
    span.attributes["found"] = 3
    span.name = "look up"
    bridged.sdk.end(span)
    end = bridged.only("span_end")
    assert (end["span"], end["parent"], end["name"]) == ("0000000000000002", "0000000000000001", "look up")
    assert (end["start"], end["time"], end["duration_ns"]) == (EPOCH + 2 * SECOND, EPOCH + 3 * SECOND, SECOND)
    assert (end["status"], bridged.attributes(end)["found"]) == ("unset", 3)
    assert bridged.attributes(end)["scope"] == {"name": "lib", "version": "1.0"}


@pytest.mark.parametrize(("code", "status"), [("UNSET", "unset"), ("OK", "ok"), ("ERROR", "error"), ("NEW", "unset")])
def test_the_status_is_the_spans(bridged: Bridged, code: str, status: str) -> None:
    span = bridged.sdk.start("plan")
    span.status = SimpleNamespace(status_code=SimpleNamespace(name=code), description=None)
    bridged.sdk.end(span)
    assert bridged.only("span_end")["status"] == status


def test_an_end_before_the_start_lasts_nothing(bridged: Bridged) -> None:
    span = bridged.sdk.start("plan", time=EPOCH + 100 * SECOND)
    bridged.sdk.end(span)
    assert bridged.only("span_end")["duration_ns"] == 0


def test_an_exception_is_the_error_of_its_span_and_an_event(bridged: Bridged) -> None:
    span = bridged.sdk.start("plan")
    told = {"exception__type": "KeyError", "exception__message": "'x'", "exception__stacktrace": "Traceback …"}
    span.happens("exception", EPOCH + 5, **told)
    span.fail("KeyError: 'x'")
    bridged.sdk.end(span)
    event = bridged.only("event")
    assert (event["class"], event["name"], event["time"]) == ("error", "exception", EPOCH + 5)
    assert (event["text"], event["span"]) == ("KeyError: 'x'", "0000000000000001")
    assert bridged.only("span_end")["error"] == {"type": "KeyError", "message": "'x'", "traceback": "Traceback …"}


def test_a_failure_without_an_exception_has_its_description(bridged: Bridged) -> None:
    span = bridged.sdk.start("plan")
    span.fail("no answer")
    bridged.sdk.end(span)
    assert bridged.only("span_end")["error"] == {"message": "no answer"}


def test_events_stand_before_the_end_with_their_own_times(bridged: Bridged) -> None:
    span = bridged.sdk.start("chat")
    span.happens("gen_ai.choice", EPOCH + 7, content="well")
    span.happens("cache.hit", EPOCH + 8, key="k")
    bridged.sdk.end(span)
    first, second = bridged.records("event")
    assert (first["class"], first["text"], first["time"]) == ("message", "well", EPOCH + 7)
    assert (second["class"], second["name"], bridged.attributes(second)) == ("event", "cache.hit", {"key": "k"})
    assert bridged.types()[-2:] == ["span_end", "run_end"]


def test_links_kind_and_losses_of_a_span_are_kept(bridged: Bridged) -> None:
    span = bridged.sdk.start("send")
    span.links.append(SimpleNamespace(context=remote(5).context, attributes={"why": "batch"}))
    span.kind = SimpleNamespace(name="CLIENT")
    span.dropped_events = 2  # type: ignore[attr-defined]
    bridged.sdk.end(span)
    found = bridged.attributes(bridged.only("span_end"))
    link = {"traceId": f"{TRACE:032x}", "spanId": "0000000000000005", "attributes": {"why": "batch"}}
    assert (found["links"], found["span.kind"], found["droppedEventsCount"]) == ([link], "client", 2)


def test_a_span_that_started_before_the_processor_was_there_is_recorded_at_its_end(bridged: Bridged) -> None:
    span = HandSpan(TRACE, 9, "early", None)
    span.start_time = EPOCH
    bridged.sdk.end(span)
    assert bridged.types() == ["header", "span_start", "span_end", "run_end"]
    assert bridged.only("span_end")["start"] == EPOCH


def test_an_announcement_of_logfire_is_no_span(bridged: Bridged) -> None:
    span = bridged.sdk.start("plan", attributes={"logfire.span_type": "pending_span"})
    bridged.sdk.end(span)
    assert bridged.records() == []


# What attributes mean


def test_a_model_call_of_the_genai_conventions(bridged: Bridged) -> None:
    messages = [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]
    call = {"type": "tool_call", "name": "look", "arguments": {"q": "x"}}
    answers = [{"role": "assistant", "parts": [{"type": "text", "content": "ho"}, call]}]
    end = bridged.ended(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "desk",
            "gen_ai.response.model": "desk-7b",
            "gen_ai.usage.input_tokens": 100,
            "gen_ai.usage.output_tokens": 10,
            "gen_ai.usage.cache_read.input_tokens": 40,
            "operation.cost": 0.25,
            "gen_ai.system_instructions": "be brief",
            "gen_ai.input.messages": json.dumps(messages),
            "gen_ai.output.messages": json.dumps(answers),
        }
    )
    assert (end["kind"], end["model"], end["cost_usd"]) == ("llm", "desk-7b", 0.25)
    assert end["usage"] == {"input": 100, "output": 10, "cached": 40}
    assert end["input"] == [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
    calls = [{"name": "look", "arguments": {"q": "x"}}]
    assert end["output"] == [{"role": "assistant", "content": "ho", "tool_calls": calls}]
    assert not [key for key in bridged.attributes(end) if "messages" in key or "instructions" in key]


def test_a_tool_call_of_openinference(bridged: Bridged) -> None:
    end = bridged.ended(
        {"openinference.span.kind": "TOOL", "tool.name": "look", "input.value": '{"q": "x"}', "output.value": "found"}
    )
    assert (end["kind"], end["input"], end["output"]) == ("tool", {"q": "x"}, "found")
    assert set(bridged.attributes(end)) == {"openinference.span.kind", "tool.name", "scope"}


def test_an_agents_sum_of_tokens_is_not_counted_again(bridged: Bridged) -> None:
    end = bridged.ended({"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 100})
    assert (end["kind"], "usage" in end) == ("agent", False)


def test_the_message_of_logfire_is_the_name(bridged: Bridged) -> None:
    assert bridged.ended({"logfire.msg": "asking ada"})["name"] == "asking ada"


def test_an_error_level_of_logfire_is_an_error_event(bridged: Bridged) -> None:
    bridged.ended({"logfire.level_num": 17})
    assert bridged.only("event")["class"] == "error"


def test_secrets_in_attributes_are_redacted(bridged: Bridged) -> None:
    bridged.ended({"http.request.header.authorization": "Bearer abcdefgh12345678", "input.value": "sk-ant-" + "a" * 40})
    assert b"abcdefgh12345678" not in b"".join(record.line for record in bridged.sink.records)
    assert b"sk-ant-aaaa" not in b"".join(record.line for record in bridged.sink.records)


def test_minimal_leaves_out_what_was_said() -> None:
    bridged = Bridged(verbosity="minimal")
    told = {
        "input.value": "told",
        "llm.input_messages.0.message.content": "told",
        "gen_ai.completion.0.content": "told",
    }
    span = bridged.sdk.start("chat", attributes=dict(told))
    span.happens("gen_ai.user.message", EPOCH, content="told")
    bridged.sdk.end(span)
    assert bridged.records("span_end")
    assert b"told" not in b"".join(record.line for record in bridged.sink.records)
    bridged.close()


# Runs


def test_a_run_ends_with_the_last_span_of_its_trace(bridged: Bridged) -> None:
    root = bridged.sdk.start("root")
    child = bridged.sdk.start("child", root)
    bridged.sdk.end(root)
    assert "run_end" not in bridged.types()
    bridged.sdk.end(child)
    assert bridged.types()[-1] == "run_end"
    assert bridged.only("run_end")["status"] == "ok"


def test_a_run_has_failed_if_its_root_has(bridged: Bridged) -> None:
    root = bridged.sdk.start("root")
    root.fail("no answer")
    bridged.sdk.end(root)
    end = bridged.only("run_end")
    assert (end["status"], end["error"]) == ("error", {"message": "no answer"})


def test_a_run_whose_child_failed_has_not_failed_for_that(bridged: Bridged) -> None:
    root = bridged.sdk.start("root")
    child = bridged.sdk.start("child", root)
    child.fail("handled")
    bridged.sdk.end(child)
    bridged.sdk.end(root)
    assert bridged.only("run_end")["status"] == "ok"


def test_traces_are_runs_of_their_own(bridged: Bridged) -> None:
    first, second = bridged.sdk.start("first"), bridged.sdk.start("second")
    bridged.sdk.end(first)
    bridged.sdk.end(second)
    assert len({record.run.id for record in bridged.sink.records}) == 2
    assert [header["name"] for header in bridged.records("header")] == ["first", "second"]


def test_a_run_begins_with_its_first_span_and_not_when_that_is_told(bridged: Bridged) -> None:
    span = bridged.sdk.start("first")
    header = bridged.only("header")
    assert (header["time"], header["mono"]) == (span.start_time, bridged.tracer._recorder.last.started)  # type: ignore[union-attr]


def test_a_trace_that_goes_on_after_its_end_is_the_same_run_and_ends_again(bridged: Bridged) -> None:
    for name in ("first", "second"):
        bridged.sdk.end(bridged.sdk.start(name, remote()))
    assert bridged.types() == ["header", *["span_start", "span_end", "run_end"] * 2]
    assert [record["seq"] for record in bridged.records()] == list(range(7))
    assert bridged.tracer.stats.records == 7


def test_a_remote_parent_is_the_parent_of_span_and_run(bridged: Bridged) -> None:
    bridged.sdk.start("serve", remote(0xABC))
    header, start = bridged.records()
    assert (header["parent_run"], header["parent_span"]) == (f"{TRACE:032x}", "0000000000000abc")
    assert start["parent"] == "0000000000000abc"
    assert "child" not in header


def test_a_process_started_inside_of_a_trace_is_a_child_of_its_run(
    bridged: Bridged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "STARTED_IN", (f"{TRACE:032x}", "0000000000000abc"))
    bridged.sdk.start("serve", remote(0xABC))
    assert bridged.only("header")["child"] is True


def test_the_resource_and_session_are_facts_of_the_run(bridged: Bridged) -> None:
    bridged.sdk.start("plan", attributes={"session.id": "s1"})
    assert bridged.only("header")["meta"] == {"service.name": "support", "session.id": "s1"}


# Beside a tracer


@pytest.mark.usefixtures("api")
def test_spans_of_a_tracer_are_inside_of_the_current_span(bridged: Bridged) -> None:
    root = bridged.sdk.start("root")
    with made_current(root), bridged.tracer.step("mine"):
        child = bridged.sdk.start("child", root)
        with made_current(child), bridged.tracer.step("deep"):
            pass
        bridged.sdk.end(child)
    bridged.sdk.end(root)
    starts = {record["name"]: record for record in bridged.records("span_start")}
    assert starts["mine"]["parent"] == starts["root"]["span"]
    assert starts["child"]["parent"] == starts["mine"]["span"]
    assert starts["deep"]["parent"] == starts["child"]["span"]
    assert len(bridged.records("header")) == 1


@pytest.mark.usefixtures("api")
def test_a_trace_inside_of_a_tracers_span_is_a_run_linked_to_it(bridged: Bridged) -> None:
    with bridged.tracer.run() as run, bridged.tracer.step("mine") as mine:
        root = bridged.sdk.start("root")
        with made_current(root), bridged.tracer.step("inside"):
            pass
        bridged.sdk.end(root)
        with bridged.tracer.step("after"):
            pass
    header = bridged.records("header")[1]
    assert (header["parent_run"], header["parent_span"]) == (run.run_id, mine.id)
    inside, after = bridged.of("inside"), bridged.of("after")
    assert (inside["run"], inside["parent"]) == (header["run"], bridged.of("root")["span"])
    assert (after["run"], after["parent"]) == (run.run_id, mine.id)


@pytest.mark.usefixtures("api")
def test_a_tracers_run_inside_of_a_span_is_linked_to_it(bridged: Bridged) -> None:
    root = bridged.sdk.start("root")
    with made_current(root), bridged.tracer.run("inner"):
        bridged.tracer.log("here")
        with bridged.tracer.step("mine"):
            pass
    bridged.sdk.end(root)
    inner = next(record for record in bridged.records("header") if record["name"] == "inner")
    assert (inner["parent_run"], inner["parent_span"]) == (bridged.of("root")["run"], bridged.of("root")["span"])
    assert bridged.of("mine")["run"] == inner["run"]
    assert bridged.of("log", "event")["run"] == inner["run"]


@pytest.mark.usefixtures("api")
def test_logs_belong_to_the_current_span(bridged: Bridged) -> None:
    logger = logging.Logger("app")
    logger.addHandler(LoggingHandler(bridged.tracer))
    root = bridged.sdk.start("root")
    with made_current(root):
        logger.warning("inside")
    bridged.sdk.end(root)
    assert bridged.only("event")["span"] == bridged.of("root")["span"]


@pytest.mark.usefixtures("api")
def test_an_ended_span_that_is_still_current_is_no_scope(bridged: Bridged) -> None:
    with bridged.tracer.run() as run:
        root = bridged.sdk.start("root")
        bridged.sdk.end(root)
        with made_current(root), bridged.tracer.step("mine"):
            pass
    assert bridged.of("mine")["run"] == run.run_id


@pytest.mark.usefixtures("api")
def test_a_child_process_learns_of_the_current_span(bridged: Bridged) -> None:
    root = bridged.sdk.start("root", trace=TRACE)
    with made_current(root):
        variables = bridged.tracer.environment({})
    assert variables["TRACEPARENT"] == f"00-{TRACE:032x}-0000000000000001-01"


@pytest.mark.usefixtures("api")
def test_what_is_set_on_the_scope_of_a_span_is_written_with_its_end(bridged: Bridged) -> None:
    root = bridged.sdk.start("root")
    with made_current(root):
        scope = bridged.tracer.current()
    assert scope is not None
    scope.set(rating=5)  # type: ignore[attr-defined]
    bridged.sdk.end(root)
    assert bridged.attributes(bridged.only("span_end"))["rating"] == 5


# Never in the way


def test_a_span_without_anything_does_not_reach_the_program(bridged: Bridged) -> None:
    for span in (None, object(), SimpleNamespace(attributes={1: 2}, name=3, get_span_context=lambda: None)):
        bridged.processor.on_start(span)  # type: ignore[arg-type]
        bridged.processor.on_end(span)  # type: ignore[arg-type]
    assert bridged.tracer.stats.faults == 6
    assert not bridged.sink.records


def test_an_end_that_cannot_be_written_ends_the_run_all_the_same(bridged: Bridged) -> None:
    span = bridged.sdk.start("plan")
    span.status = None  # type: ignore[assignment]
    bridged.sdk.end(span)
    assert bridged.tracer.stats.faults == 1
    assert bridged.sink.records[-1].type == "run_end"


def test_a_tracer_that_is_off_takes_spans_and_does_nothing() -> None:
    processor = SpanProcessor(Tracer(enabled=False))
    sdk = HandSdk(processor)
    sdk.end(sdk.start("plan"))
    assert processor.force_flush()
    processor.shutdown()


def test_spans_that_a_sink_makes_while_it_sends_are_left_out() -> None:
    class Traced(MemorySink):
        """A sink whose way out is traced."""

        sdk: HandSdk

        def emit(self, record: Record) -> None:
            super().emit(record)
            self.sdk.end(self.sdk.start("POST"))

    sink = Traced()
    bridged = Bridged(sink)
    sink.sdk = bridged.sdk
    bridged.sdk.end(bridged.sdk.start("plan"))
    assert bridged.types() == ["header", "span_start", "span_end", "run_end"]
    bridged.close()


def test_after_shutdown_nothing_is_recorded(bridged: Bridged) -> None:
    root, left = bridged.sdk.start("root"), bridged.sdk.start("left")
    bridged.sdk.end(left)
    bridged.processor.shutdown()
    bridged.sdk.end(root)
    bridged.sdk.start("late")
    bridged.processor.shutdown()
    assert [record["status"] for record in bridged.records("run_end")] == ["ok", "unset"]
    assert "late" not in [record.get("name") for record in bridged.records()]


def test_a_flush_writes_what_a_sink_holds_back_and_outlives_its_faults(tmp_path: Path) -> None:
    class Flushed(MemorySink):
        flushed = 0

        def flush(self) -> None:
            self.flushed += 1
            raise OSError("full")

    sink = Flushed()
    bridged = Bridged(sink)
    assert bridged.processor.force_flush(1)
    assert (sink.flushed, bridged.tracer.stats.faults) == (1, 1)
    bridged.close()
    tracer = Tracer(folder=tmp_path, sinks=[JsonlSink(tmp_path, buffered=True)], link_children=False)
    processor = SpanProcessor(tracer)
    HandSdk(processor).start("plan")
    assert processor.force_flush()
    (path,) = tmp_path.iterdir()
    assert b"span_start" in path.read_bytes()
    assert tracer.stats.faults == 0, tracer.stats.first_fault
    processor.shutdown()
    tracer.close()


def test_spans_that_are_never_ended_are_bounded(bridged: Bridged, monkeypatch: pytest.MonkeyPatch) -> None:
    from tracetui.core.recording.bridges import opentelemetry

    monkeypatch.setattr(opentelemetry, "_MOST_OPEN", 3)
    for _ in range(10):
        bridged.sdk.start("lost")
    assert len(bridged.processor._open) == 3
    assert len(bridged.records("run_end")) == 7


def test_ended_traces_are_remembered_within_bounds(bridged: Bridged, monkeypatch: pytest.MonkeyPatch) -> None:
    from tracetui.core.recording.bridges import opentelemetry

    monkeypatch.setattr(opentelemetry, "_REMEMBERED", 3)
    for _ in range(10):
        bridged.sdk.end(bridged.sdk.start("short"))
    assert len(bridged.processor._ended) == 3


def test_threads_share_a_trace_without_loss(bridged: Bridged) -> None:
    root = bridged.sdk.start("root")
    barrier = threading.Barrier(8)

    def work(number: int) -> None:
        sdk = HandSdk(bridged.processor)
        sdk._spans = number * 1_000
        barrier.wait()
        for _ in range(100):
            sdk.end(sdk.start("child", root))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bridged.sdk.end(root)
    assert len(bridged.records("span_end")) == 801
    assert sorted(str(record["seq"]) for record in bridged.records()) == sorted(map(str, range(2 * 801 + 2)))
    assert bridged.types()[-1] == "run_end"


def test_threads_that_begin_one_trace_at_once_begin_one_run(bridged: Bridged) -> None:
    barrier = threading.Barrier(8)

    def work(number: int) -> None:
        sdk = HandSdk(bridged.processor)
        sdk._spans = number * 1_000
        barrier.wait()
        sdk.end(sdk.start("child", remote()))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bridged.records("header")) == 1
    assert len(bridged.records("span_end")) == 8
    assert bridged.tracer.stats.records == len(bridged.sink.records)


def test_a_forked_child_goes_on_with_the_trace_in_a_file_of_its_own(tmp_path: Path) -> None:
    tracer = Tracer(folder=tmp_path, link_children=False)
    processor = SpanProcessor(tracer)
    sdk = HandSdk(processor)
    root = sdk.start("root")
    child = os.fork()
    if not child:  # pragma: no cover  # counted in another process
        inside = sdk.start("inside", root)
        sdk.end(inside)
        sdk.end(root)
        os._exit(1 if tracer.stats.faults else 0)
    assert os.waitpid(child, 0)[1] == 0
    sdk.end(root)
    processor.shutdown()
    tracer.close()
    files = {path.name.split(".")[1]: path.read_text().splitlines() for path in tmp_path.iterdir()}
    own, other = files[str(os.getpid())], files[str(child)]
    assert [json.loads(line)["type"] for line in own] == ["header", "span_start", "span_end", "run_end"]
    kinds = [(json.loads(line)["type"], json.loads(line).get("name")) for line in other]
    assert kinds == [("header", "root"), ("span_start", "inside"), ("span_end", "inside"), ("run_end", None)]
    assert json.loads(other[0])["child"] is True
    assert json.loads(other[1])["parent"] == "0000000000000001"


def test_what_was_recorded_is_read_back(tmp_path: Path) -> None:
    tracer = Tracer(folder=tmp_path, link_children=False)
    processor = SpanProcessor(tracer)
    sdk = HandSdk(processor)
    root = sdk.start("invoke_agent desk", attributes={"gen_ai.operation.name": "invoke_agent"})
    call = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "desk-7b", "gen_ai.usage.input_tokens": 7}
    sdk.end(sdk.start("chat desk-7b", root, attributes=dict(call)))
    sdk.end(root)
    processor.shutdown()
    tracer.close()
    (run,) = load([str(tmp_path)]).runs
    assert (run.name, run.id, run.error_count) == ("invoke_agent desk", f"{root.context.trace_id:032x}", 0)


def test_it_is_one_of_the_sdks_span_processors_where_the_sdk_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    class Theirs:
        """The SDK's class."""

    sdk = ModuleType("opentelemetry.sdk.trace")
    sdk.SpanProcessor = Theirs  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", sdk)
    processor = SpanProcessor(Tracer(enabled=False))
    assert isinstance(processor, Theirs)
    assert isinstance(processor, SpanProcessor)
