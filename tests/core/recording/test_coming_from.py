"""What other recorders offer and is told in other words here: what ``docs/coming-from.md`` says where nothing else shows it."""

import asyncio
import io
import logging
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from tracetui import ConsoleSink, JsonlSink, LoggingHandler, MemorySink, Tracer, clean, find_run, list_runs
from tracetui.core.recording.records import Record

Values = dict[str, object]


class Recorded:
    """A tracer over a memory sink, and what it wrote."""

    def __init__(self, **options: object) -> None:
        self.sink = MemorySink()
        self.tracer = Tracer("agent", sinks=[self.sink], link_children=False, **options)  # type: ignore[arg-type]

    def of(self, type_: str) -> list[Values]:
        return [record for record in self.sink.values if record["type"] == type_]


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    made = Recorded()
    yield made
    made.tracer.close()
    assert made.tracer.stats.faults == 0, made.tracer.stats.first_fault


# Runs


def test_a_run_is_begun_and_ended_by_hand(recorded: Recorded) -> None:
    run = recorded.tracer.run("by hand").start()
    recorded.tracer.step("inside").start().finish()
    run.fail("the reason")
    (end,) = recorded.of("run_end")
    assert (end["status"], end["error"]) == ("error", {"message": "the reason"})
    assert len(recorded.of("header")) == 1


def test_a_function_is_called_as_an_agent(recorded: Recorded) -> None:
    def answer(question: str) -> str:
        return f"{question} indeed"

    with recorded.tracer.run(meta={"request_id": "r-17"}):
        assert recorded.tracer.trace(answer, kind="agent", name="selector")("why") == "why indeed"
    start, end = recorded.of("span_start")[0], recorded.of("span_end")[0]
    assert (start["kind"], start["name"], start["input"]) == ("agent", "selector", {"question": "why"})
    assert (end["output"], end["status"]) == ("why indeed", "ok")


def test_where_the_running_code_is_can_be_asked(recorded: Recorded) -> None:
    tracer = recorded.tracer
    assert (tracer.current(), tracer.run_id) == (None, "")
    with tracer.run() as run:
        assert tracer.current() is run
        with tracer.step("inside") as step:
            assert tracer.current() is step
        assert tracer.run_id == run.run_id


GIVEN = uuid.UUID("0af76519-16cd-43dd-8448-eb211c80319c")


@pytest.mark.parametrize("id", [str(GIVEN), str(GIVEN).upper(), GIVEN, GIVEN.hex], ids=repr)
def test_an_id_may_be_told_as_a_uuid(id: str, recorded: Recorded) -> None:
    with recorded.tracer.run(id=id) as run:
        pass
    assert run.run_id == GIVEN.hex


@pytest.mark.parametrize("id", ["nightly/7", "../../etc", "0" * 32, "a" * 31, "ü" * 32, '"', "x" * 300, "\0"])
def test_an_id_that_is_none_is_kept_in_meta_and_names_no_file(id: str, tmp_path: Path) -> None:
    tracer = Tracer(folder=tmp_path / "traces", meta={"model": "m"}, link_children=False)
    with tracer.run(id=id):
        pass
    (path,) = tmp_path.rglob("*.*")
    header = orjson.loads(path.read_bytes().splitlines()[0])
    assert path == tmp_path / "traces" / f"{header['run']}.{os.getpid()}.jsonl"
    assert len(header["run"]) == 32
    assert header["meta"] == {"model": "m", "id": id}
    assert tracer.stats.faults == 1
    assert "32 hexadecimal digits" in tracer.stats.first_fault


def test_users_tenants_and_sessions_are_meta(recorded: Recorded) -> None:
    told = {"user_id": "u-1", "tenant_id": "t-1", "session_id": "s-1", "custom_data": {"plan": "free"}}
    with recorded.tracer.run(meta={**told, "tags": ["eu"]}):
        pass
    assert recorded.of("header")[0]["meta"] == {**told, "tags": ["eu"]}


def test_the_header_says_where_the_run_is_made(recorded: Recorded) -> None:
    with recorded.tracer.run(meta={"python": "3.12.1", "ip_address": "192.0.2.7"}):
        pass
    (header,) = recorded.of("header")
    assert (header["pid"], bool(header["host"])) == (os.getpid(), True)
    assert header["meta"] == {"python": "3.12.1", "ip_address": "192.0.2.7"}


