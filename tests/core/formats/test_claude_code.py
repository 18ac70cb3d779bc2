"""Quirks of Claude Code, and the traps that its files hold."""

import json
import os
import random
from itertools import permutations
from pathlib import Path

import pytest

from tests.core import plain_lines
from tests.core.formats.reading import (
    FILES,
    SAMPLES,
    bodies,
    candidate,
    claim,
    fact,
    fold,
    name_of,
    only_run,
    pieces,
    read,
    read_text,
)
from tests.core.formats.test_samples import mutated
from tests.core.store.facts import store_facts
from tracetui.core.batch import Batch
from tracetui.core.formats import Unrecognised, detect
from tracetui.core.formats._lines import LineDecoder
from tracetui.core.formats.claude_code import ClaudeCodeFormat
from tracetui.core.model import Clock, EventClass, Flag, Kind, Status, Usage
from tracetui.core.operations import Columns, Event, Link, Record, Repair, RunFact
from tracetui.core.reader import Reader
from tracetui.core.store import Store
from tracetui.core.store.run_tree import RunTree

SESSION = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"
OURS = [path for path in FILES if name_of(path).startswith("claude-code/") and path.suffix == ".jsonl"]
S = 1_000_000_000
T0 = 1_772_438_400 * S


def line(type_, second=0.0, *, uuid=None, session=SESSION, **members):
    """One line of a session; its uuid is as new as its place in time unless it is given."""
    return {
        "parentUuid": members.pop("parent", None),
        "isSidechain": "agentId" in members,
        "type": type_,
        "uuid": uuid or f"{session[:8]}-{type_}-{second}",
        "timestamp": f"2026-03-02T08:00:{second:06.3f}Z",
        "sessionId": session,
        "cwd": "/home/demo",
        **members,
    }


def prompt(text, second=0.0, **members):
    return line("user", second, message={"role": "user", "content": text}, **members)


def answer(id_, second, *blocks, stop=None, usage=(100, 20, 300, 7), model="claude-x", **members):
    keys = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
    message = {"id": id_, "role": "assistant", "model": model, "content": list(blocks), "stop_reason": stop}
    message["usage"] = dict(zip(keys, usage, strict=True))
    return line("assistant", second, message=message, **members)


def said(text):
    return {"type": "text", "text": text}


def call(id_, name="Bash", **arguments):
    return {"type": "tool_use", "id": id_, "name": name, "input": arguments}


def result(id_, second, content="done", *, more=None, error=None, **members):
    block = {"type": "tool_result", "tool_use_id": id_, "content": content}
    if error is not None:
        block["is_error"] = error
    if more is not None:
        members["toolUseResult"] = more
    return line("user", second, message={"role": "user", "content": [block]}, **members)


def data_of(*lines):
    return b"".join(json.dumps(item).encode() + b"\n" for item in lines)


def run_of(*lines):
    return only_run(read_text(*lines))


def together(*files):
    """Operations of files of one bundle, (path, lines) in the order to read them."""
    assembler, operations = None, []
    for path, lines in files:
        data = data_of(*lines)
        assembler = assembler or claim(data, path).format.assembler("x")
        operations += pieces(assembler.decoder(candidate(data, path)), data, [])
    return operations


def detail_of(operations, data, key):
    """What a viewer shows of a span: the records whose first span it is."""
    records = dict(zip([id(op) for op in operations if isinstance(op, Record)], bodies(operations, data), strict=True))
    own, record, free = [], None, False
    for op in operations:
        if isinstance(op, Record):
            record, free = op, True
        elif free and not isinstance(op, Event | RunFact | Link) and getattr(op, "key", None):
            free = False
            if op.key == key:
                own.append(records[id(record)])
    return ClaudeCodeFormat().span_detail(own)


# -- detection ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [
        {
            "type": "queue-operation",
            "operation": "enqueue",
            "timestamp": "2026-03-02T08:00:00.000Z",
            "sessionId": SESSION,
        },
        {"type": "summary", "summary": "Fix the parser", "leafUuid": "a"},
        {"type": "file-history-snapshot", "messageId": "a", "snapshot": {}, "isSnapshotUpdate": False},
    ],
    ids=lambda first: first["type"],
)
def test_trap_13_the_first_line_is_no_message(first):
    run = run_of(first, prompt("hello"), answer("m", 1, said("hi"), stop="end_turn"))
    assert run.types == {first["type"]: 1, "user": 1, "assistant": 1}
    assert (fact(run, "name"), fact(run, "status")) == ("hello", Status.ok)


@pytest.mark.parametrize(
    "value",
    [
        {"sessionId": "a", "projectHash": "b", "startTime": "2026-03-02T08:00:00Z"},
        {"type": "session_meta", "payload": {"id": SESSION}, "timestamp": "2026-03-02T08:00:00Z"},
        {"type": "step_start", "sessionID": "a", "timestamp": 5},
        {
            "type": "session.start",
            "data": {"producer": "x"},
            "id": "a",
            "timestamp": "2026-03-02T08:00:00Z",
            "parentId": None,
        },
    ],
)
def test_lines_of_other_agents_are_left_to_others(value):
    match = detect(candidate(data_of(value)))
    assert isinstance(match, Unrecognised) or match.format.name != "claude-code"


