"""hillstar: two files of a run, two versions, reruns that share files, and everything that is set aside."""

import json
import os
import shutil
import time
from datetime import datetime, timedelta, timezone

import pytest

from tests.core.formats.folders import Followed, only_run_of, runs_of
from tests.core.formats.lanes import FAST, SLOW, assert_the_lanes_agree, stored
from tests.core.formats.reading import SAMPLES, bodies, candidate, claim, fact, fold, only_run, read, read_files
from tracetui.core.formats import Match, detect
from tracetui.core.formats.hillstar import HillstarFormat
from tracetui.core.model import Clock, EventClass, Kind, Status

HERE = SAMPLES / "hillstar"
NEW, OLD = HERE / "1.2.1", HERE / "1.0.0"
START = 1_790_000_000.0
STAMP = "20260921_142640"
OBSERVER, LOGGER = f"/o/traces/trace_step_00_{STAMP}.jsonl", f"/o/traces/trace_{STAMP}.jsonl"
BERLIN = timezone(timedelta(hours=2))


def local(at, zone=BERLIN):
    return datetime.fromtimestamp(START + at, zone).replace(tzinfo=None).isoformat(timespec="microseconds")


def observed(event_type, at, workflow="flow", **more):
    head = {"timestamp": local(at), "epoch_seconds": START + at, "event_type": event_type, "pid": 7}
    return head | {"workflow_id": workflow} | more


def logged(at, **more):
    return {"timestamp": local(at)} | more


def call(at, node, tokens=5, **more):
    known = {"node_id": node, "tool": "model_call", "provider": "desk", "model": "desk-7b", "tokens_used": tokens}
    return logged(at, **(known | more))


def lines(*records):
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def paired(observer, logger):
    """Operations of both files of one run."""
    files = [(OBSERVER, lines(*observer)), (LOGGER, lines(*logger))]
    return read_files(*[file for file in files if file[1]])


def ns(at):
    return round((START + at) * 1e6) * 1_000


def length_of(span):
    return (span["end"] - span["start"]) / 1e6


def write(folder, **files):
    """Files of ``folder/traces`` by short name: ``observer`` and ``logger`` with seconds after the stamp."""
    traces = folder / "traces"
    traces.mkdir(parents=True, exist_ok=True)
    for name, records in files.items():
        what, later = name.rsplit("_", 1)
        stamp = f"{datetime.strptime(STAMP, '%Y%m%d_%H%M%S') + timedelta(seconds=int(later)):%Y%m%d_%H%M%S}"
        file = traces / (f"trace_step_00_{stamp}.jsonl" if what == "observer" else f"trace_{stamp}.jsonl")
        file.write_bytes(lines(*records))
    return folder


WHOLE = [
    observed("workflow_start", 0, message="started", total_nodes=1),
    observed("node_start", 0.1, node_id="a"),
    observed("node_success", 1.1, node_id="a", duration_seconds=1.0),
    observed("workflow_complete", 1.2, nodes_completed=1, nodes_failed=0, total_time_seconds=1.2),
]
COMPLIANCE = logged(0.05, event="compliance_info", message="Hillstar Compliance Notice", details={})


# -- two files, one run ------------------------------------------------------------------------------------------------


def test_both_files_are_one_run_and_every_line_counts_once():
    run = only_run_of(NEW / "parallel")
    assert run["id"] == "fan_out_20261120_212928"
    assert run["name"] == "fan_out"
    assert len(run["paths"]) == 2
    assert run["events"] == 18
    assert run["events_by_type"] == {
        "compliance_info": 1,
        "model_call": 5,
        "node_start": 5,
        "node_success": 5,
        "workflow_complete": 1,
        "workflow_start": 1,
    }


def test_a_node_with_a_model_call_is_an_llm_span_with_its_tokens():
    run = only_run(paired(WHOLE, [COMPLIANCE, call(1, "a", tokens=9)]))
    assert run.named("a")["kind"] is Kind.llm
    assert run.named("a")["usage"].total == 9
    assert run.named("a")["model"] == "desk-7b"