def test_a_result_can_say_where_its_recording_is(tmp_path: Path) -> None:
    tracer = Tracer("nightly", folder=tmp_path, link_children=False)
    with tracer.run():
        pass
    told = {"run_id": tracer.run_id, "trace_path": tracer.paths[0]}
    assert told["trace_path"].exists()  # type: ignore[union-attr]
    assert find_run(tracer.run_id[:12], tmp_path).paths == (told["trace_path"],)
    assert find_run("nightly", tmp_path).id == told["run_id"]


# Spans


def test_attributes_may_have_any_name(recorded: Recorded) -> None:
    with recorded.tracer.run(), recorded.tracer.step("scan", name="n", kind="k", self="s", id=7):
        pass
    (start,) = recorded.of("span_start")
    assert (start["name"], start["kind"]) == ("scan", "step")
    assert start["attributes"] == {"name": "n", "kind": "k", "self": "s", "id": 7}


def test_an_outcome_of_ones_own_is_an_attribute(recorded: Recorded) -> None:
    with recorded.tracer.run():
        recorded.tracer.step("order").start().finish(outcome="timeout")
    (end,) = recorded.of("span_end")
    assert (end["status"], end["attributes"]) == ("ok", {"outcome": "timeout"})


def test_a_second_start_or_end_is_ignored_counted_and_told() -> None:
    recorded = Recorded()
    with recorded.tracer.run():
        step = recorded.tracer.step("twice").start()
        step.finish()
        step.finish()
    assert len(recorded.of("span_end")) == 1
    assert (recorded.tracer.stats.faults, recorded.tracer.stats.first_fault) == (
        1,
        "the end of a span that has ended, or was not started",
    )
    with recorded.tracer.run(), step:
        pass
    assert len(recorded.of("span_start")) == 1


def test_a_step_says_its_type_and_what_it_depends_on(recorded: Recorded) -> None:
    with recorded.tracer.run(), recorded.tracer.step("add", step_type="tool", dependencies=["prepare"]) as step:
        step.output({"sum": 3}).set(output_hash="9f86d081")
    start, end = recorded.of("span_start")[0], recorded.of("span_end")[0]
    assert start["attributes"] == {"step_type": "tool", "dependencies": ["prepare"]}
    assert (end["output"], end["attributes"]) == ({"sum": 3}, {"output_hash": "9f86d081"})


def test_a_component_has_inputs_outputs_and_what_it_is_connected_to(recorded: Recorded) -> None:
    component = {"component_id": "agent:0", "component_type": "Agent", "params": {"k": 3}, "upstream": ["begin"]}
    with recorded.tracer.run(), recorded.tracer.agent("Agent 0", input={"query": "q"}, **component) as node:
        node.output({"content": "ok"})
    start, end = recorded.of("span_start")[0], recorded.of("span_end")[0]
    assert (start["input"], start["attributes"]) == ({"query": "q"}, component)
    assert end["output"] == {"content": "ok"}


def test_a_model_call_has_its_parameters(recorded: Recorded) -> None:
    with recorded.tracer.run(), recorded.tracer.llm("ask", model="m", messages="hi", temperature=0.2, max_tokens=64):
        pass
    (start,) = recorded.of("span_start")
    assert (start["input"], start["attributes"]) == ("hi", {"temperature": 0.2, "max_tokens": 64})


def test_a_model_call_that_failed_keeps_what_it_took(recorded: Recorded) -> None:
    with recorded.tracer.run(), recorded.tracer.llm("ask", model="m") as call:
        call.usage(input_tokens=1_250, total_tokens=1_255)
        call.fail("context window exceeded", finish_reason="length", provider="desk")
    (end,) = recorded.of("span_end")
    assert (end["status"], end["usage"]) == ("error", {"input": 1_250, "total": 1_255})
    assert (end["error"], end["attributes"]) == (
        {"message": "context window exceeded"},
        {"finish_reason": "length", "provider": "desk"},
    )


