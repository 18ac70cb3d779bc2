"""What an author of an agent relies on: what is said of a run is what is read of it."""

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tracetui import JsonlSink, MemorySink, SqliteSink, Tracer
from tracetui.core.loading import load
from tracetui.core.run_status import StatusRules
from tracetui.core.summary import Summaries
from tracetui.core.testing import CountingIds, TickingClock

MS = 1_000_000


class Recorded:
    """A tracer over a memory sink, and what it wrote."""

    def __init__(self, **options: object) -> None:
        self.sink = MemorySink()
        self.tracer = Tracer("agent", sinks=[self.sink], link_children=False, **options)  # type: ignore[arg-type]

    def records(self, type_: str | None = None) -> list[dict[str, object]]:
        assert self.tracer.stats.faults == 0, self.tracer.stats.first_fault
        return [record for record in self.sink.values if type_ is None or record["type"] == type_]

    def parents(self) -> dict[object, object]:
        """Name of a span -> name of its parent."""
        starts = self.records("span_start")
        names = {record["span"]: record["name"] for record in starts}
        return {record["name"]: names.get(record.get("parent")) for record in starts}


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    made = Recorded()
    yield made
    made.tracer.close()


# Runs


def test_a_run_is_a_header_and_an_end(recorded: Recorded) -> None:
    with recorded.tracer.run("nightly", meta={"model": "m"}) as run:
        pass
    header, end = recorded.records()
    assert (header["tracetui"], header["seq"], header["run"], header["name"]) == (1, 0, run.run_id, "nightly")
    assert (header["pid"], header["meta"]) == (os.getpid(), {"model": "m"})
    assert (end["type"], end["seq"], end["status"]) == ("run_end", 1, "ok")


def test_a_run_that_raises_has_failed_and_raises_on(recorded: Recorded) -> None:
    with pytest.raises(ValueError, match="no data"), recorded.tracer.run():
        raise ValueError("no data")
    end = recorded.records()[-1]
    error = end["error"]
    assert end["status"] == "error"
    assert isinstance(error, dict)
    assert (error["type"], error["message"]) == ("ValueError", "no data")


def test_a_run_that_exits_without_a_status_is_ok(recorded: Recorded) -> None:
    with pytest.raises(SystemExit), recorded.tracer.run():
        raise SystemExit(0)
    assert recorded.records()[-1]["status"] == "ok"


def test_a_run_has_the_id_that_it_is_given(recorded: Recorded) -> None:
    with recorded.tracer.run(id="0af7651916cd43dd8448eb211c80319c"):
        pass
    assert recorded.records()[0]["run"] == "0af7651916cd43dd8448eb211c80319c"


def test_what_is_recorded_outside_of_a_run_begins_one_that_ends_with_the_tracer(recorded: Recorded) -> None:
    with recorded.tracer.step("alone"):
        pass
    recorded.tracer.close()
    assert [record["type"] for record in recorded.records()] == ["header", "span_start", "span_end", "run_end"]


def test_tags_and_meta_of_the_tracer_are_those_of_each_run() -> None:
    recorded = Recorded(meta={"version": 3}, tags=["nightly", "eval"])
    with recorded.tracer.run(meta={"case": 7}):
        pass
    assert recorded.records()[0]["meta"] == {"version": 3, "tags": ["nightly", "eval"], "case": 7}


def test_a_run_inside_of_a_span_is_linked_to_it(recorded: Recorded) -> None:
    other = Recorded()
    with recorded.tracer.run() as outer, recorded.tracer.step("delegate") as step, other.tracer.run():
        pass
    header = other.records("header")[0]
    assert (header["parent_run"], header["parent_span"]) == (outer.run_id, step.id)


# Spans


def test_a_span_is_written_when_it_starts_and_again_when_it_ends(recorded: Recorded) -> None:
    with recorded.tracer.run(), recorded.tracer.step("market_scan", symbol="BTCUSDT") as step:
        started = recorded.records()[-1]
        step.set(rows=3)
    end = recorded.records("span_end")[0]
    assert (started["type"], started["name"], started["kind"]) == ("span_start", "market_scan", "step")
    assert started["attributes"] == {"symbol": "BTCUSDT"}
    assert (end["span"], end["name"], end["kind"], end["start"]) == (step.id, "market_scan", "step", started["time"])
    assert (end["status"], end["attributes"]) == ("ok", {"rows": 3})


