"""Quirks of ai-decision-tracer."""

import json
import random

import pytest

from tests.core.formats.reading import SAMPLES, bodies, candidate, claim, fact, fold, only_run, read, read_files
from tests.core.store.facts import store_facts
from tracetui.core.batch import Batch
from tracetui.core.formats import Unrecognised, _decision_lane, detect
from tracetui.core.formats._base import Candidate
from tracetui.core.formats._containment import Containment
from tracetui.core.formats.ai_decision_tracer import AiDecisionTracerFormat
from tracetui.core.model import NO_TIME, EventClass, Flag, Status
from tracetui.core.operations import Columns, Record
from tracetui.core.store import Store

T0 = 1_772_438_400.0
LINES = "/traces/planner_20260302_080000.jsonl"
TWIN = "/traces/planner_20260302_080000.json"


def step(name, start=0.0, end=1.0, outcome="ok", error=None, logs=(), **context):
    return {
        "name": name,
        "context": context,
        "started_at": None if start is None else T0 + start,
        "finished_at": None if end is None else T0 + end,
        "duration_ms": None if start is None else round((end - start) * 1000, 2),
        "outcome": outcome,
        "error": error,
        "logs": list(logs),
    }


def lines(*steps):
    return LINES, "".join(json.dumps(item) + "\n" for item in steps).encode()


def twin(*steps, meta=None):
    session = {
        "agent": "planner",
        "session_id": "20260302_080000",
        "saved_at": "2026-03-02T08:00:05.5Z",
        "meta": meta or {},
    }
    return TWIN, json.dumps(session | {"steps": list(steps)}, indent=2).encode()


def sample(case):
    folder = SAMPLES / "ai-decision-tracer" / case
    files = sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.suffix != ".jsonl")
    return only_run(read_files(*((str(path), path.read_bytes()) for path in files)))


def test_lines_twin_report_and_receipts_are_one_run():
    assert sample("trading_agent").types == {"step": 9, "log": 8}
    run = sample("audited")
    assert (len(run.told), fact(run, "name"), fact(run, "id")) == (2, "audited", "audited_20261120_211544")


def test_the_agents_name_may_hold_underscores_and_any_script():
    path = "/traces/résumé_écrivain_20260302_080000.jsonl"
    assert fact(only_run(read(lines(step("a"))[1], path)), "name") == "résumé_écrivain"


def test_equal_names_in_two_folders_are_two_runs():
    data = lines(step("a"))[1]
    assert claim(data, "/a/x_20260302_080000.jsonl").bundle != claim(data, "/b/x_20260302_080000.jsonl").bundle


def test_the_lines_are_read_before_their_twin():
    assert claim(lines(step("a"))[1], LINES).order < claim(twin(step("a"))[1], TWIN).order


def test_a_renamed_twin_finds_its_lines_by_what_it_says():
    assert claim(twin(step("a"))[1], "/traces/x").bundle == claim(lines(step("a"))[1], LINES).bundle


def test_a_renamed_pair_stays_a_pair():
    data = twin(step("a"))[1]
    assert (
        claim(data, "/traces/y.json", {"y.jsonl", "y.json"}).bundle
        == claim(lines(step("a"))[1], "/traces/y.jsonl").bundle
    )


def test_a_left_over_of_a_torn_save_is_no_run():
    answer = detect(candidate(twin(step("a"))[1][:200], "/traces/planner_20260302_080000.tmp"))
    assert isinstance(answer, Unrecognised)
    assert "interrupted save" in answer.reason


@pytest.mark.parametrize("twin_first", [False, True])
def test_the_twin_repeats_and_counts_only_what_the_lines_lack(twin_first):
    steps = [step("a", 0, 1, logs=[{"_t": T0, "n": 1}]), step("b", 2, 3, logs=[{"_t": T0 + 2, "n": 2}])]
    only_there = step("c", 4, 5, logs=[{"_t": T0 + 4}, {"_t": T0 + 4.5}])
    files = [lines(*steps), twin(*steps, only_there)]
    run = only_run(read_files(*(reversed(files) if twin_first else files)))
    assert run.types == {"step": 3, "log": 4}
    assert len(run.told) == 3


@pytest.mark.parametrize("twin_first", [False, True])
def test_a_step_finished_twice_is_two_records_and_one_span_with_the_last_values(twin_first):
    early, late = step("twice", 0, 1), step("twice", 0, 2, outcome="error", error="late")
    files = [lines(early, late), twin(late, late)]
    run = only_run(read_files(*(reversed(files) if twin_first else files)))
    assert run.types == {"step": 2}
    span = run.named("twice")
    assert (span["end"], span["status"]) == (int((T0 + 2) * 1e9), Status.error)