def test_a_tool_has_its_type_arguments_result_and_error(recorded: Recorded) -> None:
    with recorded.tracer.run():
        with recorded.tracer.tool("search", arguments={"q": "x"}, tool_type="builtin", dependency_keys=["db"]) as tool:
            tool.result({"hits": 2})
        recorded.tracer.tool("search").start().fail("no network")
    start, (good, bad) = recorded.of("span_start")[0], recorded.of("span_end")
    assert (start["input"], start["attributes"]) == ({"q": "x"}, {"tool_type": "builtin", "dependency_keys": ["db"]})
    assert (good["output"], bad["error"]) == ({"hits": 2}, {"message": "no network"})


def test_a_retrieval_has_its_settings_and_all_that_was_found(recorded: Recorded) -> None:
    settings = {"knowledge_bases": ["kb"], "top_k": 10, "similarity_threshold": 0.2, "rerank_enabled": False}
    chunks = [{"id": f"c{number}", "score": 1 - number / 20} for number in range(9)]
    with recorded.tracer.run(), recorded.tracer.retrieval("knowledge", query="how", **settings) as found:
        found.chunks(chunks)
    (start,), (event,) = recorded.of("span_start"), recorded.of("event")
    assert (start["input"], start["attributes"]) == ("how", settings)
    assert event["attributes"] == {"count": 9, "chunks": chunks}


def test_thoughts_are_a_span_or_an_event(recorded: Recorded) -> None:
    with recorded.tracer.run(), recorded.tracer.agent("planner") as agent:
        with recorded.tracer.span("thinking", input="compare the chunks") as thinking:
            thinking.output("chunk 0 is best")
        agent.event("thought", "chunk 0 is best")
    (event,) = recorded.of("event")
    assert (event["name"], event["text"]) == ("thought", "chunk 0 is best")
    assert recorded.of("span_end")[0]["output"] == "chunk 0 is best"


# Events


@pytest.mark.parametrize("what", ["request", "response", "context", "result", "message"])
def test_what_is_seen_on_its_way_keeps_its_value_and_source(what: str, recorded: Recorded) -> None:
    with recorded.tracer.run(), recorded.tracer.step("ask") as step:
        step.observed(what, {"messages": ["hi"]}, source="client", model="m", metadata={"kind": "fake"})
    (event,) = recorded.of("event")
    assert (event["class"], event["name"], event["span"]) == ("message", what, step.id)
    assert event["attributes"] == {
        "source": "client",
        "model": "m",
        "metadata": {"kind": "fake"},
        "value": {"messages": ["hi"]},
    }


@pytest.mark.parametrize(
    ("type_", "chosen", "fields"),
    [
        ("router", "calc", {"source": "schema", "selected_index": 1, "parsed_route": {"i": 1}}),
        (
            "model_selection",
            "m-small",
            {
                "provider": "local",
                "policy_id": "p1",
                "policy_config": {"a": 1},
                "catalog_signature": "abc",
                "intent": {"x": 1},
                "constraints": {},
                "hardware_profile": {"ram_gb": 16},
                "candidate_count": 4,
            },
        ),
        ("tool_selection", "calc", {"source": "schema", "parsed_tool_call": {"tool_name": "calc"}}),
        ("continuation", True, {"step": 1, "source": "model"}),
        ("guardrail", "allow", {"guardrail": "budget", "details": {"spent_usd": 0.01}}),
    ],
)
def test_a_decision_keeps_every_field_of_other_recorders(
    type_: str, chosen: object, fields: Values, recorded: Recorded
) -> None:
    with recorded.tracer.run():
        recorded.tracer.decision(type_, chosen, reason="why", **fields)  # type: ignore[arg-type]
    (event,) = recorded.of("event")
    assert (event["class"], event["name"]) == ("decision", type_)
    assert event["attributes"] == {"chosen": chosen, "reason": "why", **fields}