def test_durations_come_from_the_monotonic_clock() -> None:
    wall, mono = TickingClock(), TickingClock(0)
    recorded = Recorded(clock=wall, mono=mono)
    with recorded.tracer.run(), recorded.tracer.step("wait"):
        mono.advance(2)
        wall.advance(-3_600)  # somebody set the clock
    assert recorded.records("span_end")[0]["duration_ns"] == 2_000 * MS


def test_ids_come_from_where_they_are_asked_for() -> None:
    recorded = Recorded(ids=CountingIds())
    with recorded.tracer.run(), recorded.tracer.step("one"):
        pass
    assert recorded.records()[0]["run"] == f"{1:032x}"
    assert recorded.records("span_start")[0]["span"] == f"{1:016x}"


def test_spans_nest_by_context(recorded: Recorded) -> None:
    tracer = recorded.tracer
    with tracer.run(), tracer.agent("planner"):
        with tracer.llm("plan"):
            pass
        with tracer.tool("search"), tracer.retrieval("lookup"):
            pass
    assert recorded.parents() == {"planner": None, "plan": "planner", "search": "planner", "lookup": "search"}


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        *(
            (kind, kind)
            for kind in ("agent", "llm", "tool", "embedding", "reranker", "guardrail", "evaluator", "chain")
        ),
        ("step", "step"),
        ("retrieval", "retriever"),
        ("span", "span"),
    ],
)
def test_every_kind_has_its_word(recorded: Recorded, method: str, kind: str) -> None:
    with recorded.tracer.run(), getattr(recorded.tracer, method)("it"):
        pass
    assert recorded.records("span_start")[0]["kind"] == kind


def test_a_model_call_has_model_messages_answer_tokens_and_cost(recorded: Recorded) -> None:
    messages = [{"role": "user", "content": "hi"}]
    with recorded.tracer.run(), recorded.tracer.llm("plan", model="m-1", messages=messages) as call:
        call.finish("hello", model="m-1-2026", input_tokens=812, output_tokens=64, cached_tokens=500, cost_usd=0.01)
    start, end = recorded.records("span_start")[0], recorded.records("span_end")[0]
    assert (start["model"], start["input"]) == ("m-1", messages)
    assert (end["model"], end["output"], end["cost_usd"]) == ("m-1-2026", "hello", 0.01)
    assert end["usage"] == {"input": 812, "output": 64, "cached": 500}


def test_a_span_that_was_finished_by_hand_is_not_ended_again(recorded: Recorded) -> None:
    with recorded.tracer.run(), recorded.tracer.tool("search") as tool:
        tool.finish(["row"])
    assert len(recorded.records("span_end")) == 1


def test_a_span_that_raises_has_failed_with_the_chain_of_tracebacks(recorded: Recorded) -> None:
    def fail() -> None:
        try:
            raise KeyError("symbol")
        except KeyError as cause:
            raise ValueError("no such market") from cause

    with recorded.tracer.run(), pytest.raises(ValueError, match="no such"), recorded.tracer.tool("search"):
        fail()
    end = recorded.records("span_end")[0]
    error = end["error"]
    assert end["status"] == "error"
    assert isinstance(error, dict)
    assert "KeyError: 'symbol'" in str(error["traceback"])
    assert "The above exception was the direct cause" in str(error["traceback"])


def test_spans_can_be_failed_skipped_and_started_by_hand(recorded: Recorded) -> None:
    tracer = recorded.tracer
    with tracer.run():
        outer = tracer.start("outer", "step")
        tracer.step("inner").start().fail("broke", attempt=2)
        tracer.step("other").start().skip("nothing to do")
        outer.finish()
        with tracer.step("after"):
            pass
    ends = {record["name"]: record for record in recorded.records("span_end")}
    assert (ends["inner"]["status"], ends["inner"]["error"]) == ("error", {"message": "broke"})
    assert (ends["other"]["status"], ends["other"]["attributes"]) == ("skipped", {"reason": "nothing to do"})
    assert recorded.parents() == {"outer": None, "inner": "outer", "other": "outer", "after": None}