def test_a_node_without_a_model_call_is_a_step():
    assert only_run(paired(WHOLE, [COMPLIANCE])).named("a")["kind"] is Kind.step


def test_the_order_of_the_two_files_does_not_matter():
    logger = [COMPLIANCE, call(1, "a"), logged(1.05, node_id="a", event="retry", error="503", retry_attempt=1)]
    files = [(OBSERVER, lines(*WHOLE)), (LOGGER, lines(*logger))]
    one, other = only_run(read_files(*files)), only_run(read_files(*reversed(files)))
    strip = ("kind", "status", "start", "end", "usage")
    assert {name: one.named("a")[name] for name in strip} == {name: other.named("a")[name] for name in strip}


@pytest.mark.parametrize("later", [0, 1, 2])
def test_stamps_within_two_seconds_are_one_run(tmp_path, later):
    folder = write(tmp_path, logger_0=[COMPLIANCE, call(1, "a")], **{f"observer_{later}": WHOLE})
    assert len(only_run_of(folder)["paths"]) == 2


def test_stamps_further_apart_are_two_runs(tmp_path):
    assert len(runs_of(write(tmp_path, logger_0=[COMPLIANCE, call(1, "a")], observer_3=WHOLE))) == 2


def test_of_runs_a_second_apart_equal_stamps_pair(tmp_path):
    logger = [COMPLIANCE, call(1, "a")]
    runs = runs_of(write(tmp_path, logger_0=logger, logger_1=logger, observer_0=WHOLE, observer_1=WHOLE))
    assert sorted(len(run["paths"]) for run in runs.values()) == [2, 2]


def test_files_that_a_shell_named_one_by_one_pair_too(tmp_path):
    folder = write(tmp_path, logger_0=[COMPLIANCE, call(1, "a")], observer_1=WHOLE)
    assert len(only_run_of(*(folder / "traces").iterdir())["paths"]) == 2


def test_a_renamed_observer_keeps_its_workflow_and_lacks_its_stamp():
    run = only_run(read(lines(*WHOLE), "/elsewhere/x"))
    assert fact(run, "id") == "flow"


def test_two_workflows_of_one_second_share_files_and_are_two_runs():
    other = [
        observed("workflow_start", 0.5, "other", total_nodes=1),
        observed("node_start", 0.6, "other", node_id="b"),
        observed("node_failure", 0.7, "other", node_id="b", duration_seconds=0.1, error="no"),
        observed("workflow_error", 0.8, "other", error="no", total_time_seconds=0.3),
    ]
    runs, _ = fold(paired([*WHOLE, *other], [COMPLIANCE, call(1, "a"), call(0.7, "b", status="error")]))
    first, second = runs.values()
    assert [fact(first, "status"), fact(second, "status")] == [Status.ok, Status.error]
    assert second.named("b")["kind"] is Kind.llm
    assert list(first.told) == ["a#1"]


# -- durations of the two versions -------------------------------------------------------------------------------------


def test_in_1_0_0_a_success_holds_the_index_so_the_instants_count():
    path = next((OLD / "parallel/traces").glob("trace_step*"))
    run = only_run(read(path.read_bytes(), path))
    events = [json.loads(line) for line in path.read_text().splitlines()]
    ends = {e["node_id"]: e for e in events if e["event_type"] == "node_success"}
    starts = {e["node_id"]: e for e in events if e["event_type"] == "node_start"}
    assert ends["branch_c"]["duration_seconds"] == 2
    for node, end in ends.items():
        lasted = end["epoch_seconds"] - starts[node]["epoch_seconds"]
        assert length_of(run.named(node)) == pytest.approx(lasted * 1_000, abs=0.001)


def test_in_1_0_0_a_failure_holds_its_true_duration():
    run = only_run(paired([*WHOLE[:2], observed("node_failure", 9, node_id="a", duration_seconds=0.25)], []))
    assert length_of(run.named("a")) == 250


def test_in_1_2_1_ends_of_a_batch_are_written_late_so_durations_count():
    path = next((NEW / "parallel/traces").glob("trace_step*"))
    run = only_run(read(path.read_bytes(), path))
    assert length_of(run.named("branch_a")) == pytest.approx(155.52443)
    assert length_of(run.named("branch_d")) == pytest.approx(515.022031)