def test_steps_never_started_are_told_apart_by_their_number():
    steps = [step("never", None, 1), step("never", None, 2)]
    run = only_run(read_files(lines(*steps), twin(*steps)))
    assert (len(run.told), run.types) == (2, {"step": 2})
    assert [span["start"] for span in run.told.values()] == [NO_TIME, NO_TIME]


def test_a_twin_without_lines_is_a_run():
    run = only_run(read_files(twin(step("a"), meta={"model": "m"})))
    assert (run.types, fact(run, "status"), fact(run, "meta")) == ({"step": 1}, Status.ok, {"model": "m"})


def test_a_torn_twin_is_one_unreadable_record_of_its_run():
    path, data = twin(step("a"), step("b"))
    runs, bad = fold(read(data[:-30], path))
    assert [op.run for op in bad] == [claim(data, path).bundle]
    assert all(not run.told for run in runs.values())


def test_every_step_of_a_twin_has_a_place_of_its_own():
    path, data = twin(step("a", q='{["}'), step("b"))
    records = [body for body in bodies(read(data, path), data) if body.type == "step"]
    assert [json.loads(body.raw)["name"] for body in records] == ["a", "b"]


def test_the_lines_alone_do_not_say_how_it_ended():
    run = only_run(read_files(lines(step("a"))))
    assert (fact(run, "status"), fact(run, "records_end")) == (None, False)


def test_a_saved_session_is_ok_and_a_failed_step_fails_it_in_any_order():
    failed = step("b", 2, 3, outcome="error", error="")
    assert fact(only_run(read_files(lines(step("a")), twin(step("a")))), "status") is Status.ok
    assert fact(only_run(read_files(lines(step("a"), failed), twin(step("a"), failed))), "status") is Status.error
    assert fact(only_run(read_files(twin(step("a"), failed))), "status") is Status.error


def test_a_step_that_turns_out_well_in_the_end_fails_nothing():
    run = only_run(read_files(lines(step("a", 0, 1, outcome="error"), step("a", 0, 2)), twin(step("a", 0, 2))))
    assert fact(run, "status") is Status.ok


def test_an_error_may_have_no_message():
    run = sample("odd_outcomes")
    assert run.named("empty_message")["status"] is Status.error
    assert not run.named("empty_message")["flags"] & Flag.has_error


def test_any_other_outcome_is_ok_and_kept_as_an_attribute():
    path, data = lines(step("a", outcome="skipped"))
    body = next(bodies(read(data, path), data))
    assert only_run(read(data, path)).named("a")["status"] is Status.ok
    assert claim(data).format.span_detail([body]).attributes["outcome"] == "skipped"


def test_nan_and_infinity_are_read():
    assert sample("odd_outcomes").named("not_json")["status"] is Status.ok


def test_steps_nest_by_their_times_and_say_that_it_is_inferred():
    run = sample("planner")
    assert [span["name"] for span in run.told.values()] == ["search", "rerank", "search", "plan"]
    assert run.parent_name("rerank") == "search"
    assert run.named("rerank")["flags"] & Flag.parent_inferred
    assert "parent" not in run.named("plan")
    first_search = next(span for key, span in run.told.items() if span["name"] == "search")
    assert run.spans[first_search["parent"]]["name"] == "plan"


def test_nesting_is_the_same_in_whatever_order_steps_arrive():
    steps = [step("inner", 2, 3), step("middle", 1, 4), step("beside", 5, 6), step("outer", 0, 7)]
    for seed in range(24):
        shuffled = random.Random(seed).sample(steps, len(steps))
        run = only_run(read_files(lines(*shuffled)))
        parents = {name: run.parent_name(name) for name in ("inner", "middle", "beside", "outer")}
        assert parents == {"inner": "middle", "middle": "outer", "beside": "outer", "outer": None}


def test_a_step_whose_end_moves_takes_in_what_lies_within_it_now():
    run = only_run(read_files(lines(step("outer", 0, 1), step("inner", 2, 3), step("outer", 0, 4))))
    assert run.parent_name("inner") == "outer"


@pytest.mark.parametrize(
    "intervals",
    [
        [(100_000 - i, 100_000 + i) for i in range(50_000)],
        [(i, 200_000 - i) for i in range(50_000)],
        [(i, i + 50_000) for i in range(50_000)],
    ],
    ids=["inner first", "outer first", "stairs"],
)
def test_nesting_of_many_steps_takes_no_quadratic_time(intervals):
    nesting = Containment()
    placed = [nesting.add(number, start, end) for number, (start, end) in enumerate(intervals)]
    assert len(placed) == 50_000