def test_a_first_line_longer_than_what_detection_sees_is_recognised():
    data = data_of(prompt("x" * 100_000))
    match = claim(data)
    assert (match.format.name, match.certain) == ("claude-code", False)


def test_notes_on_a_subagent_are_a_side_file():
    notes = data_of({"agentType": "Explore", "description": "d", "toolUseId": "t", "spawnDepth": 1})
    assert claim(notes, "/p/s/subagents/agent-a.meta.json").role == "side"


# -- figures -----------------------------------------------------------------------------------------------------------


def test_trap_1_usage_counts_once_a_message_id_and_the_last_one_counts():
    run = run_of(
        prompt("go"),
        answer("m", 1, said("a"), usage=(100, 20, 300, 1)),
        answer("m", 2, call("t"), usage=(100, 20, 300, 42), stop="tool_use"),
        result("t", 3),
    )
    assert run.told["m"]["usage"] == Usage(input=420, output=42, cached=300, cache_write=20)
    assert {span["kind"] for span in run.told.values()} == {Kind.llm, Kind.tool}


def test_a_late_piece_of_an_answer_belongs_to_it_though_a_result_came_between():
    run = run_of(
        prompt("go"),
        answer("m", 1, call("t1")),
        result("t1", 2),
        answer("m", 3, call("t2")),
        result("t2", 4, error=True),
    )
    assert (run.told["m"]["start"], run.told["m"]["end"]) == (T0, T0 + 3 * S)
    assert (run.told["t1"]["status"], run.told["t2"]["status"]) == (Status.ok, Status.error)
    assert run.told["t2"]["parent"] == "m"


def test_the_start_of_an_answer_is_inferred_from_what_it_answers():
    span = run_of(prompt("go", 1), answer("m", 5, said("a"))).told["m"]
    assert (span["start"], span["end"]) == (T0 + 1 * S, T0 + 5 * S)
    assert span["flags"] & Flag.start_inferred


def test_a_made_up_answer_names_no_model():
    run = run_of(
        prompt("go"), answer("m", 1, said("API Error"), model="<synthetic>", isApiErrorMessage=True, error="x")
    )
    assert (run.told["m"]["model"], run.told["m"]["status"]) == ("", Status.error)
    assert (fact(run, "status"), fact(run, "status_reason")) == (Status.error, "API Error")


def test_a_cost_that_old_versions_wrote_is_kept():
    assert run_of(prompt("go"), answer("m", 1, said("a"), costUSD=0.25)).told["m"]["usage"].cost_usd == 0.25


def test_a_call_without_a_result_is_open():
    run = run_of(prompt("go"), answer("m", 1, call("t"), stop="tool_use"))
    assert "status" not in run.told["t"]
    assert (fact(run, "status"), fact(run, "records_end")) == (Status.open, True)


@pytest.mark.parametrize(
    ("stop", "status"),
    [
        ("end_turn", Status.ok),
        ("stop_sequence", Status.ok),
        ("tool_use", Status.open),
        ("max_tokens", Status.open),
        (None, Status.open),
    ],
)
def test_the_last_answer_of_the_main_thread_says_how_the_session_stands(stop, status):
    run = run_of(prompt("go"), answer("m", 1, said("a"), stop="end_turn"), answer("n", 2, said("b"), stop=stop))
    assert fact(run, "status") is status


def test_a_failed_tool_alone_never_fails_its_session():
    run = run_of(
        prompt("go"), answer("m", 1, call("t")), result("t", 2, error=True), answer("n", 3, said("x"), stop="end_turn")
    )
    assert fact(run, "status") is Status.ok


def test_a_session_is_called_by_its_first_prompt_not_by_commands_or_notes_of_its_own():
    run = run_of(
        prompt("Caveat: The messages below were generated", 0, isMeta=True),
        prompt("<command-name>/model</command-name><command-args>x</command-args>", 1),
        prompt("<local-command-stdout>Set</local-command-stdout>", 2),
        prompt([said("Fix the\nparser")], 3),
        prompt("And then rest", 4),
    )
    assert fact(run, "name") == "Fix the parser"
    assert fact(run, "meta") == {"cwd": "/home/demo"}


def test_prompts_are_rows_that_answers_are_shown_under_and_that_nothing_counts():
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}}
    store = Store()
    operations = read_text(
        prompt("<command-name>/clear</command-name>", 0),
        prompt("Fix it", 1),
        answer("m", 2, said("a"), stop="tool_use"),
        answer("n", 3, said("b"), stop="end_turn"),
        prompt([picture, said("Look at this")], 5),
        answer("o", 6, said("c"), stop="end_turn"),
    )
    store.apply(Batch(0, "claude-code", 0, 0, 1, list(operations), complete=True))
    tree = RunTree(store, 0)
    tree.expand_all()
    spans, names = store.spans, store.strings
    rows = [(item.depth, names[spans.name[item.row]], item.orphan) for item in (tree[at] for at in range(len(tree)))]
    assert rows == [
        (0, "Fix it", False),
        (1, "claude-x", False),
        (1, "claude-x", False),
        (0, "Look at this", False),
        (1, "claude-x", False),
    ]
    assert (spans.start[tree[0].row], spans.end[tree[0].row]) == (T0 + 1 * S, T0 + 3 * S)
    run = store.runs[0]
    assert (run.span_count, run.kind_counts[Kind.llm], run.kind_counts[Kind.chain]) == (3, 3, 0)