def test_a_whole_number_that_is_not_the_index_is_a_duration():
    start = observed("node_start", 0.1, node_id="a", node_index=1)
    run = only_run(paired([start, observed("node_success", 9, node_id="a", duration_seconds=3)], []))
    assert length_of(run.named("a")) == 3_000


def test_the_recorded_total_is_the_run_duration():
    run = only_run_of(OLD / "pipeline")
    assert (run["duration_ms"], run["duration_source"]) == (pytest.approx(605, abs=1), "recorded")


# -- status ------------------------------------------------------------------------------------------------------------


def test_a_complete_workflow_is_ok_even_with_failed_nodes():
    failure = observed("node_failure", 1, node_id="a", duration_seconds=0.5, error="no")
    run = only_run(paired([*WHOLE[:2], failure, WHOLE[3]], []))
    assert fact(run, "status") is Status.ok
    assert run.named("a")["status"] is Status.error


def test_1_0_0_writes_no_error_of_the_workflow_and_the_failed_node_fails_the_run():
    run = only_run_of(OLD / "model_error")
    assert (run["status"], run["failed"], run["end"]) == ("error", ["second"], None)


def test_a_workflow_error_fails_the_run_and_ends_it():
    run = only_run_of(NEW / "failing_script")
    assert (run["status"], run["failed"]) == ("error", ["parse"])
    assert run["end"] is not None


def test_a_killed_run_is_unfinished_with_an_open_span():
    run = only_run_of(NEW / "killed")
    assert (run["status"], run["open_spans"], run["end"]) == ("unfinished", 1, None)


def test_a_permission_refusal_is_a_failed_node_of_no_length():
    run = only_run_of(NEW / "permission")
    assert (run["failed"], run["status"]) == (["b"], "error")


def test_an_error_line_fails_a_node_whose_end_the_observer_lacks():
    run = only_run(paired(WHOLE[:2], [COMPLIANCE, logged(1, node_id="a", status="error", error="no")]))
    assert run.named("a")["status"] is Status.error


def test_an_error_line_does_not_fail_a_node_that_the_observer_saw_succeed():
    run = only_run(paired(WHOLE, [COMPLIANCE, call(0.5, "a", status="error", error="503"), call(1, "a")]))
    assert run.named("a")["status"] is Status.ok


def test_an_end_without_a_start_is_a_span(tmp_path):
    end = observed("node_success", 2, node_id="a", duration_seconds=0.5)
    run = only_run_of(write(tmp_path, observer_0=[WHOLE[0], end]))
    assert (run["spans"], run["slowest"]["duration_ms"]) == (1, 500)


def test_loop_attempts_are_spans_of_their_own():
    run = only_run_of(NEW / "loop")
    assert run["spans"] == 8
    assert run["spans_by_kind"] == {"llm": 3, "step": 5}


def test_a_resumed_run_shows_only_what_it_ran():
    runs = runs_of(OLD / "resumed")
    assert {run["id"]: run["spans"] for run in runs.values()} == {
        "step_07_resume_20261120_212943": 3,
        "step_07_resume_20261120_212945": 2,
    }


# -- reruns and what is set aside --------------------------------------------------------------------------------------


def test_observer_lines_of_a_rerun_belong_to_the_run_whose_file_holds_them():
    runs = runs_of(NEW / "rerun")
    assert [run["events"] for run in runs.values()] == [9, 9, 9]
    assert [run["spans"] for run in runs.values()] == [2, 2, 2]


def test_lines_of_a_later_run_are_noted_with_the_earlier_one():
    first = min(runs_of(NEW / "rerun").values(), key=lambda run: run["start"])
    assert {"what": "other_lines", "count": 6, "details": ["step_09_nightly"]} in first["repairs"]


