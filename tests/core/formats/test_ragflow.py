"""RAGFlow's agent traces: keys, dumps, streams, renderings, and which of them are runs."""

import itertools
import json
import shutil

import pytest

from tests.core.formats.folders import Followed, only_run_of, runs_of
from tests.core.formats.lanes import FAST, SLOW, assert_the_lanes_agree, stored
from tests.core.formats.reading import SAMPLES, bodies, candidate, claim, fact, fold, only_run, read
from tests.core.store.facts import store_facts
from tracetui.core.batch import Batch
from tracetui.core.formats import Match, detect, ragflow
from tracetui.core.formats._ragflow_run import utc_ns
from tracetui.core.formats.ragflow import RagflowFormat
from tracetui.core.model import EventClass, Flag, Kind, Status
from tracetui.core.operations import Bad, Columns
from tracetui.core.store import Store

HERE = SAMPLES / "ragflow"
DAY = "2026-03-04T05:06:"
NAMED = "/traces/agent_trace_session_t1.json"

_numbers = itertools.count()


def event(event_type, second, **more):
    return {"event_id": f"e{next(_numbers)}", "event_type": event_type, "timestamp": f"{DAY}{second:02}", **more}


def node(what, second, id_="n:0", **more):
    return event(f"node_{what}", second, component_id=id_, component_name=f"Node {id_}", component_type="Agent", **more)


def llm(what, second, id_="l1", **more):
    told = {"model_name": "m"} if what == "started" else {"tokens": 11}
    return event(f"llm_call_{what}", second, metadata={"call_id": id_, **told}, **more)


def session(*events, status="completed", **more):
    metadata = {"agent_id": "agent", "session_id": "conversation", "trace_level": "detailed", "tags": []}
    lists = {"llm_calls": [], "retrievals": [], "tool_calls": []}
    ends = {"completed_at": f"{DAY}59", "total_elapsed_time": 58.5} if status != "running" else {"completed_at": None}
    return {
        "session_id": "conversation",
        "metadata": metadata,
        "events": list(events),
        **lists,
        "started_at": f"{DAY}00.500000",
        "total_elapsed_time": 0.0,
        **ends,
        "status": status,
        "error": None,
        **more,
    }