def test_what_became_known_of_a_long_span_can_be_written_before_its_end(recorded: Recorded) -> None:
    with recorded.tracer.run(), recorded.tracer.llm("plan") as call:
        call.model("m-1").usage(input_tokens=5).set(stage="streaming").update()
        update = recorded.records()[-1]
    assert (update["type"], update["model"], update["usage"]) == ("span_update", "m-1", {"input": 5})
    assert "attributes" not in recorded.records("span_end")[0]


def test_a_parent_can_be_named(recorded: Recorded) -> None:
    tracer = recorded.tracer
    with tracer.run():
        with tracer.step("first") as first:
            pass
        with tracer.step("late", parent=first):
            pass
    assert recorded.parents()["late"] == "first"


# Events


def test_a_log_has_level_text_and_values(recorded: Recorded) -> None:
    with recorded.tracer.run(), recorded.tracer.step("scan") as step:
        step.log("spread is wide", level="warning", spread=0.3)
    event = recorded.records("event")[0]
    assert (event["class"], event["level"], event["text"]) == ("log", "warning", "spread is wide")
    assert (event["span"], event["attributes"]) == (step.id, {"spread": 0.3})


def test_what_happens_in_a_span_can_be_said_in_one_breath(recorded: Recorded) -> None:
    with recorded.tracer.run(), recorded.tracer.step("scan") as step:
        step.log(signal=0.87).decision("router", "a").retry(1).event("tick").observed("request", {}).chunks([]).token(
            "x"
        )
    with recorded.tracer.run() as run:
        run.log("one").log("two")
    assert [event["name"] for event in recorded.records("event")] == [
        *("log", "router", "retry", "tick", "request", "chunks", "log", "log")
    ]


def test_a_logged_exception_keeps_its_traceback(recorded: Recorded) -> None:
    with recorded.tracer.run():
        try:
            raise TimeoutError("after 3 s")
        except TimeoutError:
            recorded.tracer.log("gave up", level="error", exception=True)
    attributes = recorded.records("event")[0]["attributes"]
    assert isinstance(attributes, dict)
    assert attributes["exception"]["type"] == "TimeoutError"
    assert "test_tracer.py" in attributes["exception"]["traceback"]


@pytest.mark.parametrize("type_", ["router", "tool_selection", "model_selection", "guardrail", "continuation"])
def test_a_decision_has_what_it_was_made_from(recorded: Recorded, type_: str) -> None:
    with recorded.tracer.run():
        recorded.tracer.decision(type_, chosen="a", alternatives=["a", "b"], reason="cheaper", confidence=0.8, rule=3)
    event = recorded.records("event")[0]
    assert (event["class"], event["name"], event["text"]) == ("decision", type_, "a: cheaper")
    assert event["attributes"] == {
        "chosen": "a",
        "alternatives": ["a", "b"],
        "reason": "cheaper",
        "confidence": 0.8,
        "rule": 3,
    }


def test_a_retry_has_its_number_and_reason(recorded: Recorded) -> None:
    with recorded.tracer.run():
        recorded.tracer.retry(2, TimeoutError("slow"), wait_s=1.5)
    event = recorded.records("event")[0]
    assert (event["class"], event["text"]) == ("retry", "attempt 2: TimeoutError: slow")
    assert event["attributes"] == {"attempt": 2, "reason": "TimeoutError: slow", "wait_s": 1.5}


def test_an_event_told_as_a_dictionary_is_stamped_if_it_has_no_time(recorded: Recorded) -> None:
    with recorded.tracer.run():
        recorded.tracer.log_event({"event": "cache_hit", "key": "k"})
        recorded.tracer.log_event(
            {"type": "old", "timestamp": "2026-03-02T08:00:00Z", "level": "INFO", "message": "hi"}
        )
        recorded.tracer.log_event({"type": "seconds", "timestamp": 1_767_225_600.25})
    stamped, told, seconds = recorded.records("event")
    assert (stamped["name"], stamped["attributes"]) == ("cache_hit", {"key": "k"})
    assert int(str(stamped["time"])) > 1_700_000_000 * 10**9
    assert (told["time"], told["class"], told["level"], told["text"]) == (1772438400 * 10**9, "log", "info", "hi")
    assert seconds["time"] == 1_767_225_600_250 * MS


# Verbosity