def test_appended_observer_lines_without_any_observer_file_are_a_run_of_their_own(tmp_path):
    later = [observed("workflow_start", 100, "later", total_nodes=1), observed("node_start", 101, "later", node_id="b")]
    runs = runs_of(write(tmp_path, logger_0=[COMPLIANCE, call(1, "a"), *later]))
    assert {run["name"]: run["spans"] for run in runs.values()} == {f"trace_{STAMP}": 1, "later": 1}


def test_what_lies_beside_the_traces_is_no_run_and_is_noted():
    run = only_run_of(OLD / "pipeline")
    assert len(run["paths"]) == 2
    (repair,) = [each for each in run["repairs"] if each["what"] == "side_files"]
    assert set(repair["details"]) >= {
        "audit/step_04/metadata_04.json",
        "audit/step_04/log_04.log",
        "logs/execution_step_04_populate_20261120_212939.log",
    }
    assert f"side files set aside: {len(repair['details'])}" in run["notes"]


def test_a_copy_in_audit_is_noted_with_the_run_that_it_copies():
    last = max(runs_of(NEW / "rerun").values(), key=lambda run: run["start"])
    assert {"what": "copies", "count": 1, "details": ["audit/step_09/trace_09.jsonl"]} in last["repairs"]


def test_side_files_alone_are_no_runs(tmp_path):
    shutil.copytree(OLD / "pipeline/audit", tmp_path / "audit")
    assert runs_of(tmp_path) == {}


@pytest.mark.parametrize("name", ["audit/step_04/trace_04.jsonl", "audit/step_04/metadata.json", "commit_ready.json"])
def test_a_file_set_aside_is_shown_if_it_is_named(name):
    assert len(runs_of(OLD / "pipeline" / name)) == 1


def test_a_copy_is_explained_as_one():
    path = next((NEW / "rerun/audit").rglob("trace_*.jsonl"))
    match = claim(path.read_bytes(), path)
    assert match.role == "copy"
    assert "copy in audit/" in match.reason


def test_a_damaged_line_in_either_file_costs_only_itself(tmp_path):
    folder = write(tmp_path, observer_0=WHOLE, logger_0=[COMPLIANCE, call(1, "a")])
    for path in (folder / "traces").iterdir():
        path.write_bytes(path.read_bytes() + b'{"timestamp": "2026\n[]\n')
    run = only_run_of(folder)
    assert (run["events"], run["spans"]) == (6, 1)


# -- the logger alone --------------------------------------------------------------------------------------------------


def test_without_an_observer_nodes_are_moments_one_a_node():
    records = [COMPLIANCE, call(1, "a"), call(2, "b"), call(3, "a", tokens=2)]
    run = only_run(read(lines(*records), LOGGER))
    assert run.named("a")["start"] == run.named("a")["end"]
    assert run.usage_sums() == {"total": 12}
    assert len(run.told) == 2