def test_tokens_and_cost_come_from_logs_by_their_customary_keys():
    logs = [
        {"tokens": 10, "cost_usd": 0.5},
        {"tokens_in": 3, "output_tokens": 4, "cost_usd": 0.25},
        {"prompt_tokens": 1},
    ]
    run = only_run(read_files(lines(step("a", logs=logs), step("b", 2, 3, tokens=99))))
    assert run.usage_sums() == {"total": 10, "input": 4, "output": 4, "cost_usd": 0.75}


def test_tokens_of_a_step_finished_twice_count_once():
    run = only_run(read_files(lines(step("a", 0, 1, logs=[{"tokens": 5}]), step("a", 0, 2, logs=[{"tokens": 5}]))))
    assert run.usage_sums() == {"total": 5}


def test_a_log_time_that_is_null_or_overwritten_is_no_time():
    logs = [{"_t": T0 + 0.5, "n": 1}, {"_t": None, "n": 2}, {"_t": 12.5, "n": 3}]
    events = only_run(read_files(lines(step("a", logs=logs)))).events
    assert [time for *_, time in events] == [int((T0 + 0.5) * 1e9), NO_TIME, NO_TIME]


def test_a_log_with_an_action_is_a_decision():
    events = only_run(read_files(lines(step("a", logs=[{"action": "HOLD", "reason": "flat"}, {"hits": 3}])))).events
    assert [cls for _, _, cls, _ in events] == [EventClass.decision, EventClass.log]


def test_times_keep_a_tenth_of_a_microsecond():
    data = (
        json.dumps(step("a") | {"started_at": 1795209341.1032143, "finished_at": 1795209341.1032145}).encode() + b"\n"
    )
    span = only_run(read(data)).named("a")
    assert (span["start"], span["end"]) == (1795209341_103214300, 1795209341_103214500)


def test_two_tracers_in_one_file_are_one_run():
    run = only_run(read_files(lines(step("from_a", 0, 0.1), step("from_b", 0.2, 0.3), step("from_a", 0.4, 0.5))))
    assert len(run.told) == 3


def test_an_object_that_is_no_step_is_unreadable():
    _, bad = fold(read(lines(step("a"), {"hello": 1})[1]))
    assert [(op.line, op.reason) for op in bad] == [(2, "not a step")]


def test_reading_a_file_again_counts_it_again():
    path, data = lines(step("a", 0, 1, logs=[{"n": 1}]), step("b", 0.2, 0.4, outcome="error"))
    match = claim(data, path)
    assembler = match.format.assembler(match.bundle)
    file = candidate(data, path)
    first = assembler.decoder(file).feed(data)
    assembler.forget(file)
    assert only_run(assembler.decoder(file).feed(data)).types == only_run(first).types


def test_rereading_the_twin_repeats_what_it_counted():
    (path, data), (twin_path, twin_data) = lines(step("a")), twin(step("a"), step("b", 2, 3))
    match = claim(data, path)
    assembler = match.format.assembler(match.bundle)
    told = assembler.decoder(candidate(data, path)).feed(data)
    file = candidate(twin_data, twin_path)
    for _ in range(2):
        decoder = assembler.decoder(file)
        again = decoder.feed(twin_data) + decoder.close()
        assembler.forget(file)
    assert only_run(told + again).types == {"step": 2}


def test_a_detail_shows_the_last_telling_of_a_step():
    path, data = lines(step("a", 0, 1, q="x"), step("a", 0, 2, outcome="error", error="late", logs=[{"n": 1}], q="x"))
    records = [body for body in bodies(read(data, path), data) if body.type == "step"]
    detail = claim(data).format.span_detail(records)
    assert (detail.input, detail.subject, detail.error.message, detail.logs) == ({"q": "x"}, "x", "late", ["n=1"])


def test_a_log_reads_as_its_pairs():
    path, data = lines(step("a", logs=[{"_t": T0, "signal": 0.5, "why": "up"}, {"n": 2}]))
    logs = [claim(data).format.event_detail(body).text for body in bodies(read(data, path), data) if body.type == "log"]
    assert logs == ["signal=0.5  why=up", "n=2"]


def test_a_trajectory_whose_agent_is_an_object_is_not_a_session() -> None:
    head = b'{"schema_version": "1", "session_id": "demo-1", "agent": {"name": "a"}, "steps": [{"step_id": 1}]}'
    assert AiDecisionTracerFormat().match(Candidate("/t/x", "x", head, len(head))) is None