def test_retries_compaction_and_unknown_types_are_events():
    run = run_of(
        prompt("go"),
        line("system", 1, subtype="api_error", retryAttempt=1),
        line("system", 2, subtype="compact_boundary", content="Conversation compacted"),
        line("brand-new", 3),
        prompt("This session is being continued", 4, isCompactSummary=True),
    )
    assert [(type_, cls) for type_, _, cls, _ in run.events] == [
        ("user", EventClass.message),
        ("system:api_error", EventClass.retry),
        ("system:compact_boundary", EventClass.event),
        ("brand-new", EventClass.event),
        ("user", EventClass.event),
    ]


# -- subagents ---------------------------------------------------------------------------------------------------------


def test_an_inline_subagent_runs_under_the_call_with_its_prompt():
    run = run_of(
        prompt("go"),
        answer("m", 1, call("t1", "Task", prompt="count a", subagent_type="counter")),
        answer("m", 1.5, call("t2", "Task", prompt="count b", subagent_type="counter")),
        prompt("count b", 2, isSidechain=True, uuid="b0"),
        prompt("count a", 2.5, isSidechain=True, uuid="a0"),
        answer("b", 3, said("2"), stop="end_turn", isSidechain=True, parent="b0", uuid="b1"),
        answer("a", 4, said("1"), stop="end_turn", isSidechain=True, parent="a0", uuid="a1"),
        result("t2", 5),
        result("t1", 6),
        answer("n", 7, said("3"), stop="end_turn"),
    )
    assert (run.told["a"]["parent"], run.told["b"]["parent"]) == ("agent t1", "agent t2")
    assert (run.told["agent t1"]["parent"], run.told["agent t1"]["name"]) == ("t1", "counter")
    assert (run.told["agent t1"]["start"], run.told["agent t1"]["end"]) == (T0 + int(2.5 * S), T0 + 6 * S)
    assert run.told["n"]["parent"] == run.told["m"]["parent"]


MAIN = (
    f"/p/{SESSION}.jsonl",
    [
        prompt("go"),
        answer("m", 1, call("t", "Agent", prompt="count", subagent_type="counter")),
        result("t", 5, more={"agentId": "a1", "agentType": "counter", "totalDurationMs": 2900}),
        answer("n", 6, said("done"), stop="end_turn"),
    ],
)
SUB = (
    f"/p/{SESSION}/subagents/agent-a1.jsonl",
    [
        prompt("count", 2, agentId="a1", uuid="s0"),
        answer("s", 3, said("1"), stop="end_turn", agentId="a1", uuid="s1", attributionAgent="counter"),
    ],
)


def _side(path):
    notes = data_of({"agentType": "counter", "description": "d", "toolUseId": "t", "spawnDepth": 1})
    meta = path.removesuffix(".jsonl") + ".meta.json"
    file = candidate(notes, meta, ["agent-a1.jsonl", "agent-a1.meta.json"])
    return ClaudeCodeFormat().assembler(meta).side(file)


def stored(files):
    """Spans by name, kind and end of what files say, as the store has them: each file is a source of its own."""
    store = Store()
    for number, operations in enumerate(files):
        store.apply(Batch(number, "claude-code", 0, 0, 1, list(operations), complete=True))
    spans, names = store.spans, store.strings
    name_at = {row: names[spans.name[row]] for row in range(len(spans))}
    return {
        (name_at[row], Kind(spans.kind[row]).name, spans.end[row]): (
            name_at.get(spans.parent[row]),
            spans.start[row],
            Status(spans.status[row]),
            spans.flags[row],
        )
        for row in range(len(spans))
    }


def test_trap_12_a_subagents_file_may_come_before_its_parents_call_or_after_it():
    files = [read(data_of(*MAIN[1]), MAIN[0]), read(data_of(*SUB[1]), SUB[0]), _side(SUB[0])]
    seen = [stored(order) for order in permutations(files)]
    assert all(spans == seen[0] for spans in seen)
    agent = seen[0]["counter", "agent", T0 + 5 * S]
    assert agent == ("Agent", T0 + 2 * S, Status.ok, Flag.announced | Flag.in_pieces)


def test_notes_tell_a_subagents_place_while_it_still_runs():
    (run,) = fold([*_side(SUB[0]), *read(data_of(SUB[1][0]), SUB[0])])[0].values()
    agent = run.told["agent a1"]
    assert (agent["parent"], agent["name"], "end" in agent) == ("t", "counter", False)


def test_notes_without_the_lines_they_belong_to_make_no_run():
    notes = data_of({"agentType": "counter", "toolUseId": "t"})
    file = candidate(notes, "/p/s/subagents/agent-a1.meta.json", ["agent-a1.meta.json"])
    assert ClaudeCodeFormat().assembler("x").side(file) == []