def test_without_an_observer_times_are_read_in_the_viewers_zone(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        run = only_run(read(lines(COMPLIANCE, call(1, "a")), LOGGER))
    finally:
        os.environ["TZ"] = "UTC"
        time.tzset()
    assert fact(run, "clock") is Clock.assumed
    assert run.named("a")["start"] == ns(1) + (2 * 3_600 - 5 * 3_600 - 1_800) * 1_000_000_000


def test_without_an_observer_an_error_line_fails_the_run_and_success_is_not_known(tmp_path):
    good = write(tmp_path / "good", logger_0=[COMPLIANCE, call(1, "a")])
    bad = write(tmp_path / "bad", logger_0=[COMPLIANCE, logged(1, node_id="a", status="error", error="no")])
    assert [only_run_of(good)["status"], only_run_of(bad)["status"]] == ["unknown", "error"]


def test_the_assumed_zone_is_noted():
    assert "zone assumed: times name none, read in the viewer's own" in only_run_of(NEW / "logger_only")["notes"]


def test_a_node_over_budget_failed():
    over = logged(1, node_id="a", status="budget_exceeded", estimated_cost=9.0, cumulative_cost=1.0, error="over")
    run = only_run(read(lines(COMPLIANCE, over), LOGGER))
    assert run.named("a")["status"] is Status.error
    assert run.types["budget_exceeded"] == 1


# -- times -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-9.5, -3, 0, 2, 5.75, 14])
def test_the_observer_gives_the_zone_of_the_loggers_times_away(hours):
    zone = timezone(timedelta(hours=hours))
    observer = [record | {"timestamp": local(record["epoch_seconds"] - START, zone)} for record in WHOLE]
    retry = {"timestamp": local(0.5, zone), "event": "retry", "node_id": "a", "error": "503"}
    run = only_run(paired(observer, [retry]))
    (found,) = [time for kind, _, _, time in run.events if kind == "retry"]
    assert found == ns(0.5)


def test_start_and_end_are_the_observers_instants():
    run = only_run(paired(WHOLE, [COMPLIANCE]))
    assert (fact(run, "start"), fact(run, "end")) == (ns(0), ns(1.2))


# -- tokens and cost ---------------------------------------------------------------------------------------------------


def test_no_tokens_means_unknown():
    assert only_run(paired(WHOLE, [call(1, "a", tokens=0)])).usage_sums() == {}


def test_cost_is_the_sum_of_calls_and_never_the_running_total():
    calls = [
        call(1, "a", actual_cost_usd=0.5, cumulative_cost_usd=0.5),
        call(2, "a", actual_cost_usd=0.25, cumulative_cost_usd=0.75),
    ]
    summary = logged(3, type="budget_summary", cumulative_cost_usd=0.75, node_costs={"a": 0.25})
    run = only_run(read(lines(*calls, summary), LOGGER))
    assert run.usage_sums() == {"total": 10, "cost_usd": 0.75}
    assert run.types["budget_summary"] == 1


def test_a_failed_call_has_no_cost():
    run = only_run(paired(WHOLE[:2], [call(1, "a", status="error", error="400", estimated_cost_usd=0.1)]))
    assert run.usage_sums() == {}
    assert run.types["model_call:error"] == 1


# -- events ------------------------------------------------------------------------------------------------------------


def test_retries_are_events_of_the_node():
    run = only_run_of(NEW / "fallback")
    assert (run["retries"], run["spans"], run["status"]) == (3, 1, "ok")


@pytest.mark.parametrize(
    ("record", "cls"),
    [
        ({"event": "retry"}, EventClass.retry),
        ({"event": "provider_fallback"}, EventClass.decision),
        ({"event": "output_file_written", "file_path": "x"}, EventClass.event),
        ({"event": "output_file_write_failed", "error": "full"}, EventClass.error),
        ({"event": "of a library user"}, EventClass.event),
    ],
)
def test_events_with_a_node_lie_in_its_span(record, cls):
    run = only_run(paired(WHOLE, [logged(0.5, node_id="a", **record)]))
    assert (record["event"], "a#1", cls) in [event[:3] for event in run.events]


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        ({"event": "e", "type": "t", "tool": "x"}, "e"),
        ({"type": "warning", "message": "m"}, "warning"),
        ({"tool": "x"}, "x"),
        ({"tool": "x", "status": "error", "node_id": "a"}, "x:error"),
        ({"status": "done"}, "done"),
        ({"payload": 1}, "-"),
    ],
)
def test_a_logger_line_is_called_by_event_type_tool_or_status(record, kind):
    run = only_run(paired(WHOLE, [COMPLIANCE, logged(0.5, **record)]))
    assert run.types[kind] == 1


def test_unknown_observer_events_are_kept():
    run = only_run(paired([*WHOLE, observed("node_paused", 2, node_id="a")], []))
    assert ("node_paused", "a#1") in [event[:2] for event in run.events]


def test_times_of_a_batchs_logger_lines_may_go_backwards():
    run = only_run(paired(WHOLE, [COMPLIANCE, call(0.9, "a"), logged(0.4, node_id="a", event="provider_fallback")]))
    assert (run.named("a")["start"], length_of(run.named("a"))) == (ns(0.1), 1_000)
    assert [name for name, *_ in run.events if name == "provider_fallback"] == ["provider_fallback"]