def many_steps(seed):
    """Steps that overlap and nest, a little out of order; some fail, some log figures, some last no time."""
    rng = random.Random(seed)
    clock, found = 0.0, []
    for number in range(300):
        clock = round(clock + rng.choice([0.0, 0.002, 0.5]) - (rng.random() < 0.05), 4)
        start = clock - rng.choice([0.0, 0.001, 0.25, 2.0])
        logs = [{"_t": T0 + start + rng.random() * 4, "n": n} for n in range(rng.randrange(3))]
        if logs and number % 7 == 0:
            logs[0] |= {"tokens": number, "cost_usd": 0.25, "action": "BUY"}
        if logs and number % 11 == 0:
            logs[0]["_t"] = rng.choice([None, 12.5])
        failed = rng.random() < 0.1
        outcome, error = ("error", "no") if failed else ("ok", None)
        found.append(step(f"step {number % 250} é", start, clock, outcome, error, logs, q=number))
    return found


def replayed(calls, monkeypatch, smallest):
    """The store after files were told, each as (path, data, size of its pieces), and how many blocks took the fast lane."""
    monkeypatch.setattr(_decision_lane, "SMALLEST_BLOCK", smallest)
    store, assembler, fast, generations = Store(), None, 0, {}
    for path, data, size in calls:
        file = candidate(data, path)
        match = claim(data, path)
        assembler = assembler or match.format.assembler(match.bundle)
        source = (LINES, TWIN).index(path)
        generation = generations[source] = generations.get(source, -1) + 1
        if generation:
            assembler.forget(file)
            store.apply(Batch(source, match.format.name, generation=generation, forget=True))
        decoder = assembler.decoder(file)
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        for operations in [*map(decoder.feed, pieces), decoder.close()]:
            fast += sum(isinstance(operation, Columns) for operation in operations)
            store.apply(Batch(source, match.format.name, generation=generation, operations=operations))
    return store_facts(store), fast


def assert_the_lanes_agree(monkeypatch, *calls):
    slow, none = replayed(calls, monkeypatch, 1 << 30)
    fast, some = replayed(calls, monkeypatch, 4)
    assert none == 0
    assert some > 0
    assert fast == slow


@pytest.mark.parametrize("size", [4_096, 1 << 20])
@pytest.mark.parametrize("seed", range(5))
def test_both_lanes_end_in_the_same_store(monkeypatch, seed, size):
    steps = many_steps(seed)
    (_, data), (_, twin_data) = lines(*steps), twin(*steps)
    assert_the_lanes_agree(monkeypatch, (LINES, data, size))
    assert_the_lanes_agree(monkeypatch, (TWIN, twin_data, size))
    assert_the_lanes_agree(monkeypatch, (LINES, data, size), (TWIN, twin_data, size))
    assert_the_lanes_agree(monkeypatch, (TWIN, twin_data, size), (LINES, data, size))


@pytest.mark.parametrize("seed", range(5))
def test_both_lanes_take_a_twin_that_is_saved_again_and_again(monkeypatch, seed):
    steps = many_steps(seed)
    changed = [one | {"outcome": "error", "logs": one["logs"][:1]} for one in steps[::9]]
    saves = [twin(*steps[:40]), twin(*steps[:120]), twin(*changed, *steps[200:]), twin(*steps)]
    calls = [(path, data, 1 << 20) for path, data in [lines(*steps[:60]), *saves, lines(*steps), twin(*steps)]]
    assert_the_lanes_agree(monkeypatch, *calls)


def test_an_odd_step_leaves_the_others_of_its_block_to_the_fast_lane(monkeypatch):
    odd = [step("never", None, 1), step("twice", 3, 4), step("twice", 3, 5), step("nan", 1, float("nan"))]
    steps = many_steps(1)
    steps[100:100] = odd
    assert_the_lanes_agree(monkeypatch, (*lines(*steps), 1 << 20))


def test_every_step_of_a_long_twin_has_a_place_of_its_own():
    path, data = twin(*(step(f"a{n}", n, n + 0.5, q='{["}') for n in range(300)))
    operations = read(data, path)
    (columns,) = [operation for operation in operations if isinstance(operation, Columns)]
    told = [data[a : a + b] for a, b in zip(columns.a, columns.b, strict=True)]
    assert [json.loads(raw)["name"] for raw in told] == [f"a{n}" for n in range(300)]


def test_steps_under_one_key_twice_are_shown_as_the_whole_document():
    steps = [step(f"a{n}", n, n + 0.5) for n in range(300)]
    path, data = twin(*steps)
    doubled = data.replace(b'  "steps": [', b'  "st\\u0065ps": ' + json.dumps(steps).encode() + b',\n  "steps": [', 1)
    records = [operation for operation in read(doubled, path) if isinstance(operation, Record)]
    assert {(record.a, record.b) for record in records} == {(0, len(doubled))}