def test_a_subagent_in_the_background_goes_on_after_its_call_returned():
    launched = result("t", 5, more={"agentId": "a1", "status": "async_launched"})
    run = run_of(*MAIN[1][:2], launched)
    assert run.told["agent a1"].get("status") is None


# -- copies ------------------------------------------------------------------------------------------------------------


def test_history_copied_by_a_resumed_session_counts_once_and_links_to_it():
    old = [prompt("go", uuid="u1"), answer("m", 1, said("a"), stop="end_turn", uuid="u2")]
    copied = [item | {"sessionId": OTHER} for item in old]
    new = [prompt("more", 9, session=OTHER), answer("n", 10, said("b"), stop="end_turn", session=OTHER)]
    operations = together((f"/p/{SESSION}.jsonl", old), (f"/p/{OTHER}.jsonl", copied + new))
    runs, _ = fold(op for op in operations if not isinstance(op, Link))
    assert (set(runs[SESSION].told), set(runs[OTHER].told)) == ({"m"}, {"n"})
    assert (+runs[OTHER].types, fact(runs[OTHER], "name")) == ({"user": 1, "assistant": 1}, "go")
    assert [op for op in operations if isinstance(op, Link)] == [Link(OTHER, "continues", SESSION)]


def test_sessions_of_one_conversation_share_a_bundle():
    old = data_of(prompt("go", uuid="u1"), answer("m", 1, said("a"), uuid="u2"))
    new = old.replace(SESSION.encode(), OTHER.encode())
    assert claim(old, "/p/a.jsonl").bundle == claim(new, "/p/b.jsonl").bundle


def test_the_stream_of_a_session_that_is_there_is_set_aside():
    stream = [
        {"type": "system", "subtype": "init", "session_id": SESSION, "uuid": "i", "cwd": "/home/demo"},
        {"type": "assistant", "message": answer("m", 1, said("a"))["message"], "session_id": SESSION, "uuid": "other"},
    ]
    operations = together(MAIN, ("/out.jsonl", stream))
    (run,) = fold(operations)[0].values()
    assert run.types == {"user": 2, "assistant": 2}
    assert [op.repair for op in operations if isinstance(op, RunFact) and op.aside] == [
        Repair("copies", 1, "out.jsonl")
    ]


RESUMED = [
    *MAIN[1],
    prompt("and now?", 20, uuid="p2"),
    answer("o", 21, said("later"), stop="end_turn", uuid="o1"),
]


def stream_of(*answers, session=SESSION, cost=None):
    """What a call with ``--output-format stream-json`` prints."""
    yield {"type": "system", "subtype": "init", "session_id": session, "uuid": f"i{session}", "cwd": "/home/demo/shop"}
    for line in answers:
        yield {"type": "assistant", "message": line["message"], "session_id": session, "uuid": line["uuid"]}
    result = {"type": "result", "subtype": "success", "is_error": False, "session_id": session, "uuid": f"r{session}"}
    yield result if cost is None else result | {"total_cost_usd": cost}


@pytest.mark.parametrize("name", ["a.jsonl", "z.jsonl"])
@pytest.mark.parametrize("older", [0, 1])
def test_the_stream_of_a_later_call_of_a_session_is_set_aside_too(tmp_path, name, older):
    files = {f"{SESSION}.jsonl": RESUMED, name: list(stream_of(RESUMED[-1]))}
    for number, (file, lines) in enumerate(files.items()):
        (tmp_path / file).write_bytes(data_of(*lines))
        time = 1_772_438_400 + (number if older else -number)
        os.utime(tmp_path / file, (time, time))
    with Reader([str(tmp_path)]) as reader:
        store = polled(reader, Store())
    (run,) = store.live_runs()
    assert (run.record_count, run.kind_counts[Kind.llm], run.usage.output) == (6, 3, 21)
    assert [(what, detail, count) for (_, what, detail), count in run.repairs.items()] == [("copies", name, 1)]


def test_a_stream_of_several_sessions_is_set_aside_only_for_those_that_are_there():
    other = answer("x", 30, said("b"), stop="end_turn", session=OTHER, uuid="x1")
    streams = [*stream_of(RESUMED[-1]), *stream_of(other, session=OTHER)]
    runs, _ = fold(together((MAIN[0], RESUMED), ("/out.jsonl", streams)))
    assert {key: set(run.told) & {"m", "n", "o", "x"} for key, run in runs.items()} == {
        SESSION: {"m", "n", "o"},
        OTHER: {"x"},
    }


def test_a_file_of_the_session_without_its_lines_sets_no_stream_aside():
    summary = [{"type": "summary", "summary": "Fix it", "leafUuid": "a"}]
    runs, _ = fold(together(("/p/a.jsonl", list(stream_of(RESUMED[-1]))), (f"/p/{SESSION}.jsonl", summary)))
    assert set(runs[SESSION].told) == {"o"}