def test_a_warning_may_come_before_the_notice_of_compliance():
    records = [logged(0.01, type="warning", message="no budget"), COMPLIANCE, call(0.5, "a")]
    assert claim(lines(*records), LOGGER).format.name == "hillstar"
    assert only_run(paired(WHOLE, records)).named("a")["kind"] is Kind.llm


def test_a_skipped_loop_attempt_is_a_success_of_no_length_for_nothing_says_skipped():
    attempt = [
        observed("node_start", 0.2, node_id="draft@2", node_index=1),
        observed("node_success", 0.9, node_id="draft@2", duration_seconds=0.0),
    ]
    span = only_run(paired([*WHOLE[:3], *attempt, WHOLE[3]], [])).named("draft@2")
    assert (span["status"], length_of(span)) == (Status.ok, 0)


def test_nan_is_accepted():
    data = lines(*WHOLE).replace(b'"duration_seconds": 1.0', b'"duration_seconds": NaN')
    assert length_of(only_run(read(data, OBSERVER)).named("a")) == 1_000


# -- detection ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        {"timestamp": "2026-01-02T03:04:05Z", "event": "started", "level": "info"},
        {"timestamp": "2026-01-02T03:04:05.123456", "level": "INFO", "type": "log", "message": "m"},
        {"time": "2026-01-02T03:04:05.123456", "event": "started"},
    ],
)
def test_other_programs_logs_are_not_claimed(record):
    assert claim(lines(record), "/elsewhere/x").format.name == "json-lines"


def test_objects_of_a_library_user_are_claimed_by_their_timestamp():
    assert claim(lines({"event": "note", "text": "t", "timestamp": local(1)}), "/elsewhere/x").format.name == "hillstar"


@pytest.mark.parametrize("path", sorted(HERE.rglob("*.*")), ids=lambda path: path.name)
def test_every_file_is_recognised_whatever_it_is_called(path):
    if path.is_file():
        match = detect(candidate(path.read_bytes(), "/elsewhere/x", ["x"]))
        assert isinstance(match, Match)
        assert match.format.name == "hillstar"


# -- details -----------------------------------------------------------------------------------------------------------


def detail_of(records, path=OBSERVER):
    data = lines(*records)
    return HillstarFormat().span_detail(
        [body for body in bodies(read(data, path), data) if body.type != "compliance_info"]
    )


def test_the_detail_of_a_model_call():
    detail = detail_of([call(1, "a", temperature=0.4, output_length=74)], LOGGER)
    assert (detail.id, detail.subject, detail.model, detail.provider) == ("a", "desk-7b", "desk-7b", "desk")
    assert detail.attributes == {
        "kind.original": "model",
        "temperature": 0.4,
        "output_length": 74,
        "tokens_used": 5,
    }


def test_a_script_error_keeps_its_traceback():
    text = (
        'Node execution error in parse: Traceback (most recent call last):\n  File "x"\njson.JSONDecodeError: no value'
    )
    detail = detail_of([observed("node_failure", 1, node_id="parse", duration_seconds=0.1, error=text)])
    assert (detail.error.message, detail.error.type) == ("no value", "json.JSONDecodeError")
    assert detail.error.traceback.startswith("Traceback (most recent call last)")


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"event": "retry", "retry_attempt": 1, "max_retries": 3, "error": "503"}, "1 of 3: 503"),
        ({"event": "provider_fallback", "from_provider": "a", "to_provider": "b", "reason": "r"}, "a → b: r"),
        ({"event": "output_file_written", "file_path": "/x", "bytes_written": 3}, "/x"),
        ({"type": "warning", "message": "careful"}, "careful"),
        ({"event": "seat_resolved", "seat": "s"}, "seat=s"),
    ],
)
def test_the_line_of_an_event(record, text):
    data = lines(COMPLIANCE, logged(1, **record))
    *_, body = bodies(read(data, LOGGER), data)
    assert HillstarFormat().event_detail(body).text == text


# -- following ---------------------------------------------------------------------------------------------------------


def without_change(runs):
    return {id_: {key: value for key, value in run.items() if key != "status_reason"} for id_, run in runs.items()}