def one_of_each(tracer: Tracer) -> None:
    with tracer.run(), tracer.llm("plan", model="m", messages="x" * 20_000) as call:
        for level in ("debug", "info", "warning"):
            call.log(level, level=level)
        call.token("He")
        call.observed("request", {"url": "u"})
        with tracer.retrieval("find", query="q") as found:
            found.chunks([{"text": "y" * 5_000, "score": 0.5}])
        call.finish("out", input_tokens=1)


@pytest.mark.parametrize(
    ("verbosity", "logs", "input_", "tokens", "chunk"),
    [
        ("minimal", ["warning"], None, 0, None),
        ("standard", ["info", "warning"], 10_000, 0, 300),
        ("detailed", ["debug", "info", "warning"], 20_000, 1, 5_000),
        ("debug", ["debug", "info", "warning"], 20_000, 1, 5_000),
    ],
)
def test_verbosity_says_how_much_is_recorded(
    verbosity: str, logs: list[str], input_: int | None, tokens: int, chunk: int | None
) -> None:
    recorded = Recorded(verbosity=verbosity)
    one_of_each(recorded.tracer)
    events = recorded.records("event")
    assert [event["level"] for event in events if event["class"] == "log"] == logs
    assert len([event for event in events if event["class"] == "token"]) == tokens
    text = recorded.records("span_start")[0].get("input")
    assert (text if text is None else str(text).count("x")) == input_
    chunks = next(event for event in events if event["name"] == "chunks")["attributes"]
    assert isinstance(chunks, dict)
    assert chunks["count"] == 1
    assert (chunks["chunks"][0]["text"].count("y") if chunk else chunks.get("chunks")) == chunk


def test_a_long_text_is_cut_and_says_how_long_it_was() -> None:
    recorded = Recorded(preview=10)
    with recorded.tracer.run(), recorded.tracer.step("x", text="a" * 1_000):
        pass
    assert recorded.records("span_start")[0]["attributes"] == {"text": "a" * 10 + "…[cut: 1000 characters]"}


def test_secrets_do_not_reach_a_sink_and_are_counted() -> None:
    recorded = Recorded()
    with recorded.tracer.run(), recorded.tracer.tool("fetch", arguments={"password": "hunter22", "page": 3}):
        pass
    assert recorded.records("span_start")[0]["input"] == {"password": "[redacted]", "page": 3}
    assert recorded.records()[-1]["redacted"] == 1
    assert recorded.tracer.stats.redacted == 1


def test_a_tracer_that_is_off_records_nothing_and_takes_everything() -> None:
    sink = MemorySink()
    tracer = Tracer("off", sinks=[sink], enabled=False)
    one_of_each(tracer)
    tracer.start("by hand").usage(input_tokens=1).log("one").retry(1).finish()
    tracer.decision("router", chosen="a")
    assert tracer.trace(len) is len
    assert tracer.wrap(len) is len
    assert (list(sink.records), tracer.summary(), tracer.events()) == ([], {}, [])


# Threads, tasks, generators


def test_a_thread_that_is_handed_its_scope_records_inside_of_it(recorded: Recorded) -> None:
    tracer = recorded.tracer

    def work(name: str) -> None:
        with tracer.step(name):
            pass

    with tracer.run(), tracer.step("outer"), ThreadPoolExecutor(2) as pool:
        list(pool.map(tracer.wrap(work), ["a", "b", "c"]))
    assert recorded.parents() == {"outer": None, "a": "outer", "b": "outer", "c": "outer"}


def test_a_thread_without_a_scope_records_into_the_run(recorded: Recorded) -> None:
    tracer = recorded.tracer
    with tracer.run(), tracer.step("outer"):
        thread = threading.Thread(target=lambda: tracer.start("thread").finish())
        thread.start()
        thread.join()
    assert recorded.parents() == {"outer": None, "thread": None}
    assert len(recorded.records("header")) == 1


def test_tasks_record_inside_of_the_scope_that_made_them(recorded: Recorded) -> None:
    tracer = recorded.tracer

    async def work(name: str) -> None:
        async with tracer.step(name):
            await asyncio.sleep(0)
            with tracer.step(f"{name}.inner"):
                await asyncio.sleep(0)

    async def main() -> None:
        async with tracer.run(), tracer.step("outer"):
            await asyncio.gather(work("a"), work("b"))

    asyncio.run(main())
    assert recorded.parents() == {"outer": None, "a": "outer", "b": "outer", "a.inner": "a", "b.inner": "b"}