def test_files_that_a_later_one_shows_to_belong_together_are_read_as_one(tmp_path):
    old = [prompt("go", uuid="u1"), answer("m", 1, said("a"), stop="end_turn", uuid="u2")]
    more = [prompt("more", 9, session=OTHER, uuid="u3"), answer("n", 10, said("b"), session=OTHER, uuid="u4")]
    copied = [item | {"sessionId": OTHER} for item in old]
    clock = plain_lines.Clock()
    store = Store()
    with Reader([str(tmp_path)], follow=True, monotonic=clock.monotonic, wall=clock.wall) as reader:
        for name, lines in (
            (f"{SESSION}.jsonl", old),
            ("out.jsonl", list(stream_of(more[1], session=OTHER))),
            (f"{OTHER}.jsonl", copied + more),
        ):
            (tmp_path / name).write_bytes(data_of(*lines))
            for _ in range(3):
                clock.now += 2.0
                polled(reader, store)
    with Reader([str(tmp_path)]) as reader:
        cold = polled(reader, Store())
    assert {run.id: (run.record_count, run.span_count) for run in cold.live_runs()} == {SESSION: (2, 1), OTHER: (2, 1)}
    assert told_by(cold) == told_by(store)


def view(folder):
    """Runs of a folder as a command reads it: id to name, records, spans, links, notes."""
    with Reader([str(folder)]) as reader:
        store = polled(reader, Store())
    return {
        run.id: (run.name, run.record_count, run.span_count, [link.other for link in run.links], set(run.repairs))
        for run in store.live_runs()
    }


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_order_of_reading_does_not_say_who_tells_copied_history(newest_first):
    old = [prompt("go", uuid="u1"), answer("m", 1, said("a"), stop="end_turn", uuid="u2")]
    copied = [item | {"sessionId": OTHER} for item in old]
    new = [prompt("more", 9, session=OTHER), answer("n", 10, said("b"), stop="end_turn", session=OTHER)]
    stream = [{"type": "assistant", "message": old[1]["message"], "session_id": SESSION, "uuid": "s"}]
    files = {"a.jsonl": old, "z.jsonl": copied + new, "stream.jsonl": stream}
    data = {name: data_of(*lines) for name, lines in files.items()}
    assembler = claim(data["a.jsonl"]).format.assembler("x")
    told = {}
    waiting = sorted(files, reverse=newest_first)
    mtimes = {"a.jsonl": 1, "z.jsonl": 2, "stream.jsonl": 3}
    while waiting:
        name = waiting.pop(0)
        file = candidate(data[name], f"/p/{name}")
        file.mtime_ns = mtimes[name]
        if name in told:
            assembler.forget(file)
        told[name] = pieces(assembler.decoder(file), data[name], [])
        waiting += [path.removeprefix("/p/") for path in assembler.take_stale()]
    runs, _ = fold(op for name in files for op in told[name] if not isinstance(op, Link))
    assert {key: set(run.told) for key, run in runs.items()} == {SESSION: {"m"}, OTHER: {"n"}}
    assert [op for name in files for op in told[name] if isinstance(op, Link)] == [Link(OTHER, "continues", SESSION)]
    assert [type(op) for op in told["stream.jsonl"]] == [RunFact]


def test_a_folder_of_resumed_sessions_counts_each_line_once(tmp_path):
    history = []
    for number in range(12):
        session = f"{number:08x}-2222-4333-8444-555555555555"
        own = [
            prompt(f"go {number}", number, session=session),
            answer(f"m{number}", number + 0.5, said("a"), session=session),
        ]
        history = [item | {"sessionId": session} for item in history] + own
        path = tmp_path / f"{session}.jsonl"
        path.write_bytes(data_of(*history))
        os.utime(path, (1_772_438_400 + number, 1_772_438_400 + number))
    runs = view(tmp_path)
    assert [(records, spans) for _, records, spans, _, _ in runs.values()] == [(2, 1)] * 12
    ids = sorted(runs)
    assert [runs[id_][3] for id_ in ids] == [[], *([before] for before in ids[:-1])]


def test_a_file_that_is_read_again_counts_again():
    data = data_of(*MAIN[1])
    assembler = claim(data, MAIN[0]).format.assembler("x")
    first = pieces(assembler.decoder(candidate(data, MAIN[0])), data, [])
    assembler.forget(candidate(data, MAIN[0]))
    assert pieces(assembler.decoder(candidate(data, MAIN[0])), data, []) == first


def polled(reader, store):
    for batch in reader.poll():
        store.apply(batch)
    while not reader.progress.done:
        for batch in reader.poll():
            store.apply(batch)
    return store


def told_by(store):
    """Runs and spans as they stand, whatever the order of rows."""
    spans, names = store.spans, store.strings
    found = {}
    for run in store.live_runs():
        rows = [
            (
                names[spans.name[row]],
                spans.start[row],
                spans.end[row],
                spans.status[row],
                spans.flags[row],
                names[spans.name[spans.parent[row]]] if spans.parent[row] >= 0 else "",
            )
            for row in store.rows_of_run(run.row).tolist()
        ]
        types = {names[type_]: count for type_, count in run.type_counts.items() if count}
        facts = (
            run.name,
            run.usage,
            run.models,
            types,
            run.duration(),
            run.start,
            run.recorded_status,
            sorted((what, detail, count) for (_, what, detail), count in run.repairs.items()),
        )
        found[run.id] = (facts, sorted(rows), len(run.sources))
    return found