def call(id_="l1", **more):
    known = {"call_id": id_, "model_name": "m", "prompt": "p", "response": "r", "latency_ms": 1.5, "error": None}
    return {**known, "prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11, **more}


def blocks(*events, name="trace"):
    return "".join("data:" + json.dumps({"event": name, "data": one}) + "\n\n" for one in events) + "data:[DONE]\n\n"


def told(value, path=NAMED):
    data = value.encode() if isinstance(value, str) else json.dumps(value).encode()
    return only_run(read(data, path))


def write(folder, **files):
    """Files of a folder; ``__`` in a name stands for a dot."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        text = value if isinstance(value, str) else json.dumps(value)
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def dump(**values):
    """A dump of redis: values by kind and task (``session_t1``)."""
    entries = [(name.split("_"), value) for name, value in values.items()]
    return "".join(
        json.dumps({"key": f"agent_trace:{kind}:{task}", "ttl_s": 9, "value": json.dumps(value)}) + "\n"
        for (kind, task), value in entries
    )


FLOW = [
    event("workflow_started", 1, inputs={"q": "hi"}),
    node("started", 2),
    llm("started", 3),
    llm("completed", 4),
    node("finished", 5, elapsed_time=3.0),
    event("workflow_completed", 6, outputs={"a": 1}, elapsed_time=5.0),
]
STUB = {"task_id": "t1", "agent_id": "agent", "trace_level": "detailed", "created_at": f"{DAY}00", "status": "running"}


# -- one run -----------------------------------------------------------------------------------------------------------


def test_the_run_id_is_the_task_of_the_name_and_its_name_the_agent():
    run = told(session(*FLOW))
    assert (fact(run, "id"), fact(run, "name")) == ("t1", "agent")


@pytest.mark.parametrize("name", ["agent_trace:session:t1", "agent_trace_session_t1.json", "agent_trace_session_t1"])
def test_the_task_is_read_from_any_spelling_of_the_key(name):
    assert fact(told(session(*FLOW), f"/traces/{name}"), "id") == "t1"


def test_a_renamed_session_lacks_its_task(tmp_path):
    assert list(runs_of(write(tmp_path, x=session(*FLOW)))) == ["x"]


def test_start_end_and_duration_are_the_sessions():
    run = told(session(*FLOW))
    assert fact(run, "start") == 1_772_600_760_500_000_000
    assert fact(run, "end") == 1_772_600_819_000_000_000
    assert fact(run, "duration_ns") == 58_500_000_000


def test_times_are_utc_whatever_the_viewers_zone(tmp_path):
    run = only_run_of(write(tmp_path, agent_trace_session_t1__json=session(*FLOW)))
    assert (run["start"], run["clock"]) == ("2026-03-04T05:06:00.500Z", "utc")


@pytest.mark.parametrize(("word", "status"), [("completed", "ok"), ("failed", "error"), ("running", "unfinished")])
def test_the_status_is_the_sessions(tmp_path, word, status):
    value = session(FLOW[0], status=word)
    assert only_run_of(write(tmp_path, agent_trace_session_t1__json=value))["status"] == status


def test_a_running_session_has_no_duration_of_its_own():
    assert fact(told(session(FLOW[0], status="running")), "duration_ns") is None


def test_the_workflow_is_no_span():
    assert {span["name"] for span in told(session(*FLOW)).told.values()} == {"Node n:0", "m"}


def test_a_stub_that_was_never_saved_is_an_unfinished_run():
    run = only_run_of(HERE / "agent_trace_session_task-created-only.json")
    assert (run["id"], run["status"], run["spans"], run["events"]) == ("task-created-only", "unfinished", 0, 0)


def test_a_renamed_stub_tells_its_task_itself():
    assert fact(told(STUB, "/elsewhere/x"), "id") == "t1"


def test_an_event_list_alone_is_a_run_with_the_end_it_tells():
    run = told(FLOW, "/traces/agent_trace_events_t1.json")
    assert fact(run, "status") is Status.ok
    assert fact(run, "duration_ns") == 5_000_000_000


def test_an_event_list_alone_starts_when_the_workflow_did_and_not_with_its_first_node():
    begun = event("workflow_started", 1)
    flow = [begun, node("started", 3), node("finished", 5, elapsed_time=2.0), event("workflow_completed", 6)]
    run = told(flow, "/traces/agent_trace_events_t1.json")
    assert fact(run, "start") == utc_ns(begun["timestamp"])


def test_the_start_of_a_session_is_its_own_and_not_that_of_the_event():
    run = told(session(event("workflow_started", 1)))
    assert fact(run, "start") == utc_ns(f"{DAY}00.500000")


def test_unknown_event_types_are_kept():
    run = told(session(event("cache_hit", 3)))
    assert [found[0] for found in run.events] == ["cache_hit"]


# -- spans -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("agent", Kind.step),
        ("llm", Kind.llm),
        ("tool", Kind.tool),
        ("retrieval", Kind.retriever),
        ("thinking", Kind.span),
    ],
)
def test_kinds(name, kind):
    started = {
        "agent": node("started", 2),
        "llm": llm("started", 2),
        "tool": event("tool_call_started", 2, metadata={"call_id": "t", "tool_name": "calc"}),
        "retrieval": event("retrieval_started", 2, metadata={"retrieval_id": "r", "query": "q"}),
        "thinking": event("thinking_started", 2, component_id="n:0", thoughts="hm"),
    }[name]
    (span,) = told(session(started)).told.values()
    assert span["kind"] is kind


def test_a_reentered_node_is_a_span_each_time():
    run = told(session(node("started", 1), node("finished", 2), node("started", 3), node("finished", 4)))
    assert [span["end"] - span["start"] for span in run.told.values()] == [1_000_000_000] * 2


def test_parallel_nodes_of_one_id_pair_last_start_first():
    run = told(session(node("started", 1), node("started", 2), node("finished", 3), node("finished", 9)))
    assert [span["end"] - span["start"] for span in run.told.values()] == [8_000_000_000, 1_000_000_000]


def test_an_end_without_a_start_takes_its_elapsed_time(tmp_path):
    value = session(node("finished", 9, elapsed_time=2.5))
    assert only_run_of(write(tmp_path, agent_trace_session_t1__json=value))["slowest"]["duration_ms"] == 2_500


def test_a_call_lies_under_the_only_open_node_and_that_is_inferred():
    run = told(session(*FLOW))
    assert run.parent_name("m") == "Node n:0"
    assert run.named("m")["flags"] & Flag.parent_inferred


def test_with_several_open_nodes_the_parent_is_not_known():
    run = told(session(node("started", 1, "a"), node("started", 2, "b"), llm("started", 3)))
    assert run.parent_name("m") is None


def test_after_its_node_ended_a_call_lies_under_none():
    assert told(session(node("started", 1), node("finished", 2), llm("started", 3))).parent_name("m") is None


def test_thinking_lies_under_the_node_that_it_names():
    value = session(node("started", 1, "a"), node("started", 2, "b"), event("thinking_started", 3, component_id="a"))
    assert told(value).parent_name("thinking") == "Node a"


@pytest.mark.parametrize("sort", ["llm_call", "tool_call", "retrieval"])
def test_a_completed_call_with_an_error_failed(sort):
    ids = {"call_id": "c", "retrieval_id": "c"}
    run = told(
        session(event(f"{sort}_started", 1, metadata=ids), event(f"{sort}_completed", 2, metadata=ids, error="no"))
    )
    (span,) = run.told.values()
    assert span["status"] is Status.error


def test_a_failed_node_failed_and_its_echoes_are_events():
    failure = node("failed", 2, error="no")
    run = told(session(node("started", 1), failure, event("error_occurred", 3, error="no", component_id="n:0")))
    assert run.named("Node n:0")["status"] is Status.error
    assert run.events == [("error_occurred", "node:n:0#1", EventClass.error, 1_772_600_763_000_000_000)]


def test_a_call_that_only_its_list_tells_is_a_span():
    run = told(
        session(event("workflow_started", 1), llm_calls=[call("l7", started_at=f"{DAY}02", completed_at=f"{DAY}03")])
    )
    assert run.named("m")["end"] - run.named("m")["start"] == 1_000_000_000


# -- tokens ------------------------------------------------------------------------------------------------------------


def test_tokens_are_those_of_the_call_list():
    run = told(session(*FLOW, llm_calls=[call()]))
    assert run.usage_sums() == {"input": 10, "output": 1, "total": 11}


def test_below_detailed_tokens_are_unknown_and_not_zero():
    value = session(node("started", 1), node("finished", 2), summary={"total_tokens": 0})
    assert told(value).usage_sums() == {}


def test_calls_with_one_id_pair_in_their_order():
    events = [llm("started", 1), llm("completed", 2), llm("started", 3), llm("completed", 4)]
    run = told(session(*events, llm_calls=[call(total_tokens=1), call(total_tokens=2)]))
    assert [span["usage"].total for span in run.told.values()] == [1, 2]


def test_without_a_call_list_the_event_tells_the_total():
    assert told(FLOW, "/traces/agent_trace_events_t1.json").usage_sums() == {"total": 11}


# -- several sources of a run ------------------------------------------------------------------------------------------


def test_session_events_and_dump_of_a_task_are_one_run_and_every_event_counts_once(tmp_path):
    value = session(*FLOW, llm_calls=[call()])
    files = {
        "agent_trace_session_t1__json": value,
        "agent_trace_events_t1__json": FLOW,
        "redis_dump__jsonl": dump(events_t1=FLOW, session_t1=value),
    }
    run = only_run_of(write(tmp_path, **files))
    assert (run["events"], run["spans"], len(run["paths"]), run["tokens"]["total"]) == (6, 2, 3, 11)


def test_a_dump_holds_many_runs(tmp_path):
    runs = runs_of(
        write(tmp_path, x=dump(events_t1=FLOW, session_t1=session(*FLOW), session_t2=STUB | {"task_id": "t2"}))
    )
    assert {id_: run["status"] for id_, run in runs.items()} == {"t1": "ok", "t2": "unfinished"}


def test_a_dump_line_whose_value_is_broken_costs_only_itself():
    lines = dump(session_t1=session(*FLOW)) + '{"key": "agent_trace:events:t1", "ttl_s": 1, "value": "[{"}\n'
    runs, bad = fold(read(lines.encode(), "/traces/x"))
    assert len(runs) == 1
    assert [one.line for one in bad] == [2]


def test_the_same_task_in_two_folders_with_other_events_is_two_runs(tmp_path):
    one = [event("workflow_started", 1)]
    write(tmp_path / "a", agent_trace_session_t1__json=session(*FLOW))
    write(tmp_path / "b", agent_trace_session_t1__json=session(*one))
    assert sorted(run["events"] for run in runs_of(tmp_path).values()) == [1, 6]


def test_a_copied_folder_is_no_second_run(tmp_path):
    for name in "ab":
        write(tmp_path / name, agent_trace_session_t1__json=session(*FLOW))
    run = only_run_of(tmp_path)
    assert run["paths"] == [str(tmp_path / "a" / "agent_trace_session_t1.json")]


# -- renderings --------------------------------------------------------------------------------------------------------


def repairs_of(run):
    return {
        repair["what"]: repair["details"] for repair in run["repairs"] if repair["what"] in ("copies", "side_files")
    }


def test_renderings_are_set_aside_and_named():
    runs = runs_of(HERE)
    assert len(runs) == 7
    assert repairs_of(runs["task-fail"]) == {
        "copies": ["fail.streaming.json", "fail.streaming.sse.txt"],
        "side_files": ["fail.analysis.json"],
    }
    assert repairs_of(runs["task-qa"]) == {"copies": ["qa.detailed.json"]}


@pytest.mark.parametrize("name", ["0_detailed__json", "z_detailed__json"])
def test_the_order_of_reading_does_not_tell_which_is_the_copy(tmp_path, name):
    many = {f"m{number:02}__json": session(event("workflow_started", 1)) for number in range(20)}
    files = {"agent_trace_session_t1__json": session(*FLOW), name: session(*FLOW), **many}
    runs = runs_of(write(tmp_path, **files))
    assert len(runs) == 21
    assert repairs_of(runs["t1"])["copies"] == [name.replace("__", ".")]


@pytest.mark.parametrize(
    "name", ["qa.detailed.json", "fail.streaming.json", "parallel.detailed.sse.txt", "fail.streaming.sse.txt"]
)
def test_a_rendering_without_its_run_is_a_run(tmp_path, name):
    shutil.copy(HERE / name, tmp_path / "x")
    assert list(runs_of(tmp_path)) == ["x"]


def test_of_two_renderings_with_the_same_events_the_richer_is_the_run(tmp_path):
    folder = write(tmp_path, a__txt=blocks(*FLOW), b__json=session(*FLOW))
    assert list(runs_of(folder)) == ["b"]


def test_a_stream_that_tells_more_than_another_is_the_run(tmp_path):
    folder = write(tmp_path, a__txt=blocks(*FLOW), b__json=session(*FLOW[:3], status="running"))
    assert list(runs_of(folder)) == ["a"]


def test_a_stream_that_a_task_does_not_cover_is_a_run_of_its_own(tmp_path):
    folder = write(tmp_path, a__txt=blocks(*FLOW), agent_trace_session_t1__json=session(*FLOW[:3], status="running"))
    assert {id_: run["events"] for id_, run in runs_of(folder).items()} == {"a": 6, "t1": 3}


SIDES = [
    "qa.compact.json",
    "fail.compact.sse.txt",
    "fail.analysis.json",
    "fail.summary.json",
    "fail.timeline.txt",
    "list_traces.json",
]


@pytest.mark.parametrize("name", SIDES)
def test_what_holds_no_event_id_is_no_run(tmp_path, name):
    shutil.copy(HERE / name, tmp_path / name)
    assert runs_of(tmp_path) == {}


@pytest.mark.parametrize("name", SIDES)
def test_a_side_file_that_is_named_is_shown(name):
    run = only_run_of(HERE / name)
    assert (run["spans"], run["events"]) == (0, 1)


def test_a_compact_session_at_the_end_of_a_stream_is_not_counted(tmp_path):
    text = blocks(*FLOW).replace("data:[DONE]", 'data:{"event": "trace", "data": {"session_id": "s", "timeline": []}}')
    assert only_run_of(write(tmp_path, x=text))["events"] == 6


def test_the_wrong_unix_time_of_the_detailed_form_is_not_read(tmp_path):
    late = [one | {"timestamp_unix": 1.0} for one in FLOW]
    assert only_run_of(write(tmp_path, x=session(*late)))["start"] == "2026-03-04T05:06:00.500Z"


def test_the_detailed_form_means_the_same(tmp_path):
    shutil.copy(HERE / "qa.detailed.json", tmp_path / "x")
    mine, stored = only_run_of(tmp_path), runs_of(HERE)["task-qa"]
    same = ("spans_by_kind", "events_by_type", "tokens", "status", "start", "end", "models", "failed")
    assert {key: mine[key] for key in same} == {key: stored[key] for key in same}


@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: {"code": 0, "message": "success", "data": value}])
def test_an_answers_envelope_is_looked_through(tmp_path, wrap):
    assert only_run_of(write(tmp_path, x=wrap(session(*FLOW))))["events"] == 6


# -- streams -----------------------------------------------------------------------------------------------------------


def test_a_torn_block_loses_only_itself():
    text = blocks(*FLOW)
    lines = text.split("\n")
    lines[4] = lines[4][: len(lines[4]) // 2]
    runs, bad = fold(read("\n".join(lines).encode(), "/traces/x"))
    (run,) = runs.values()
    assert [one.line for one in bad] == [5]
    assert sum(run.types.values()) == 5


def test_calls_without_their_ids_pair_last_start_first():
    bare = [{key: value for key, value in one.items() if key != "metadata"} for one in FLOW]
    run = told(blocks(*bare), "/traces/x")
    assert [span["status"] for span in run.told.values()] == [Status.ok, Status.ok]


@pytest.mark.parametrize(
    "text", ["data:[DONE]\n\n", blocks({"type": "workflow_started", "time": "01:02:03.004"}, name="trace_compact")]
)
def test_a_stream_without_events_ids_is_a_side_file(text):
    assert claim(text.encode(), "/traces/x").role == "side"


# -- damage and detection ----------------------------------------------------------------------------------------------


def test_a_cut_session_is_one_unreadable_record():
    data = json.dumps(session(*FLOW)).encode()
    operations = read(data[:-40], NAMED)
    assert [type(op) for op in operations] == [Bad]


def test_items_that_are_no_objects_are_told_and_the_rest_is_read():
    runs, bad = fold(read(json.dumps(session(*FLOW, 7, None)).encode(), NAMED))
    assert bad[0].reason == "2 items are not objects"
    assert sum(next(iter(runs.values())).types.values()) == 6


def test_records_are_found_where_they_lie():
    data = json.dumps(session(*FLOW, llm_calls=[call()], events_=[]), indent=1).encode()
    raws = [json.loads(body.raw) for body in bodies(read(data, NAMED), data)]
    assert raws == [*FLOW, call()]


def test_records_are_found_whatever_the_order_of_their_members():
    flow = [dict(reversed(one.items())) for one in FLOW]
    data = json.dumps(session(*flow, llm_calls=[dict(reversed(call().items()))])).encode()
    raws = [json.loads(body.raw) for body in bodies(read(data, NAMED), data)]
    assert raws == [*FLOW, call()]


def test_an_empty_event_list_is_recognised_by_its_name_only():
    assert claim(b"[]", "/traces/agent_trace_events_t1.json").format.name == "ragflow"
    assert not isinstance(detect(candidate(b"[]", "/elsewhere/x")), Match)


# -- details -----------------------------------------------------------------------------------------------------------


def detail_of(name, *files):
    """Detail of the spans of that name, from the records of a value."""
    (value,) = files
    data = json.dumps(value).encode()
    operations = read(data, NAMED)
    run = only_run(operations)
    (key,) = [key for key, span in run.told.items() if span["name"] == name]
    mine = {id(record) for record in run.records[key]}
    records = [op for op in operations if type(op).__name__ == "Record"]
    found = [body for body, op in zip(bodies(operations, data), records, strict=True) if id(op) in mine]
    return RagflowFormat().span_detail(found)


def test_the_detail_of_a_model_call():
    detail = detail_of("m", session(*FLOW, llm_calls=[call(temperature=0.3)]))
    assert (detail.id, detail.subject, detail.model, detail.input, detail.output) == ("l1", "m", "m", "p", "r")
    assert [(message.role, message.text) for message in detail.messages] == [("user", "p"), ("assistant", "r")]
    assert detail.attributes["temperature"] == 0.3
    assert detail.attributes["kind.original"] == "model"


def test_the_detail_of_a_node():
    start = node("started", 1, inputs={"query": "charge"}, thoughts="hm")
    detail = detail_of(
        "Node n:0", session(start, node("failed", 2, outputs={"o": 1}, error="ValueError: no", elapsed_time=1.0))
    )
    assert (detail.id, detail.subject, detail.input, detail.output) == ("n:0", "charge", {"query": "charge"}, {"o": 1})
    assert (detail.error.type, detail.error.message) == ("ValueError", "no")
    assert detail.attributes["thoughts"] == "hm"
    assert detail.attributes["component_type"] == "Agent"


def test_the_detail_of_a_tool_with_a_traceback():
    ids = {"call_id": "t1", "tool_name": "sql"}
    error = 'Traceback (most recent call last):\n  File "db.py"\nOperationalError: gone'
    events = [event("tool_call_started", 1, metadata=ids), event("tool_call_completed", 2, metadata=ids, error=error)]
    tool = {"call_id": "t1", "tool_name": "sql", "arguments": {"q": "select 1"}, "result": None, "error": error}
    detail = detail_of("sql", session(*events, tool_calls=[tool]))
    assert (detail.subject, detail.input, detail.output) == ("select 1", {"q": "select 1"}, None)
    assert (detail.error.type, detail.error.message) == ("OperationalError", "gone")
    assert detail.error.traceback == error


def test_the_detail_of_a_retrieval():
    ids = {"retrieval_id": "r1", "query": "charge"}
    chunks = [{"id": "c0", "score": 0.9}]
    events = [event("retrieval_started", 1, metadata=ids), event("retrieval_completed", 2, metadata=ids)]
    listed = {"retrieval_id": "r1", "query": "charge", "chunks": chunks, "top_k": 8}
    detail = detail_of("retrieval", session(*events, retrievals=[listed]))
    assert (detail.subject, detail.output, detail.attributes["top_k"]) == ("charge", chunks, 8)


def test_details_of_a_dump_are_those_of_the_record_in_its_line():
    data = dump(session_t1=session(*FLOW, llm_calls=[call()])).encode()
    found = list(bodies(read(data, "/traces/x"), data))
    assert RagflowFormat().span_detail([found[6]]).output == "r"
    assert RagflowFormat().event_detail(found[0]).attributes == FLOW[0]


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (event("workflow_started", 1, inputs={"query": "hi"}), "hi"),
        (event("message_generated", 1, outputs={"content": "done"}), "done"),
        (event("error_occurred", 1, error="upstream closed"), "upstream closed"),
        (event("cache_hit", 1, ratio=0.5), "ratio=0.5"),
    ],
)
def test_the_line_of_an_event(one, text):
    data = json.dumps(session(one)).encode()
    (body,) = bodies(read(data, NAMED), data)
    assert RagflowFormat().event_detail(body).text == text


# -- following ---------------------------------------------------------------------------------------------------------


def test_a_stub_that_becomes_a_session_ends_as_if_read_at_once(tmp_path):
    path = write(tmp_path, agent_trace_session_t1__json=STUB) / "agent_trace_session_t1.json"
    followed = Followed(tmp_path)
    assert followed.runs()["t1"]["spans"] == 0
    for count in (1, 3, len(FLOW)):
        status = "completed" if count == len(FLOW) else "running"
        path.write_text(json.dumps(session(*FLOW[:count], status=status)))
        followed.settle()
    assert followed.runs() == runs_of(tmp_path)


def test_a_stream_followed_as_a_run_is_a_copy_when_its_session_comes(tmp_path):
    path = write(tmp_path, a__txt="") / "a.txt"
    followed = Followed(tmp_path)
    for count in range(len(FLOW) + 1):
        path.write_text(blocks(*FLOW[:count]).removesuffix("data:[DONE]\n\n"))
        followed.settle()
    assert list(followed.runs()) == ["a"]
    write(tmp_path, agent_trace_session_t1__json=session(*FLOW))
    assert followed.runs() == runs_of(tmp_path)
    assert list(followed.runs()) == ["t1"]


def test_a_stream_that_outgrows_its_session_is_a_run_again(tmp_path):
    write(tmp_path, agent_trace_session_t1__json=session(*FLOW[:3], status="running"), a__txt=blocks(*FLOW[:3]))
    followed = Followed(tmp_path)
    assert list(followed.runs()) == ["t1"]
    with (tmp_path / "a.txt").open("a") as file:
        file.write(blocks(*FLOW[3:]))
    live = followed.runs()
    assert {id_: run["events"] for id_, run in live.items()} == {"t1": 3, "a": 6}


def test_events_told_by_two_files_survive_the_rewriting_of_one(tmp_path):
    value = session(*FLOW, llm_calls=[call()])
    folder = write(tmp_path, agent_trace_session_t1__json=value, agent_trace_events_t1__json=FLOW)
    followed = Followed(tmp_path)
    more = [*FLOW, event("cache_hit", 7)]
    (folder / "agent_trace_events_t1.json").write_text(json.dumps(more))
    followed.settle()
    (folder / "agent_trace_session_t1.json").write_text(json.dumps(session(*more, llm_calls=[call()])))
    assert followed.runs() == runs_of(tmp_path)


# -- the fast lane -----------------------------------------------------------------------------------------------------


def many(count):
    """A long flow with everything in it, and its call list."""
    events, calls = [event("workflow_started", 0, inputs={"q": "é"})], []
    for number in range(count):
        second, id_ = number % 60, f"n:{number % 9}"
        events.append(node("started", second, id_))
        if number % 4:
            events += [llm("started", second, f"l{number % 50}"), llm("completed", second, f"l{number % 50}")]
            calls.append(call(f"l{number % 50}", total_tokens=number))
        if number % 5 == 1:
            ids = {"retrieval_id": f"r{number}", "query": "q"}
            events += [event("retrieval_started", second, metadata=ids)]
            events += [event("retrieval_completed", second, metadata=ids, error="no" if number % 2 else "")]
        if number % 6 == 2:
            events += [
                event("thinking_started", second, component_id=id_),
                event("message_generated", second, component_id=id_),
            ]
        if number % 7 == 3:
            events.append(node("failed", second, id_, error="no", elapsed_time=0.5))
            events.append(event("error_occurred", second, component_id=id_, error="no"))
        elif number % 8:
            events.append(node("finished", second, id_, elapsed_time=1.5))
    events += [
        node("finished", 59, "lost", elapsed_time=2.5),
        event("workflow_failed", 59, error="no", elapsed_time=60.0),
    ]
    return events, calls


def stored_at_once(value, lane):
    """The store after a value was read, its lane taken or not."""
    data = json.dumps(value, indent=1).encode()
    operations = read(data, NAMED)
    assert lane == any(isinstance(operation, Columns) for operation in operations)
    store = Store()
    store.apply(Batch(0, "ragflow", operations=operations))
    return store_facts(store)


@pytest.mark.parametrize("is_list", [False, True])
def test_a_long_value_ends_in_the_same_store_by_the_fast_lane(monkeypatch, is_list):
    events, calls = many(80)
    value = events if is_list else session(*events, llm_calls=calls)
    quick = stored_at_once(value, lane=True)
    monkeypatch.setattr(ragflow, "SMALLEST_BLOCK", 1_000_000)
    assert stored_at_once(value, lane=False) == quick


def test_a_long_stream_ends_in_the_same_store_by_the_fast_lane():
    assert_the_lanes_agree(("/traces/x", blocks(*many(80)[0]).encode()))


def test_a_long_detailed_stream_ends_in_the_same_store_by_the_fast_lane():
    detailed = []
    for one in many(80)[0]:
        component = {"id": one.pop("component_id", None), "name": one.pop("component_name", None), "type": None}
        error, elapsed = one.pop("error", None), one.pop("elapsed_time", None)
        one |= {"component": component} if component["id"] else {}
        one |= {"error": {"message": error, "occurred_at": "x"}} if error else {}
        one |= {"timing": {"elapsed_seconds": elapsed, "elapsed_ms": 1.0}} if elapsed else {}
        detailed.append(one)
    assert_the_lanes_agree(("/traces/x", blocks(*detailed, name="trace_detailed").encode()))


@pytest.mark.parametrize(
    "odd", [event("cache_hit", 1) | {"timestamp": "soon"}, {"event_type": "x"}, FLOW[0], {"event_id": 7}]
)
def test_what_is_unusual_in_a_stream_goes_the_long_way(odd):
    file = "/traces/x", (blocks(*many(80)[0], FLOW[0]) + blocks(odd) + 'data:{"torn\n').encode()
    assert stored([file], FAST)[0] == stored([file], SLOW)[0]


def test_records_of_a_long_session_are_found_where_they_lie():
    events, calls = many(80)
    data = json.dumps(session(*events, llm_calls=calls), indent=2).encode()
    store = Store()
    store.apply(Batch(0, "ragflow", operations=read(data, NAMED)))
    places = [store.locate(record) for record in range(len(store.records))]
    assert [json.loads(data[at.offset : at.offset + at.length]) for at in places] == [*events, *calls]