def test_a_cancelled_task_has_not_failed(recorded: Recorded) -> None:
    tracer = recorded.tracer

    async def main() -> None:
        async def wait() -> None:
            with tracer.step("wait"):
                await asyncio.sleep(60)

        with tracer.run():
            task = asyncio.create_task(wait())
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    end = recorded.records("span_end")[0]
    assert (end["status"], end["attributes"]) == ("unset", {"cancelled": True})


def test_a_span_held_open_by_a_generator_is_not_its_consumers(recorded: Recorded) -> None:
    tracer = recorded.tracer

    def rows() -> Iterator[int]:
        with tracer.step("rows"):
            for row in range(2):
                with tracer.step(f"row {row}"):
                    yield row

    with tracer.run(), tracer.step("outer"):
        for row in rows():
            with tracer.step(f"use {row}"):
                pass
    assert recorded.parents() == {
        "outer": None,
        "rows": "outer",
        "row 0": "rows",
        "use 0": "outer",
        "row 1": "rows",
        "use 1": "outer",
    }


def test_a_span_of_a_context_manager_is_that_of_its_block(recorded: Recorded) -> None:
    tracer = recorded.tracer

    @contextmanager
    def connected() -> Iterator[None]:
        with tracer.step("connected"):
            yield

    with tracer.run(), connected(), tracer.step("inside"):
        pass
    assert recorded.parents() == {"connected": None, "inside": "connected"}


# Decorators


def test_a_traced_function_is_a_span_with_arguments_and_result(recorded: Recorded) -> None:
    @recorded.tracer.trace(kind="tool")
    def add(a: int, b: int = 2) -> int:
        return a + b

    with recorded.tracer.run():
        assert add(1, b=5) == 6
    start, end = recorded.records("span_start")[0], recorded.records("span_end")[0]
    assert (start["kind"], start["input"], end["output"]) == ("tool", {"a": 1, "b": 5}, 6)
    assert str(start["name"]).endswith("add")


def test_a_traced_coroutine_is_a_span(recorded: Recorded) -> None:
    @recorded.tracer.trace("fetch")
    async def fetch(page: int) -> int:
        await asyncio.sleep(0)
        return page

    with recorded.tracer.run():
        assert asyncio.run(fetch(3)) == 3
    assert recorded.records("span_end")[0]["output"] == 3


def test_a_traced_generator_is_current_only_while_it_runs(recorded: Recorded) -> None:
    tracer = recorded.tracer

    @tracer.trace(name="rows")
    def rows() -> Iterator[int]:
        for row in range(2):
            with tracer.step(f"make {row}"):
                pass
            yield row

    with tracer.run(), tracer.step("outer"):
        for row in rows():
            with tracer.step(f"use {row}"):
                pass
    parents = recorded.parents()
    assert {parents[name] for name in ("make 0", "make 1")} == {"rows"}
    assert {parents[name] for name in ("use 0", "use 1")} == {"outer"}


def test_a_traced_generator_that_is_closed_early_ends_well(recorded: Recorded) -> None:
    @recorded.tracer.trace(name="rows")
    def rows() -> Iterator[int]:
        yield 1
        yield 2

    with recorded.tracer.run():
        found = rows()
        next(found)
        found.close()  # type: ignore[attr-defined]
    assert recorded.records("span_end")[0]["status"] == "ok"


def test_a_traced_asynchronous_generator_is_current_only_while_it_runs(recorded: Recorded) -> None:
    tracer = recorded.tracer

    @tracer.trace(name="stream")
    async def stream() -> AsyncIterator[int]:
        for piece in range(2):
            with tracer.step(f"make {piece}"):
                await asyncio.sleep(0)
            yield piece

    async def main() -> None:
        with tracer.run(), tracer.step("outer"):
            async for piece in stream():  # type: ignore[attr-defined]
                with tracer.step(f"use {piece}"):
                    pass

    asyncio.run(main())
    parents = recorded.parents()
    assert {parents[name] for name in ("make 0", "make 1")} == {"stream"}
    assert {parents[name] for name in ("use 0", "use 1")} == {"outer"}