def test_sessions_subagents_and_streams_that_grow_side_by_side_say_what_they_say_when_they_lie_there(tmp_path, rounds):
    top = SAMPLES / "claude-code"
    stream = (top / "stream-json.jsonl").read_bytes().replace(b"msg_0001", b"msg_0000")
    stream = stream.replace(b"5be4c9f2-0d0e-4f0c-9a63-2f9f0a1f7d11", b"c7782634-ba3a-402a-a1c8-081d9a0f03c6")
    for seed in range(rounds(4, 300)):
        rng, folder, clock = random.Random(seed), tmp_path / str(seed), plain_lines.Clock()
        left = {path.relative_to(top): path.read_bytes() for path in top.rglob("*.json*")}
        left[Path("out.jsonl")] = stream
        folder.mkdir()
        store = Store()
        with Reader([str(folder)], follow=True, monotonic=clock.monotonic, wall=clock.wall) as reader:
            while left:
                name = rng.choice(sorted(left))
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                end = rng.randrange(1, len(left[name]) + 1) if len(left[name]) > 200 else len(left[name])
                with (folder / name).open("ab") as file:
                    file.write(left[name][:end])
                left[name] = left[name][end:]
                if not left[name]:
                    del left[name]
                for _ in range(rng.choice([0, 4])):
                    clock.now += 2.0
                    polled(reader, store)
            for _ in range(20):
                clock.now += 2.0
                polled(reader, store)
        with Reader([str(folder)]) as reader:
            assert told_by(polled(reader, Store())) == told_by(store), seed


# -- stream-json -------------------------------------------------------------------------------------------------------


def test_the_stream_says_how_it_ended_and_how_long_it_took():
    run = only_run(read((SAMPLES / "claude-code" / "stream-json.jsonl").read_bytes()))
    assert (fact(run, "status"), fact(run, "duration_ns")) == (Status.ok, 3_728 * 1_000_000)
    agent = next(span for span in run.told.values() if span["kind"] is Kind.agent)
    assert (agent["name"], run.spans[agent["parent"]]["name"]) == ("general-purpose", "Agent")


def test_a_stream_without_times_has_an_order_only():
    stream = [
        {"type": "system", "subtype": "init", "session_id": SESSION, "uuid": "i"},
        {"type": "assistant", "message": answer("m", 1, said("a"))["message"], "session_id": SESSION, "uuid": "a"},
        {"type": "result", "subtype": "error_max_turns", "is_error": True, "session_id": SESSION, "uuid": "r"},
    ]
    run = run_of(*stream)
    assert (fact(run, "clock"), fact(run, "status")) == (Clock.order_only, Status.error)
    assert fact(run, "status_reason") == "result error_max_turns"


def result_line(cost, uuid, api_ms=1000, **models):
    usage = {model.replace("_", "-"): {"inputTokens": tokens} for model, tokens in models.items()}
    *_, result = stream_of(cost=cost)
    return result | {"uuid": uuid, "total_cost_usd": cost, "duration_api_ms": api_ms, "modelUsage": usage}


def costs_of(*files):
    """Recorded cost of the only run of files, as the store has it after reading them in turn."""
    store, assembler = Store(), None
    for number, lines in enumerate(files):
        data = data_of(*lines)
        assembler = assembler or claim(data).format.assembler("x")
        operations = pieces(assembler.decoder(candidate(data, f"/p/{number}.jsonl")), data, [])
        store.apply(Batch(number, "claude-code", 0, 0, 1, operations, complete=True))
    (run,) = store.live_runs()
    return run.usage.cost_usd, run.usage_partial()


ANSWERED = list(stream_of(answer("m", 1, said("a"), stop="end_turn")))[:-1]


def test_the_cost_of_a_stream_is_the_sum_that_its_result_tells_and_not_partial():
    assert costs_of([*ANSWERED, result_line(0.25, "r")]) == (0.25, set())


def test_results_of_one_process_count_on_and_are_not_added():
    lines = [*ANSWERED, result_line(0.25, "r", 1000, a=10), result_line(0.75, "s", 1500, a=20, b=5)]
    assert costs_of(lines) == (0.75, set())


@pytest.mark.parametrize(
    "later",
    [
        result_line(0.125, "s", 1500, a=20),
        result_line(0.5, "s", 900, a=20),
        result_line(0.5, "s", 1500, a=9),
        result_line(0.5, "s", 1500, b=20),
    ],
    ids=["cost", "time", "tokens", "model"],
)
def test_results_of_a_process_that_began_anew_are_added(later):
    assert costs_of([*ANSWERED, result_line(0.25, "r", 1000, a=10), later])[0] == 0.25 + later["total_cost_usd"]


def test_costs_of_streams_of_one_session_add_up_and_a_copy_of_one_adds_nothing():
    later = [*stream_of(answer("n", 9, said("b"), stop="end_turn"))][1:-1]
    first, second = [*ANSWERED, result_line(0.25, "r")], [*later, result_line(0.5, "s")]
    assert costs_of(first, second, first)[0] == 0.75


def test_the_cost_of_a_stream_that_is_set_aside_is_not_told():
    assert costs_of(MAIN[1], list(stream_of(MAIN[1][-1], cost=0.25)))[0] is None