def test_a_logger_that_is_seen_before_its_observer_ends_as_if_read_at_once(tmp_path):
    warning = logged(0, type="warning", message="early")
    followed = Followed(write(tmp_path, logger_0=[warning]))
    assert list(followed.runs()) == [f"trace_{STAMP}"]
    write(tmp_path, observer_1=WHOLE)
    followed.settle()
    path = tmp_path / "traces" / f"trace_{STAMP}.jsonl"
    path.write_bytes(path.read_bytes() + lines(COMPLIANCE, call(1, "a")))
    live = followed.runs()
    assert without_change(live) == without_change(runs_of(tmp_path))
    assert list(live) == ["flow_20260921_142641"]


@pytest.mark.parametrize("observer_first", [True, False])
def test_a_run_followed_line_by_line_ends_as_if_read_at_once(tmp_path, observer_first):
    traces = tmp_path / "traces"
    traces.mkdir()
    files = sorted((NEW / "fallback/traces").iterdir(), reverse=observer_first)
    rest = {path.name: path.read_bytes().splitlines(keepends=True) for path in files}
    followed = Followed(tmp_path)
    while any(rest.values()):
        for name, left in rest.items():
            if left:
                with (traces / name).open("ab") as file:
                    file.write(left.pop(0))
            followed.settle()
    assert without_change(followed.runs()) == without_change(runs_of(tmp_path))


# -- the fast lane -----------------------------------------------------------------------------------------------------


def many(count):
    """A long run with everything in it: observer and logger."""
    observer, logger = [observed("workflow_start", 0, total_nodes=count)], [COMPLIANCE]
    for number in range(count):
        node, at = f"n{number}é", 1 + number / 8
        observer.append(observed("node_start", at, node_id=node, **({"node_index": number} if number else {})))
        if number % 7 == 1:
            logger.append(logged(at, node_id=node, event="retry", error="503", retry_attempt=1))
        if number % 5 == 2:
            logger += [call(at, node, tokens=number % 3, actual_cost_usd=0.25), call(at, node, model="other")]
        if number % 11 == 3:
            observer.append(observed("node_failure", at + 0.1, node_id=node, duration_seconds=0.05, error="no"))
            logger.append(logged(at + 0.1, node_id=node, status="error", error="no"))
            logger.append(call(at, node, status="error", error="no"))
        elif number % 13 != 4:
            seconds = number if number % 3 else 0.0625
            observer.append(observed("node_success", at + 0.1, node_id=node, duration_seconds=seconds))
    observer += [
        observed("node_success", 900, node_id="lost", duration_seconds=1.5),
        observed("node_start", 901, node_id="n1é"),
    ]
    observer += [
        observed("node_paused", 902, node_id="n1é"),
        observed("workflow_complete", 903, total_time_seconds=903.0),
    ]
    return (OBSERVER, lines(*observer)), (LOGGER, lines(*logger, logged(904, type="warning", message="late")))


def test_long_files_end_in_the_same_store_by_the_fast_lane():
    assert_the_lanes_agree(*many(400))


def test_calls_of_nodes_that_the_observer_does_not_tell_of_end_in_the_same_store():
    assert_the_lanes_agree(many(80)[0], many(400)[1])


def test_what_is_unusual_in_a_block_goes_the_long_way():
    (observer, data), logger = many(400)
    for odd in (b'{"torn\n', b"[]\n", lines(observed("node_start", 950, "elsewhere", node_id="x")), b"\r\n"):
        files = ((observer, data + odd), logger)
        assert stored(files, FAST)[0] == stored(files, SLOW)[0]


def logger_alone(count):
    """A logger's file without an observer's: nodes that are called once, again, later, and told of before their call."""
    records = [COMPLIANCE]
    for number in range(count):
        node, at = f"n{number}é", 1 + number / 8
        if number % 17 == 5:
            records.append(logged(at - 1, node_id=node, event="retry", error="503"))
        records.append(call(at, node, tokens=number % 3, **({"actual_cost_usd": 0.25} if number % 4 else {})))
        if number % 19 == 7:
            records.append(call(at, f"n{number // 2}é", tokens=7, model="other"))
        if number % 29 == 11:
            records.append(call(at, node, status="error", error="no"))
        if number % 31 == 13:
            records += [logged(at, type="warning", message="late"), call(at, "", tokens=3), {"tool": "model_call"}]
    return lines(*records)