HILLSTAR = [
    {"event": "compliance_info", "message": "notice", "details": {"a": 1}},
    {"event": "provider_preference_resolved", "resolution_status": "resolved", "availability": {"desk": True}},
    {"event": "seat_resolved", "seat": "writer", "provider": "desk", "model": "m"},
    {"event": "output_file_written", "node_id": "n", "file_path": "out.txt", "bytes_written": 7},
    {"event": "output_file_write_failed", "node_id": "n", "file_path": "out.txt", "error": "read-only"},
    {"type": "warning", "message": "slow"},
    {"type": "budget_summary", "cumulative_cost_usd": 0.3, "node_costs": {"n": 0.3}},
    {"tool": "model_call", "node_id": "n", "provider": "desk", "model": "m", "tokens_used": 900},
    {"status": "budget_exceeded", "node_id": "n", "estimated_cost": 0.4},
]


@pytest.mark.parametrize("told", HILLSTAR, ids=lambda told: next(iter(told.values())))
def test_events_that_hillstar_logs_are_taken_as_they_are(told: Values, recorded: Recorded) -> None:
    with recorded.tracer.run():
        recorded.tracer.log_event(told)
    (event,) = recorded.of("event")
    assert event["name"] == told.get("event", told.get("type", "event"))
    assert event.get("text") == told.get("message")
    rest = {key: value for key, value in told.items() if key not in ("event", "type", "message")}
    assert event.get("attributes", {}) == rest


def test_what_goes_wrong_without_an_exception_is_an_event(recorded: Recorded) -> None:
    with recorded.tracer.run():
        recorded.tracer.event("budget_exceeded", "over 0.25 USD", class_="error", spent_usd=0.31)
        recorded.tracer.log("local only", level="warning")
    error, warning = recorded.of("event")
    assert (error["class"], error["attributes"]) == ("error", {"spent_usd": 0.31})
    assert (warning["class"], warning["level"]) == ("log", "warning")


def test_a_fallback_says_from_where_to_where_and_why(recorded: Recorded) -> None:
    with recorded.tracer.run():
        recorded.tracer.retry(1, "503", wait_s=30, max_retries=3, provider="down")
        recorded.tracer.decision("provider_fallback", "desk", alternatives=["down", "desk"], reason="504", attempt=2)
    retry, fallback = recorded.of("event")
    assert retry["attributes"] == {
        "attempt": 1,
        "reason": "503",
        "wait_s": 30,
        "max_retries": 3,
        "provider": "down",
    }
    assert fallback["text"] == "desk: 504"


def test_a_log_takes_metrics_and_measurements(recorded: Recorded) -> None:
    with recorded.tracer.run():
        recorded.tracer.log("done", metric={"rows": 3}, memory_usage_mb=81.2, cpu_usage_percent=3.5, module="stage")
    (event,) = recorded.of("event")
    assert event["attributes"] == {
        "metric": {"rows": 3},
        "memory_usage_mb": 81.2,
        "cpu_usage_percent": 3.5,
        "module": "stage",
    }


def test_coroutines_log_at_once_without_being_waited_for(recorded: Recorded) -> None:
    async def part(number: int) -> None:
        async with recorded.tracer.step(f"part {number}"):
            recorded.tracer.log("before", number=number)
            await asyncio.sleep(0)
            recorded.tracer.log("after", number=number)

    async def main() -> None:
        async with recorded.tracer.run():
            await asyncio.gather(*(part(number) for number in range(5)))

    asyncio.run(main())
    names = {start["span"]: start["name"] for start in recorded.of("span_start")}
    logs = recorded.of("event")
    assert len(logs) == 10
    assert all(names[log["span"]] == f"part {log['attributes']['number']}" for log in logs)  # type: ignore[index]


def test_a_message_of_several_lines_stays_one_log(recorded: Recorded) -> None:
    with recorded.tracer.run():
        recorded.tracer.log("first\nsecond\n\tthird")
    assert recorded.of("event")[0]["text"] == "first\nsecond\n\tthird"


def test_a_log_names_the_line_that_its_caller_is_in() -> None:
    recorded = Recorded(verbosity="detailed")
    logger = logging.getLogger("tests.coming_from")
    handler = LoggingHandler(recorded.tracer)
    logger.addHandler(handler)

    def say(what: str) -> None:
        logger.warning(what, stacklevel=2)

    with recorded.tracer.run():
        say("late")
    logger.removeHandler(handler)
    attributes = recorded.of("event")[0]["attributes"]
    assert attributes["code.function.name"] == "test_a_log_names_the_line_that_its_caller_is_in"  # type: ignore[index]