def test_the_cost_of_a_stream_goes_with_it():
    lines = [*ANSWERED, result_line(0.25, "r")]
    store, operations = Store(), read(data_of(*lines))
    store.apply(Batch(0, "claude-code", 0, 0, 1, operations, complete=True))
    store.apply(Batch(0, "claude-code", 1, 0, 1, read(data_of(*ANSWERED)), forget=True, complete=True))
    assert [run.usage.cost_usd for run in store.live_runs()] == [None]


@pytest.mark.parametrize("cost", [None, "0.25", -1, 1e12, True])
def test_what_is_no_cost_is_unknown(cost):
    assert costs_of([*ANSWERED, result_line(cost, "r")])[0] is None


@pytest.mark.parametrize(
    ("cwd", "name"),
    [("/home/demo/shop", "shop"), ("/home/demo/shop/", "shop"), (r"C:\Users\demo\shop", "shop"), ("/", SESSION)],
)
def test_a_session_without_a_prompt_is_called_by_its_folder_else_by_its_id(cwd, name):
    lines = [item | {"cwd": cwd} if "cwd" in item else item for item in ANSWERED]
    assert fact(run_of(*lines), "name") == name
    replayed = {"type": "user", "message": {"role": "user", "content": "Fix it"}, "session_id": SESSION, "uuid": "p"}
    assert fact(run_of(*lines, replayed), "name") == "Fix it"
    assert fact(run_of(lines[0], replayed, *lines[1:]), "name") == "Fix it"


def test_a_session_without_a_prompt_is_called_by_its_title():
    titled = {"type": "summary", "summary": "Fix the parser", "leafUuid": "a"}
    assert fact(run_of(titled, answer("m", 1, said("a"))), "name") == "Fix the parser"
    assert fact(run_of(answer("m", 1, said("a")), titled | {"sessionId": SESSION}), "name") == "Fix the parser"


# -- damage and size ---------------------------------------------------------------------------------------------------