def test_a_long_file_of_the_logger_alone_ends_in_the_same_store_by_the_fast_lane():
    assert_the_lanes_agree((LOGGER, logger_alone(2_000)))


@pytest.mark.parametrize(
    "odd",
    [
        b'{"torn\n',
        b"[]\n",
        b'{"node_id": 7, "torn\n',
        b"\r\n",
        lines(call(1, "n1é") | {"timestamp": "2026-09-21T14:26:41+02:00"}),
        lines(call(1, "new") | {"timestamp": "2026-09-21T14:26:41+02:00"}),
        lines(call(1, "new") | {"timestamp": None}, call(2, "new")),
        lines(call(1, "new") | {"timestamp": "soon"}, call(2, "new")),
        lines(call(1, "new") | {"tokens_used": "12"}, call(2, "newer") | {"tokens_used": -1}),
        lines(call(1, "new") | {"event": None, "status": "", "type": None}),
        lines(call(1, "new", event="retry"), call(2, "new")),
        lines(observed("node_start", 950, "elsewhere", node_id="x")),
    ],
)
def test_what_is_unusual_beside_calls_of_the_logger_alone_ends_in_the_same_store(odd):
    files = [(LOGGER, logger_alone(300) + odd + logger_alone(600))]
    assert stored(files, FAST)[0] == stored(files, SLOW)[0]


# -- resumed runs ------------------------------------------------------------------------------------------------------


def test_a_run_that_begins_with_a_later_node_continues_the_one_before_it():
    first, second = sorted(runs_of(OLD / "resumed").values(), key=lambda run: run["start"])
    assert [(link["kind"], link["run"]) for link in second["links"]] == [("continues", first["id"])]
    assert [(link["kind"], link["run"]) for link in first["links"]] == [("continued_by", second["id"])]


def test_a_resumed_run_whose_beginning_is_not_there_says_so(tmp_path):
    lines = [
        observed("workflow_start", 100, "flow", total_nodes=3),
        observed("node_start", 101, "flow", node_id="b", node_index=1),
        observed("node_success", 102, "flow", node_id="b", duration_seconds=1.0),
    ]
    (run,) = runs_of(write(tmp_path, observer_0=lines)).values()
    assert run["links"] == [{"kind": "continues", "run": "flow", "span": None, "here": False}]


def test_a_run_that_begins_with_its_first_node_continues_none(tmp_path):
    lines = [observed("workflow_start", 100, "flow"), observed("node_start", 101, "flow", node_id="a")]
    (run,) = runs_of(write(tmp_path, observer_0=lines)).values()
    assert run["links"] == []


def test_a_logger_that_was_paired_with_a_neighbour_goes_over_to_the_observer_of_its_own_second(tmp_path):
    names = [
        "trace_step_09_20261120_212932.jsonl",
        "trace_20261120_212933.jsonl",
        "trace_step_09_20261120_212933.jsonl",
    ]
    place = tmp_path / "traces"
    place.mkdir()
    followed = Followed(tmp_path)
    for name in names:
        shutil.copy(NEW / "rerun" / "traces" / name, place / name)
        followed.settle()
    assert without_change(followed.runs()) == without_change(runs_of(tmp_path))


def test_a_failure_that_the_logger_told_first_is_told_once(tmp_path):
    begun = [observed("workflow_start", 0), observed("node_start", 1, node_id="a", node_index=0)]
    followed = Followed(write(tmp_path, observer_0=begun))
    failure = logged(2, node_id="a", status="error", error="no")
    write(tmp_path, logger_0=[failure])
    followed.settle()
    ended = [*begun, observed("node_failure", 3, node_id="a", duration_seconds=2.0, error="no")]
    write(tmp_path, observer_0=ended)
    assert only_run_of(tmp_path)["notes"] == next(iter(followed.runs().values()))["notes"]