# Sinks


def test_recording_loads_neither_screen_nor_reader_and_touches_no_network(tmp_path: Path) -> None:
    code = """
import sys
told = []
sys.addaudithook(lambda event, _: told.append(event) if event.startswith("socket.") else None)
from tracetui import Tracer
tracer = Tracer("small", folder=sys.argv[1])
with tracer.run(), tracer.llm("plan", model="m", messages="hi") as call:
    call.finish("hello", input_tokens=1)
assert (tracer.stats.lost, tracer.stats.faults) == (0, 0)
assert set(told) <= {"socket.gethostname"}, told
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    heavy = {"textual", "rich", "click", "numpy", "msgspec", "watchfiles", "ssl", "http", "sqlite3"}
    assert not heavy & set(done.stdout.split())
    assert len(list(tmp_path.iterdir())) == 1


class Subscriber:
    """Hands each record to a function, as it comes."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.fails, self.listens = False, True

    def emit(self, record: Record) -> None:
        if self.fails:
            raise RuntimeError("gone")
        if self.listens:
            self.seen.append(record.type)

    def close(self) -> None:
        pass


def test_a_sink_of_two_methods_hears_of_each_record_as_it_comes() -> None:
    subscriber = Subscriber()
    tracer = Tracer(sinks=[subscriber], link_children=False)
    with tracer.run(), tracer.step("scan"):
        assert subscriber.seen == ["header", "span_start"]
    tracer.close()
    assert subscriber.seen == ["header", "span_start", "span_end", "run_end"]
    assert tracer.stats.faults == 0, tracer.stats.first_fault


def test_a_sink_of_two_methods_is_no_obstacle_to_a_fork(tmp_path: Path) -> None:
    tracer = Tracer(sinks=[Subscriber(), JsonlSink(tmp_path)], link_children=False)
    with tracer.run():
        child = os.fork()
        if child == 0:
            tracer.step("in the child").start().finish()
            os._exit(tracer.stats.faults)
        assert os.waitpid(child, 0)[1] == 0


def test_a_subscriber_may_stop_listening() -> None:
    subscriber = Subscriber()
    tracer = Tracer(sinks=[subscriber], link_children=False)
    with tracer.run():
        subscriber.listens = False
        tracer.event("tick")
    tracer.close()
    assert subscriber.seen == ["header"]
    assert (tracer.stats.lost, tracer.stats.faults) == (0, 0)


def test_a_subscriber_that_fails_takes_nothing_from_the_others() -> None:
    subscriber, memory = Subscriber(), MemorySink()
    tracer = Tracer(sinks=[subscriber, memory], link_children=False)
    with tracer.run():
        subscriber.fails = True
        tracer.event("tick")
    tracer.close()
    assert [record.type for record in memory.records] == ["header", "event", "run_end"]
    assert (tracer.stats.lost, tracer.stats.faults) == (2, 2)


class Lines:
    """Lines of text in a format of one's own."""

    def __init__(self, stream: io.StringIO, form: str) -> None:
        self.stream, self.form = stream, form

    def emit(self, record: Record) -> None:
        if record.type == "event":
            self.stream.write(self.form.format(process=record.run.pid, **record.values))

    def close(self) -> None:
        pass


def test_a_format_of_ones_own_is_a_sink() -> None:
    stream = io.StringIO()
    tracer = Tracer(sinks=[Lines(stream, "{level:<7} ({process}) {text}\n")], link_children=False)
    with tracer.run():
        tracer.log("quota reached", level="warning")
    tracer.close()
    assert stream.getvalue() == f"warning ({os.getpid()}) quota reached\n"


def test_one_run_may_be_written_to_two_places(tmp_path: Path) -> None:
    tracer = Tracer(sinks=[JsonlSink(tmp_path / "traces"), JsonlSink(tmp_path / "audit")], link_children=False)
    with tracer.run(), tracer.step("scan"):
        pass
    first, second = (next((tmp_path / name).iterdir()) for name in ("traces", "audit"))
    assert first.read_bytes() == second.read_bytes()