def test_trap_14_a_very_long_line_is_read_and_not_scanned_again_while_it_grows():
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 12_000_000}}
    data = data_of(prompt("go"), answer("m", 1, call("t"))) + data_of(result("t", 2, [image]))
    decoder = claim(data[:60_000]).format.assembler("x").decoder(candidate(data[:60_000]))
    operations = pieces(decoder, data, [65_536] * (len(data) // 65_536))
    assert only_run(operations).told["t"]["status"] is Status.ok
    shown = detail_of(operations, data, "t")
    assert shown.output == "[image: image/png, 9,000,000 bytes]"


def test_a_line_over_the_limit_is_listed_with_its_place(monkeypatch):
    monkeypatch.setattr("tracetui.core.formats._lines.LINE_LIMIT", 500)
    monkeypatch.setattr("tracetui.core.formats._claude_quick.LINE_LIMIT", 500)
    data = data_of(prompt("go"), prompt("x" * 600, 1), prompt("y", 2))
    _, bad = fold(read(data))
    assert [(item.line, item.run) for item in bad] == [(2, SESSION)]


def folded(quick, data, path, size):
    """The store after reading a file in pieces, by the block or line by line; and how many blocks were read as such."""
    decoder = ClaudeCodeFormat().assembler("x").decoder(candidate(data, path))
    if not quick:
        decoder.lines = lambda block, a: LineDecoder.lines(decoder, block, a)
    store, blocks = Store(), 0
    for operations in [*(decoder.feed(data[at : at + size]) for at in range(0, len(data), size)), decoder.close()]:
        blocks += sum(isinstance(operation, Columns) for operation in operations)
        store.apply(Batch(0, "claude-code", operations=operations))
    return run_facts(store), blocks


def run_facts(store):
    """All that a store holds, the order of rows and how a fact was come to left out."""
    spans, names = store.spans, store.strings
    more = [
        (
            run.key,
            run.name,
            run.status_reason,
            run.start,
            run.clock,
            run.meta,
            run.usage,
            run.known,
            run.recorded_status,
        )
        for run in store.live_runs()
    ]
    firsts = sorted((spans.key[row], spans.first_record[row], names[spans.name[row]]) for row in range(len(spans)))
    records = [(store.record_type(row), store.locate(row).offset) for row in range(len(store.records))]
    events = [(store.events.record[row], store.events.time[row]) for row in range(len(store.events))]
    return store_facts(store), more, firsts, records, events


@pytest.fixture
def small_blocks(monkeypatch):
    """The samples are too short for a block otherwise."""
    monkeypatch.setattr("tracetui.core.formats._claude_quick.SMALLEST_BLOCK", 3)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("path", OURS, ids=name_of)
@pytest.mark.parametrize("size", [1, 7, 4096, 12_000, 1 << 20])
def test_blocks_end_in_the_same_store_as_lines(path, size):
    data = path.read_bytes()
    quick, blocks = folded(True, data, path, size)
    slow, none = folded(False, data, path, 1 << 20)
    assert none == 0
    assert quick == slow
    assert blocks > 0 or size < len(data) or path.stem == "stream-json"


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_blocks_end_in_the_same_store_as_lines_where_some_are_damaged_moved_or_told_twice(path, rounds):
    rng = random.Random(path.stem)
    original = path.read_bytes()
    for number in range(rounds(25, 400)):
        lines = original.splitlines()
        for _ in range(rng.choice([1, 1, 4])):
            at, to = rng.randrange(len(lines)), rng.randrange(len(lines))
            match rng.randrange(4):
                case 0:
                    lines[at] = mutated(lines[at], rng).replace(b"\n", b" ")
                case 1:
                    lines.insert(to, lines.pop(at))
                case 2:
                    lines.insert(to, lines[at].replace(b'"uuid":"', b'"uuid":"%d' % rng.randrange(9)))
                case 3:
                    lines[at] = lines[at].replace(*rng.choice(ODDITIES))
        data = b"\n".join(lines) + b"\n"
        size = rng.choice([4_096, 12_000, 1 << 20])
        assert folded(True, data, path, size)[0] == folded(False, data, path, size)[0], (number, size)


ODDITIES = [
    (b'"timestamp":"20', b'"timestamp":"x'),
    (b"T14:1", b"T13:1"),
    (b'"stop_reason":"tool_use"', b'"stop_reason":"end_turn"'),
    (b'"is_error":true', b'"is_error":null'),
    (b'"tool_use_id":"', b'"tool_use_id":"x'),
    (b'"isSidechain":false', b'"isSidechain":true'),
    (b'"isSidechain":true', b'"isSidechain":false'),
    (b'"output_tokens":', b'"output_tokens":1'),
    (b'"input_tokens":', b'"input_tokens":-'),
    (b'"id":"msg', b'"id":"","x":"msg'),
    (b'"id":"toolu', b'"id":"","x":"toolu'),
    (b'"sessionId":"', b'"sessionId":"0'),
    (b'"type":"user"', b'"type":"assistant"'),
    (b'"type":"assistant"', b'"type":"assistant","costUSD":0.5'),
    (b'"type":"assistant"', b'"type":"assistant","isApiErrorMessage":true'),
    (b'"type":"user"', b'"type":"user","isMeta":true'),
    (b'"type":"user"', b'"type":"summary","summary":"Fix it"'),
    (b'"content":"', b'"content":"<command-name>/x</command-name>'),
    (b'"content":"', b'"content":"<local-command-stdout>'),
    (b'"text":"', b'"text":"[Request interrupted '),
    (b'"text":"', b'"txt":"'),
]


# -- bodies ------------------------------------------------------------------------------------------------------------


def test_an_answer_reads_as_a_conversation_with_results_beside_its_calls():
    lines = (
        prompt("go"),
        answer("m", 1, {"type": "thinking", "thinking": "hm", "signature": "c2ln"}),
        answer("m", 2, said("I look."), stop="tool_use"),
        answer("m", 3, call("t", "Read", file_path="/a"), stop="tool_use"),
        result("t", 4, "text of a"),
    )
    data = data_of(*lines)
    detail = detail_of(read(data), data, "m")
    assert [(message.role, message.text) for message in detail.messages] == [
        ("thinking", "hm"),
        ("assistant", "I look."),
        ("assistant", ""),
        ("tool", "text of a"),
    ]
    assert detail.messages[2].tool_calls == [("Read", {"file_path": "/a"})]
    assert (detail.id, detail.provider, detail.model, detail.subject) == ("m", "anthropic", "claude-x", "I look.")
    assert detail.attributes["stop_reason"] == "tool_use"


def test_a_tool_shows_its_own_call_and_result_among_several_of_a_line():
    lines = (prompt("go"), answer("m", 1, call("t1", command="ls"), call("t2", command="cat x")))
    both = line(
        "user",
        2,
        message={
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "a b"},
                {"type": "tool_result", "tool_use_id": "t2", "content": "Exit code 3\nno such file", "is_error": True},
            ],
        },
        toolUseResult="Error: Exit code 3",
    )
    data = data_of(*lines, both)
    detail = detail_of(read(data), data, "t2")
    assert (detail.id, detail.subject, detail.input) == ("t2", "cat x", {"command": "cat x"})
    assert detail.error.message == detail.output == "Exit code 3\nno such file"
    assert detail.attributes["exit_code"] == 3
    assert detail_of(read(data), data, "t1").error is None


def test_a_subagent_shows_its_task():
    data = data_of(*SUB[1])
    detail = detail_of(read(data), data, "agent a1")
    assert (detail.id, detail.input) == ("a1", "count")


def test_events_read_as_a_line():
    told = {
        "retry": line("system", 1, subtype="api_error", retryAttempt=1, error={"status": 529}),
        "compacted": line("system", 1, subtype="compact_boundary", content="Conversation compacted"),
        "command": prompt("<command-name>/model</command-name>\n<command-args>opus</command-args>"),
        "queued": line("queue-operation", 1, operation="enqueue", content="go on"),
    }
    texts = {}
    for name, item in told.items():
        data = data_of(item)
        texts[name] = ClaudeCodeFormat().event_detail(next(iter(bodies(read(data), data)))).text
    assert texts["compacted"] == "Conversation compacted"
    assert texts["command"] == "/model opus"
    assert texts["queued"] == "enqueue go on"
    assert "retryAttempt=1" in texts["retry"]