def test_what_a_traced_function_raises_is_its_failure(recorded: Recorded) -> None:
    @recorded.tracer.trace
    def fail() -> None:
        raise LookupError("nothing")

    with recorded.tracer.run(), pytest.raises(LookupError):
        fail()
    assert recorded.records("span_end")[0]["status"] == "error"


# Reading back


def told(tracer: Tracer) -> None:
    """A run with something of everything."""
    with tracer.run("nightly"), tracer.agent("planner", input="find it") as agent:
        with tracer.llm("plan", model="m-1", messages=[{"role": "user", "content": "hi"}]) as call:
            call.finish("hello", input_tokens=812, output_tokens=64, cost_usd=0.25)
        with tracer.tool("search", arguments={"q": "x"}) as tool:
            tool.retry(1, "timeout")
            tool.fail(TimeoutError("after 3 s"))
        with tracer.tool("search", arguments={"q": "x"}) as tool:
            tool.result(["row"])
        agent.decision("router", chosen="a", reason="cheaper")
        agent.log("done", rows=1)


def facts(path: Path) -> list[dict[str, object]]:
    loaded = load([str(path)])
    rules = StatusRules(is_running=lambda process: None)
    summaries = Summaries(loaded.store, loaded.reader.sources, loaded.bodies, 0, rules)
    found = [summaries.full(run) for run in loaded.runs]
    loaded.reader.close()
    for each in found:
        for key in ("paths", "path_bytes"):
            each.pop(key, None)
    return found


EXPECTED = {
    "name": "nightly",
    "status": "ok",
    "spans": 4,
    "spans_by_kind": {"agent": 1, "llm": 1, "tool": 2},
    "errors": 1,
    "failed": ["search"],
    "retries": 1,
    "cost_usd": 0.25,
    "models": ["m-1"],
    "notes": [],
}


def test_what_a_file_sink_wrote_is_read_back(tmp_path: Path) -> None:
    tracer = Tracer(folder=tmp_path / "traces", link_children=False)
    told(tracer)
    (run,) = facts(tmp_path)
    assert {key: run[key] for key in EXPECTED} == EXPECTED
    assert run["tokens"] == {
        "input": 812,
        "output": 64,
        "total": 876,
        "cached": None,
        "cache_write": None,
        "reasoning": None,
    }
    assert tracer.stats.faults == 0


def test_every_sink_is_read_back_the_same(tmp_path: Path) -> None:
    memory = MemorySink()
    sinks = [JsonlSink(tmp_path / "files"), SqliteSink(tmp_path / "db" / "runs.db"), memory]
    tracer = Tracer(sinks=sinks, link_children=False)
    told(tracer)
    tracer.close()
    kept = tmp_path / "memory" / "kept.jsonl"
    kept.parent.mkdir()
    kept.write_bytes(b"".join(record.line + b"\n" for record in memory.records))
    from_files = facts(tmp_path / "files")
    assert facts(kept) == from_files
    assert facts(tmp_path / "db") == from_files
    assert tracer.stats.faults == 0, tracer.stats.first_fault


def test_one_sink_or_several_write_the_same_lines(tmp_path: Path) -> None:
    def lines(*extra: MemorySink) -> list[dict[str, object]]:
        folder = tmp_path / str(len(extra))
        clock = TickingClock(tick=MS)
        tracer = Tracer(
            sinks=[JsonlSink(folder), *extra],
            ids=CountingIds(),
            clock=clock,
            mono=TickingClock(0, MS),
            link_children=False,
        )
        told(tracer)
        (file,) = folder.iterdir()
        return [json.loads(line) for line in file.read_text().splitlines()]

    def without_lines_of_code(records: list[dict[str, object]]) -> list[dict[str, object]]:
        return [{**record, "mono": 0} if record["type"] == "header" else record for record in records]

    assert without_lines_of_code(lines()) == without_lines_of_code(lines(MemorySink()))


def test_a_buffered_file_is_whole_when_the_run_has_ended(tmp_path: Path) -> None:
    tracer = Tracer(folder=tmp_path, buffered=True, link_children=False)
    with tracer.run():
        with tracer.step("held back"):
            pass
        (held,) = [path.stat().st_size for path in tmp_path.iterdir()] or [0]
        assert held == 0
    (run,) = facts(tmp_path)
    assert (run["spans"], run["status"]) == (1, "ok")