def test_a_log_for_people_is_written_into_a_file(tmp_path: Path) -> None:
    with (tmp_path / "run.log").open("w", encoding="utf-8") as file:
        tracer = Tracer("nightly", sinks=[ConsoleSink(file)], link_children=False)
        with tracer.run(), tracer.step("scan") as step:
            step.log("half way")
        tracer.close()
    text = (tmp_path / "run.log").read_text(encoding="utf-8")
    assert [word in text for word in ("run nightly", "start step scan", "half way", "ok step scan")] == [True] * 4


def test_pieces_of_an_answer_are_printed_as_they_come() -> None:
    stream = io.StringIO()
    tracer = Tracer(sinks=[ConsoleSink(stream, level="debug")], verbosity="detailed", link_children=False)
    with tracer.run(), tracer.llm("write") as call:
        call.token("Hel")
        assert "Hel" in stream.getvalue()
        call.token("lo")
    tracer.close()
    assert "token" in stream.getvalue()


def test_nothing_is_written_until_it_is_saved(tmp_path: Path, recorded: Recorded) -> None:
    with recorded.tracer.run("quiet"), recorded.tracer.step("scan"):
        pass
    assert list(tmp_path.iterdir()) == []
    assert recorded.tracer.save(tmp_path / "run.jsonl") == tmp_path / "run.jsonl"
    assert [run.name for run in list_runs(tmp_path)] == ["quiet"]


# Afterwards


def test_costs_are_summed_by_model_and_by_name_over_all_calls(recorded: Recorded) -> None:
    with recorded.tracer.run():
        for name, cost in (("n0", 0.0125), ("n1", 0.03), ("n1", 0.07)):
            with recorded.tracer.llm(name, model="m") as call:
                call.finish(input_tokens=900, cost_usd=cost)
    found = recorded.tracer.cost_summary()
    assert found.total.calls == 3
    assert found.total.cost_usd == pytest.approx(0.1125)
    assert {name: cost.cost_usd for name, cost in found.names.items()} == {"n0": 0.0125, "n1": pytest.approx(0.1)}
    assert list(found.models) == ["m"]


def test_a_summary_counts_nodes_calls_tokens_chunks_and_errors(recorded: Recorded) -> None:
    tracer = recorded.tracer
    with tracer.run(), tracer.step("node"):
        with tracer.llm("ask") as call:
            call.finish(input_tokens=10, output_tokens=5)
        with tracer.retrieval("find", query="q") as found:
            found.chunks(["a", "b"])
        tracer.tool("broken").start().fail("no")
    summary = tracer.summary()
    assert summary["spans_by_kind"] == {"llm": 1, "tool": 1, "retriever": 1, "step": 1}
    assert (summary["tokens"]["total"], summary["errors"], summary["failed"]) == (15, 1, ["broken"])  # type: ignore[index]
    assert sum(event["attributes"]["count"] for event in tracer.events(["chunks"])) == 2  # type: ignore[index,misc]


def test_a_run_that_goes_on_is_seen_running(tmp_path: Path) -> None:
    tracer = Tracer("long", folder=tmp_path, link_children=False)
    with tracer.run(), tracer.step("wait"):
        (run,) = list_runs(tmp_path)
        assert (run.status, run.open_spans) == ("running", 1)
    assert list_runs(tmp_path)[0].status == "ok"


def test_runs_are_chosen_by_time_and_page_in_python(tmp_path: Path) -> None:
    tracer = Tracer("nightly", folder=tmp_path, link_children=False)
    for _ in range(5):
        with tracer.run():
            pass
    since = datetime.now(UTC) - timedelta(hours=1)
    found = [run for run in list_runs(tmp_path, name="nightly") if run.start is not None and run.start >= since]
    page = found[2:4]
    assert (len(found), len(page)) == (5, 2)


def test_one_run_is_deleted_by_the_path_of_its_file(tmp_path: Path) -> None:
    tracer = Tracer("nightly", folder=tmp_path, link_children=False)
    kept, gone = [], []
    for number in range(2):
        with tracer.run():
            pass
        (gone if number else kept).extend(tracer.paths)
    assert clean(gone, "0s", dry_run=False).paths == tuple(gone)
    assert list(tmp_path.iterdir()) == kept