def test_files_and_folders_are_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        told(Tracer(folder=tmp_path / "traces", link_children=False))
    finally:
        os.umask(before)
    (file,) = (tmp_path / "traces").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


# Afterwards


def test_a_summary_is_what_stats_says(tmp_path: Path) -> None:
    tracer = Tracer(folder=tmp_path, link_children=False)
    told(tracer)
    summary = tracer.summary()
    assert {key: summary[key] for key in EXPECTED} == EXPECTED
    assert summary["paths"] == [str(path) for path in tracer.paths]


def test_a_cost_summary_is_by_model_and_says_what_is_unknown(recorded: Recorded) -> None:
    tracer = recorded.tracer
    with tracer.run():
        for cost in (0.5, None):
            with tracer.llm("a", model="m-1") as call:
                call.finish(input_tokens=10, output_tokens=1, cost_usd=cost)
        with tracer.llm("b", model="m-2"):
            pass
    found = tracer.cost_summary()
    first, second = found.models["m-1"], found.models["m-2"]
    assert (first.calls, first.input_tokens, first.cost_usd, first.without_cost) == (2, 20, 0.5, 1)
    assert (second.calls, second.input_tokens, second.cost_usd, second.without_cost) == (1, None, None, 1)
    assert found.total.calls == 3


def test_events_are_found_by_name_type_and_span(recorded: Recorded) -> None:
    tracer = recorded.tracer
    with tracer.run():
        with tracer.step("scan") as step:
            for number in range(5):
                step.event("tick", number=number)
        tracer.event("tick", number=9)
    assert len(tracer.events(["tick"])) == 6
    assert len(tracer.events(["tick"], step)) == 5
    assert [each["attributes"] for each in tracer.events(["tick"], step, limit=2, offset=1)] == [
        {"number": 1},
        {"number": 2},
    ]
    assert [each["type"] for each in tracer.events(["span_end"])] == ["span_end"]
    latest = tracer.latest("tick")
    assert latest is not None
    assert latest["attributes"] == {"number": 9}


def test_a_run_kept_in_memory_can_be_saved_and_read(tmp_path: Path, recorded: Recorded) -> None:
    told(recorded.tracer)
    saved = recorded.tracer.save(tmp_path / "saved" / "run.jsonl")
    assert saved is not None
    assert saved.stat().st_mode & 0o777 == 0o600
    assert facts(saved)[0]["spans"] == 4


def test_a_report_in_markdown_shows_the_tree_the_failure_and_the_decision(tmp_path: Path, recorded: Recorded) -> None:
    told(recorded.tracer)
    saved = recorded.tracer.save_markdown(tmp_path / "run.md")
    assert saved is not None
    text = saved.read_text()
    assert text.startswith("# nightly\n")
    for word in ("planner", "search", "TimeoutError: after 3 s", "router", "a: cheaper"):
        assert word in text


def test_nothing_recorded_is_markup_in_a_report(tmp_path: Path, recorded: Recorded) -> None:
    with (
        recorded.tracer.run("# <script>alert(1)</script> [x](javascript:x)\x1b[31m"),
        recorded.tracer.step("```\n# out"),
    ):
        pass
    saved = recorded.tracer.save_markdown(tmp_path / "run.md")
    assert saved is not None
    text = saved.read_text()
    assert text.startswith("# `# <script>alert(1)</script> [x](javascript:x)␛[31m`\n")
    assert "<script>" not in text.replace("`# <script>", "").split("```")[0]
    assert "\x1b" not in text
    assert "\n# out" not in text


def test_what_cannot_be_saved_is_none_and_no_exception(tmp_path: Path, recorded: Recorded) -> None:
    told(recorded.tracer)
    (tmp_path / "file").write_text("")
    assert recorded.tracer.save(tmp_path / "file" / "run.jsonl") is None
    assert recorded.tracer.save_markdown(tmp_path / "file" / "run.md") is None


def test_a_fault_in_reading_back_is_counted_and_not_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracer = Tracer(sinks=[MemorySink()], link_children=False)
    told(tracer)
    monkeypatch.setattr("tempfile.TemporaryDirectory", lambda **options: 1 / 0)
    assert tracer.summary() == {}
    assert tracer.save_markdown(tmp_path / "x.md") is None
    assert tracer.stats.faults == 2
    assert "ZeroDivisionError" in tracer.stats.first_fault
