"""ddeutil-workflow: each rule and each quirk of its traces."""

import json
import os
import shutil
import sqlite3
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.core.formats.lanes import FAST, SLOW, assert_the_lanes_agree, stored
from tests.core.formats.reading import SAMPLES, bodies, claim, decoder_for, fact, fold, only_run, pieces, read
from tracetui.core.formats import detect
from tracetui.core.formats._base import Candidate
from tracetui.core.formats._ddeutil_grammar import is_skip, unquoted
from tracetui.core.formats._ddeutil_records import text_values
from tracetui.core.formats.ddeutil_workflow import DdeutilWorkflowFormat
from tracetui.core.model import NO_TIME, Clock, EventClass, Flag, Kind, Status
from tracetui.core.operations import Event, Record, Repair, RunFact
from tracetui.core.reader import Reader
from tracetui.core.store import Store

FORMAT = DdeutilWorkflowFormat()
START = datetime(2026, 11, 20, 21, 29, 27, 400_000, UTC)
SECOND = 1_000_000_000
EMOJI = {"WORKFLOW": "👟", "JOB": "🏗", "STAGE": "🔗", "NESTED": "⛓️", "CALLER": "⚙️"}


def ns(moment):
    return int(moment.timestamp()) * SECOND + moment.microsecond * 1_000


def at(seconds):
    return START + timedelta(seconds=seconds)


def id_at(seconds, hash_):
    return f"{at(seconds):%Y%m%d%H%M%S%f}T{hash_:0>10}"


TOP = id_at(0, "1")


class Writer:
    """Writes records as the producer does; threads and times as told."""

    def __init__(self, version="0.0.86", zone_hours=0, run=TOP):
        self.version, self.zone, self.run = version, timedelta(hours=zone_hours), run
        self.records = []

    def say(self, message, own=None, seconds=0.0, thread=1, level="info", **more):
        module, _, text = message.partition(" ")
        error = level in ("error", "exception")
        record = {
            "error_flag": error,
            "level": level,
            "datetime": f"{at(seconds) + self.zone:%Y-%m-%d %H:%M:%S}",
            "process": 7,
            "thread": thread,
            "module": None if module == "CALLER" else module.lower(),
            "message": f"{EMOJI[module]} [{module}]: {text}",
            "cut_id": "x -> y",
            "run_id": own or self.run,
            "parent_run_id": self.run,
            "filename": "f.py",
            "lineno": 1,
            "package_version": self.version,
            "tags": [],
            "metric": None,
        }
        if self.version < "0.0.86":
            del record["module"]
        if self.version < "0.0.85":
            del record["metric"]
            record |= {"workflow_name": None, "trace_id": None, "metadata": {}}
        self.records.append(record | more)
        return self

    def workflow(self, name="etl", own=None, seconds=0.0, thread=1):
        return self.say(f"WORKFLOW Execute: {name!r} (parallel jobs)", own, seconds, thread)

    def job(self, name="load", seconds=0.1, thread=2, hash_="22", workflow=None):
        self.say(f"WORKFLOW Execute Job: {name!r}", workflow, seconds, thread)
        own = id_at(seconds, hash_)
        self.say(f"JOB Handler LOCAL: {name!r}.", own, seconds, thread)
        return own

    def stage(self, name="copy", seconds=0.2, thread=3, hash_="33", kind="Empty", id_=None, job=None, end=None):
        if job:
            self.say(f"JOB Execute Stage: {(id_ or name)!r}", job, seconds, thread)
        own = id_at(seconds, hash_)
        self.say(f"STAGE Handler {kind}-Stage: {name!r}{f' with ID: {id_!r}' if id_ else ''}.", own, seconds, thread)
        if end is not None:
            self.end_stage(own, end, thread)
        return own

    def end_stage(self, own, seconds=0.5, thread=3):
        return self.say("STAGE End Handler stage execution.", own, seconds, thread, "debug")

    def end_job(self, own, seconds=0.6, thread=2):
        return self.say("JOB End Handler job execution.", own, seconds, thread, "debug")

    @property
    def data(self):
        return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in self.records)

    @property
    def path(self):
        return f"/traces/run_id={self.run}/metadata.txt"

    def read(self):
        return only_run(read(self.data, self.path))


def store_of(*paths):
    store = Store()
    with Reader([str(path) for path in paths]) as reader:
        while not reader.progress.done:
            for batch in reader.poll():
                store.apply(batch)
    return store


def runs_of(*paths):
    return {run.id: run for run in store_of(*paths).live_runs()}


def folder(top, writer, **texts):
    path = top / f"run_id={writer.run}"
    path.mkdir(parents=True)
    for name, data in texts.items():
        (path / f"{name}.txt").write_bytes(data)
    return path


def text_of(writer, *, error):
    """What the producer renders beside ``metadata.txt``."""
    lines = []
    for record in writer.records:
        if record["error_flag"] is error:
            cut = f"{cut_of(record['parent_run_id'])} -> {cut_of(record['run_id'])}"
            message = "\n ... |  \t".join(record["message"].split("\n"))
            message = "\n ... ╰─ \t".join(message.rsplit("\n ... |  \t", 1))
            lines.append(
                f"{record['datetime']} ({record['process']:5d}, {record['thread']:5d}) ({cut}) {message:120s} (f.py:1)\n"
            )
    return "".join(lines).encode()


def cut_of(id_):
    stamp, _, hash_ = id_.partition("T")
    return stamp[10:20] + hash_[-8:]


# -- detection ---------------------------------------------------------------------------------------------------------


def test_records_are_known_by_their_keys_whatever_the_file_is_called():
    assert claim(Writer().workflow().data, "/x").format.name == "ddeutil-workflow"


def test_the_texts_beside_metadata_are_copies():
    match = claim(text_of(Writer().workflow(), error=False), "/t/run_id=1/stdout.txt", ["stdout.txt", "metadata.txt"])
    assert match.role == "copy"


def test_the_texts_without_metadata_are_a_run():
    assert claim(text_of(Writer().workflow(), error=False), "/t/run_id=1/stdout.txt", ["stdout.txt"]).role == "run"


CONSOLE = (
    "2026-11-20 21:29:27.429 (28624, 140008024337280) [INFO   ] (292741434700000001 -> 292741434700000001) "
    "👟 [WORKFLOW]: Execute: 'etl' (parallel jobs)   (traces.py:1740) (ddeutil.workflow)\n"
)


def test_console_output_is_set_aside():
    assert claim(CONSOLE.encode(), "/console.log").role == "side"


def test_console_output_that_is_named_by_itself_is_a_run_with_levels_and_milliseconds():
    head = CONSOLE.encode()
    match = detect(Candidate("/console.log", "console.log", head, len(head), named=True))
    run = only_run(
        pieces(match.format.assembler(match.bundle).decoder(Candidate("/x", "x", head, len(head))), head, [])
    )
    assert run.types == {"info": 1}
    assert run.named("etl")["start"] % SECOND == 414_347_000


def test_any_table_with_the_columns_is_a_recording():
    candidate = Candidate(
        "/x", "x", b"SQLite format 3\x00", 1, tables={"log": ("run_id", "level", "message", "error_flag", "datetime")}
    )
    assert FORMAT.match(candidate).tables == ("log",)


def test_a_database_without_such_a_table_is_none():
    assert FORMAT.match(Candidate("/x", "x", b"SQLite format 3\x00", 1, tables={"traces": ("run_id",)})) is None


# -- the record versions -----------------------------------------------------------------------------------------------


def whole_run(version):
    writer = Writer(version)
    writer.workflow()
    job = writer.job()
    writer.stage(job=job, end=0.3)
    return writer.end_job(job, 0.4)


def test_records_of_0_0_86_become_workflow_job_and_stage():
    run = whole_run("0.0.86").read()
    assert {span["name"]: span["kind"] for span in run.told.values()} == {
        "etl": Kind.chain,
        "load": Kind.step,
        "copy": Kind.step,
    }
    assert fact(run, "status") is Status.ok


def test_in_0_0_85_the_module_is_taken_from_the_message():
    run = whole_run("0.0.85").read()
    assert (len(run.told), fact(run, "status"), fact(run, "records_end")) == (3, Status.ok, True)


def old_run(version="0.0.83"):
    writer = Writer(version)
    writer.workflow()
    writer.say("WORKFLOW Execute Job: 'load'", thread=2)
    job = id_at(0.1, "22")
    writer.say("JOB Routing for Local: 'load'", job, 0.1, 2)
    return writer, job


def test_before_0_0_85_a_job_starts_with_its_routing_and_nothing_is_open():
    writer, job = old_run()
    writer.stage(job=job)
    run = writer.read()
    assert {span["name"] for span in run.told.values()} == {"etl", "load", "copy"}
    assert Status.open not in {span["status"] for span in run.told.values()}
    assert (fact(run, "status"), fact(run, "records_end")) == (Status.ok, False)


def test_before_0_0_85_the_next_record_of_the_thread_bounds_a_stage():
    writer, job = old_run()
    writer.stage("one", 0.2, job=job)
    writer.say("STAGE Message: ( x )", id_at(0.2, "33"), 2.9, 3)
    writer.stage("two", 5.3, hash_="44", job=job)
    writer.say("JOB Execute Stage: 'x'", job, 60, 4)
    run = writer.read()
    assert run.named("one")["end"] == ns(at(5.3))
    assert run.named("one")["flags"] & Flag.end_inferred


def test_before_0_0_85_skips_are_infos():
    writer, job = old_run()
    stage = writer.stage(job=job)
    writer.say("STAGE ⏭️ Skip: Skip because condition was valid.", stage, 0.3, 3)
    assert writer.read().named("copy")["status"] is Status.skipped


def test_before_0_0_85_a_failure_fails_the_run():
    writer, job = old_run()
    stage = writer.stage(job=job)
    writer.say("STAGE Error Failed:\n ... |  \tValueError: x", stage, 0.3, 3, "error")
    run = writer.read()
    assert (run.named("copy")["status"], fact(run, "status")) == (Status.error, Status.error)


def old_record(message, own, second, mode="stdout", level="info"):
    return {
        "mode": mode,
        "level": level,
        "datetime": f"{at(second):%Y-%m-%d %H:%M:%S}",
        "process": 7,
        "thread": 3,
        "message": message,
        "cut_id": f"{cut_of(TOP)} -> {cut_of(own)}",
        "filename": "f.py",
        "lineno": 1,
    }


def test_records_up_to_0_0_78_have_no_ids_but_those_of_their_folder_and_cut_ones():
    stage = id_at(2.25, "33")
    records = [
        old_record("👟 [WORKFLOW]: Execute: 'etl' (parallel jobs)", TOP, 0),
        old_record("🔗 [STAGE]: Handler Empty-Stage: 'copy'.", stage, 2.3),
        old_record("🔗 [STAGE]: Error Handler:\n ... ╰─ \tValueError: x", stage, 2.4, "stderr", "error"),
    ]
    data = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    run = only_run(read(data, f"/logs/run_id={TOP}/metadata.json"))
    assert (fact(run, "start"), fact(run, "clock")) == (ns(START), Clock.inferred)
    assert run.named("copy")["start"] == ns(at(2.25))
    assert (run.named("copy")["status"], fact(run, "status")) == (Status.error, Status.error)


def test_a_missing_error_flag_is_the_mode_or_the_level():
    for more in ({"mode": "stderr"}, {"level": "exception"}):
        writer = whole_run("0.0.86")
        writer.say("STAGE boom", id_at(0.2, "33"), 0.5, 3, **more)
        del writer.records[-1]["error_flag"]
        assert writer.read().named("copy")["status"] is Status.error


# -- ids and times -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-5, 0, 5.75, 9, -3.5, 13])
def test_the_zone_is_the_first_time_less_the_stamp_in_quarter_hours(hours):
    run = Writer(zone_hours=hours).workflow(seconds=0.9).say("CALLER x", seconds=3).read()
    assert fact(run, "clock") is Clock.inferred
    assert [time for *_, time in run.events] == [ns(START.replace(microsecond=0) + timedelta(seconds=3))]


def test_without_stamps_in_the_ids_the_zone_is_the_viewers_and_said_to_be_assumed(monkeypatch):
    monkeypatch.setenv("TZ", "America/Lima")
    time.tzset()
    try:
        operations = read(Writer(run="custom-id").say("CALLER x").data)
    finally:
        monkeypatch.undo()
        time.tzset()
    run = only_run(operations)
    assert fact(run, "clock") is Clock.assumed
    assert fact(run, "start") == ns(START.replace(microsecond=0) + timedelta(hours=5))
    assert Repair("zone_assumed", 0) in [op.repair for op in operations if isinstance(op, RunFact)]


def test_a_zone_that_is_told_late_places_the_earlier_records_too(tmp_path):
    writer = Writer(zone_hours=-5, run="custom-id").say("CALLER x")
    writer.stage("copy", 1.0, end=1.5)
    (run,) = runs_of(folder(tmp_path, writer, metadata=writer.data)).values()
    assert run.clock is Clock.inferred
    assert run.start == ns(START.replace(microsecond=0))


def test_starts_are_exact_from_the_id():
    run = whole_run("0.0.86").read()
    assert fact(run, "start") == run.named("etl")["start"] == ns(START)
    assert run.named("copy")["start"] == ns(at(0.2))


def test_without_an_id_that_tells_it_the_run_starts_with_its_first_record():
    run = Writer(run="custom-id").say("CALLER x", seconds=5).read()
    assert fact(run, "start") % SECOND == 0


def test_the_next_id_on_the_thread_bounds_an_end_within_its_second():
    writer = Writer().workflow()
    job = writer.job()
    writer.stage("one", 0.15, job=job, end=0.4)
    writer.stage("two", 0.41, hash_="44", job=job, end=0.5)
    run = writer.read()
    assert run.named("one")["end"] == ns(at(0.41))
    assert run.named("one")["flags"] & Flag.end_inferred


def test_an_end_is_not_before_the_newest_id_that_was_written_before_it():
    writer = whole_run("0.0.86")
    run = writer.read()
    assert run.named("load")["end"] >= run.named("copy")["end"] >= run.named("copy")["start"]


def test_the_runs_end_is_not_recorded_and_its_last_instant_is_the_newest_id_or_second(tmp_path):
    writer = whole_run("0.0.86")
    (run,) = runs_of(folder(tmp_path, writer, metadata=writer.data)).values()
    assert run.recorded_end is None
    assert run.duration() == (ns(at(0.2)) - ns(START), "last_record")


def test_plain_hashes_as_ids_join_a_jobs_two_ids_by_their_thread():
    top, handler, executor, stage = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)
    writer = Writer(run=top).workflow()
    writer.say("WORKFLOW Execute Job: 'load'", thread=2)
    writer.say("JOB Handler LOCAL: 'load'.", handler, thread=2)
    writer.say("JOB Start Local executor.", executor, thread=2)
    writer.say("JOB Execute Stage: 'copy'", executor, thread=3)
    writer.say("STAGE Handler Empty-Stage: 'copy'.", stage, thread=3)
    writer.end_stage(stage).end_job(handler)
    run = writer.read()
    assert len(run.told) == 3
    assert run.parent_name("copy") == "load"
    assert fact(run, "status") is Status.ok


# -- the tree ----------------------------------------------------------------------------------------------------------


def test_a_jobs_two_ids_are_one_span():
    writer = Writer().workflow()
    job = writer.job()
    executor = id_at(0.15, "22")
    writer.say("JOB Start Local executor.", executor, 0.15, 2)
    writer.stage(job=executor, end=0.3)
    run = writer.end_job(job).read()
    assert len(run.told) == 3
    assert run.parent_name("copy") == "load"


def test_a_job_and_a_stage_of_one_name_are_two_spans():
    writer = Writer().workflow()
    job = writer.job("same", hash_="22")
    writer.stage("same", hash_="22", job=job, end=0.3)
    run = writer.end_job(job).read()
    assert sorted(span["name"] for span in run.told.values()) == ["etl", "same", "same"]


def test_a_stage_in_a_matrix_is_one_span_for_each_execution():
    writer = Writer().workflow()
    job = writer.job()
    for number, thread in enumerate((3, 4, 3)):
        writer.stage("Build ${{ matrix.os }}", 0.2 + number / 10, thread, job=job, end=0.3 + number / 10)
    run = writer.end_job(job).read()
    assert [span["name"] for span in run.told.values()].count("Build ${{ matrix.os }}") == 3


def test_a_branchs_stage_hangs_below_the_container_whose_branch_its_thread_runs():
    writer = Writer().workflow()
    job = writer.job()
    outer = writer.stage("par", kind="Parallel", job=job)
    writer.say("NESTED Execute Branch: 'north'", outer, 0.3, 9)
    writer.stage("north", 0.31, 9, "44", end=0.4)
    writer.end_stage(outer)
    writer.stage("after", 0.51, 9, "55", job=job, end=0.55)
    run = writer.end_job(job).read()
    assert run.parent_name("north") == "par"
    assert run.parent_name("after") == "load"


def test_a_container_within_a_container_gives_its_thread_back_when_it_ends():
    writer = Writer().workflow()
    job = writer.job()
    outer = writer.stage("until", kind="Until", job=job)
    writer.say("NESTED Execute Loop: 1 (Item 1)", outer, 0.21, 3, "debug")
    inner = writer.stage("case", 0.22, hash_="44", kind="Case")
    writer.say("NESTED Case: 'b'", inner, 0.23, 3)
    writer.stage("within", 0.24, hash_="55", end=0.25)
    writer.end_stage(inner, 0.26)
    writer.stage("beside", 0.27, hash_="66", end=0.28)
    run = writer.end_stage(outer, 0.3).end_job(job).read()
    assert run.parent_name("within") == "case"
    assert run.parent_name("beside") == "until"


def triggered(writer, trigger_hash="44", seconds=0.3):
    """A trigger stage and the workflow that it starts, with one job."""
    child = id_at(seconds, "77")
    writer.say("NESTED Load Workflow Config: 'child'", id_at(seconds - 0.05, trigger_hash), seconds, 3)
    writer.workflow("child", child, seconds, 3)
    job = writer.job("load", seconds + 0.05, 5, "22", child)
    writer.stage("inside", seconds + 0.1, 6, "88", job=job, end=seconds + 0.15)
    writer.end_job(job, seconds + 0.2, 5)


def test_a_triggered_workflow_hangs_below_its_trigger_stage_in_the_same_run():
    writer = Writer().workflow()
    job = writer.job("call", hash_="99")
    stage = writer.stage("go", 0.25, hash_="44", kind="Trigger", job=job)
    triggered(writer)
    run = writer.end_stage(stage).end_job(job).read()
    assert run.parent_name("child") == "go"
    assert (run.parent_name("load"), run.parent_name("inside")) == ("child", "load")
    assert fact(run, "status") is Status.ok


def test_jobs_of_one_name_in_two_executions_of_a_workflow_are_two_spans():
    writer = Writer().workflow()
    job = writer.job("load")
    stage = writer.stage("go", 0.25, hash_="44", kind="Trigger", job=job)
    triggered(writer)
    run = writer.end_stage(stage).end_job(job).read()
    assert [span["name"] for span in run.told.values()].count("load") == 2


def test_branches_items_loops_and_strategies_are_events_and_no_spans():
    writer = Writer().workflow()
    job = writer.job()
    writer.say("JOB Execute Strategy: '4129981445'", job, 0.2, 3)
    outer = writer.stage("each", kind="For-Each", job=job)
    writer.say("NESTED Execute Item: 'Oslo'", outer, 0.3, 4)
    run = writer.end_stage(outer).end_job(job).read()
    assert {span["name"] for span in run.told.values()} == {"etl", "load", "each"}


@pytest.mark.parametrize(
    "kind",
    [
        "Empty",
        "Bash",
        "Py",
        "Call",
        "Trigger",
        "Parallel",
        "For-Each",
        "Until",
        "Case",
        "Raise",
        "Docker",
        "Virtual-Py",
    ],
)
def test_every_kind_of_stage_starts_a_span(kind):
    writer = Writer().workflow()
    writer.stage("it", kind=kind, id_="its-id")
    data = writer.data
    operations = read(data, writer.path)
    assert only_run(operations).named("it")["kind"] is Kind.step
    detail = FORMAT.span_detail(list(bodies(operations, data))[1:])
    assert detail.attributes["stage kind"] == kind
    assert detail.attributes["kind.original"] == "stage"


@pytest.mark.parametrize(
    "name", ["it's", "both ' and \"", "line\nbreak", "back\\slash", "${{ x }}", "日本", "with ID: 'x'"]
)
def test_names_are_read_as_the_literals_that_they_are(name):
    writer = Writer().workflow(name)
    writer.stage(name + "!")
    run = writer.read()
    assert {span["name"] for span in run.told.values()} == {name, name + "!"}


# -- outcomes ----------------------------------------------------------------------------------------------------------


def failing(*messages, level="error", then_end=True):
    writer = Writer().workflow()
    job = writer.job()
    stage = writer.stage("copy", id_="cp", job=job)
    for message in messages:
        writer.say(f"STAGE {message}", stage, 0.3, 3, level)
    if then_end:
        writer.end_stage(stage)
    return writer, job, stage


@pytest.mark.parametrize(
    "words",
    [
        "📢 Stage Failed:\nx",
        "🤫 Stage Failed with disable traceback:\nx",
        "💥 Error Failed:\nx",
        "⚠️ Nested: x",
        "new words",
    ],
)
def test_an_error_of_a_stage_is_a_failure_whatever_its_words(words):
    writer, job, _ = failing(words)
    run = writer.end_job(job).read()
    assert run.named("copy")["status"] is Status.error
    assert fact(run, "status") is Status.error


def test_a_skip_is_no_failure_though_its_level_is_error():
    writer, job, _ = failing("⏭️ Skip: Skip because condition was valid.")
    run = writer.end_job(job).read()
    assert run.named("copy")["status"] is Status.skipped
    assert fact(run, "status") is Status.ok
    assert run.types["error"] == 1


def test_a_skipped_job_is_skipped():
    writer = Writer().workflow()
    job = writer.job()
    writer.say("JOB ⏭️ Skip: not today", job, 0.2, 2, "error")
    run = writer.end_job(job).read()
    assert run.named("load")["status"] is Status.skipped
    assert fact(run, "status") is Status.ok


def test_a_job_that_its_trigger_rule_skips_is_said_by_its_workflow_and_is_no_span():
    run = Writer().workflow().say("JOB ⏭️ Skip job: 'second' from trigger rule.").read()
    assert len(run.told) == 1
    assert "status" not in run.named("etl")


def test_retries_of_a_stage_that_turns_out_well_leave_no_failure():
    writer, job, stage = failing()
    writer.records.pop()
    writer.say("STAGE Retry count: 1 ... ( StageError )", stage, 0.3, 3, "warning")
    run = writer.end_stage(stage).end_job(job).read()
    assert fact(run, "status") is Status.ok
    assert [cls for _, _, cls, _ in run.events].count(EventClass.retry) == 1


def attempts(*, well):
    """A job that fails and is tried again."""
    writer, job, _ = failing("📢 Stage Failed:\nx")
    error = "JOB All-Completed Handler:\n ... ╰─ \tJobError: … its nested-stage, 'cp', failed."
    writer.say(error, id_at(0.15, "22"), 0.5, 2, "error")
    writer.say("JOB Retry count: 1/2 ... ( JobError )", job, 0.5, 2, "warning")
    writer.say("JOB Start Local executor.", id_at(0.55, "22"), 0.55, 2)
    stage = writer.stage("copy", 0.58, id_="cp", job=id_at(0.55, "22"))
    if not well:
        writer.say("STAGE 📢 Stage Failed:\nx", stage, 0.59, 3, "error")
    writer.end_stage(stage, 0.59)
    if not well:
        writer.say(error, id_at(0.55, "22"), 0.6, 2, "error")
        writer.say("JOB Reach the maximum of retry number: 1.", job, 0.6, 2, "error")
    return writer.end_job(job)


def test_a_job_that_turns_out_well_after_a_retry_undoes_the_failure():
    run = attempts(well=True).read()
    assert run.named("load")["status"] is Status.ok
    assert run.named("etl")["status"] is Status.ok
    assert fact(run, "status") is Status.ok
    assert sorted(span["status"] for span in run.told.values() if span["name"] == "copy") == [Status.ok, Status.error]


def test_a_job_that_fails_after_its_last_retry_has_failed_once_with_all_its_attempts():
    run = attempts(well=False).read()
    assert len(run.told) == 4
    assert (run.named("load")["status"], run.named("etl")["status"]) == (Status.error, Status.error)
    assert fact(run, "status") is Status.error


def test_the_error_of_a_job_names_a_stage_that_logged_none_of_its_own():
    writer, job, _ = failing()
    error = "JOB All-Completed Handler:\n ... ╰─ \tJobError: … its nested-stage, 'cp', failed."
    run = writer.say(error, job, 0.5, 2, "error").end_job(job).read()
    assert run.named("copy")["status"] is Status.error


def test_a_workflow_failed_if_one_of_its_jobs_did():
    writer, job, _ = failing("💥 Error Failed:\nx")
    writer.say("JOB All-Completed Handler:\nJobError: x", job, 0.5, 2, "error")
    assert writer.end_job(job).read().named("etl")["status"] is Status.error


def test_a_workflow_failed_if_it_says_so():
    writer = whole_run("0.0.86")
    run = writer.say("WORKFLOW 📢 Workflow Failed:\nrule", None, 0.5, 1, "error").read()
    assert run.named("etl")["status"] is Status.error
    assert fact(run, "status_reason") == "workflow failed: etl"


def test_a_run_with_an_open_job_is_open():
    writer, _, _ = failing()
    run = writer.read()
    assert fact(run, "status") is Status.open
    assert "status" not in run.named("etl")


def test_a_run_is_open_again_when_its_next_job_starts():
    writer = whole_run("0.0.86")
    writer.job("next", 0.5, hash_="55")
    run = writer.read()
    assert fact(run, "status") is Status.open
    assert run.named("etl")["status"] is Status.open
    assert run.named("etl")["end"] == NO_TIME


def test_a_workflow_that_has_not_started_a_job_is_open():
    assert fact(Writer().workflow().read(), "status") is Status.open


def test_a_workflow_without_jobs_is_over():
    writer = Writer().workflow().say("WORKFLOW 'etl' does not set jobs", level="warning")
    assert fact(writer.read(), "status") is Status.ok


def test_an_error_of_a_caller_is_an_event_and_no_failure():
    run = Writer().say("CALLER boom", level="error").read()
    assert fact(run, "status") is Status.ok
    assert run.events[0][2] is EventClass.error


def test_an_error_about_a_stage_that_never_started_fails_the_run():
    run = Writer().say("STAGE 📢 Stage Failed: boom", "other-id", level="exception").read()
    assert (len(run.told), fact(run, "status")) == (0, Status.error)


def test_a_stage_without_a_handler_line_is_no_span():
    assert len(Writer(run="buffered").say("STAGE message 1").read().told) == 0


# -- files -------------------------------------------------------------------------------------------------------------


def test_a_damaged_line_costs_itself():
    lines = whole_run("0.0.86").data.split(b"\n")
    lines[3] = lines[3][:50]
    runs, bad = fold(read(b"\n".join(lines), f"/t/run_id={TOP}/metadata.txt"))
    assert [(op.line, op.run) for op in bad] == [(4, TOP)]
    assert len(runs[TOP].told) == 3


def test_copies_beside_metadata_are_set_aside_and_noted(tmp_path):
    writer, job, _ = failing("📢 Stage Failed:\nx")
    writer.end_job(job)
    texts = {"stdout": text_of(writer, error=False), "stderr": text_of(writer, error=True)}
    ((id_, run),) = runs_of(folder(tmp_path, writer, metadata=writer.data, **texts)).items()
    assert (id_, run.record_count) == (TOP, len(writer.records))
    assert [(what, count) for (_, what, _), count in run.repairs.items() if what == "copies"] == [("copies", 1)] * 2


def test_without_metadata_the_texts_say_the_same_spans_and_failures(tmp_path):
    writer = attempts(well=False)
    complete = runs_of(folder(tmp_path / "a", writer, metadata=writer.data))[TOP]
    texts = {"stdout": text_of(writer, error=False), "stderr": text_of(writer, error=True)}
    rendered = runs_of(folder(tmp_path / "b", writer, **texts))[TOP]
    for name in (
        "span_count",
        "error_count",
        "open_count",
        "record_count",
        "start",
        "clock",
        "recorded_status",
        "name",
    ):
        assert getattr(rendered, name) == getattr(complete, name), name


def test_a_retry_undoes_failures_in_texts_too(tmp_path):
    writer = attempts(well=True)
    texts = {"stdout": text_of(writer, error=False), "stderr": text_of(writer, error=True)}
    run = runs_of(folder(tmp_path, writer, **texts))[TOP]
    assert (run.recorded_status, run.error_count) == (Status.ok, 1)


def test_texts_with_messages_of_several_lines_are_one_record_each():
    writer = Writer().workflow().say("STAGE Description:\nline one\n\nline four")
    runs, bad = fold(read(text_of(writer, error=False), "/x"))
    assert not bad
    assert sum(run.types.total() for run in runs.values()) == 2


def test_a_text_whose_last_record_is_cut_loses_that_one_only():
    data = text_of(whole_run("0.0.86"), error=False)
    operations = read(data[:-40], f"/t/run_id={TOP}/stdout.txt")
    _, (bad,) = fold(operations)
    assert bad.reason == "incomplete last record"
    assert sum(isinstance(op, Record) for op in operations) == len(whole_run("0.0.86").records) - 1


def test_text_with_escapes_and_markup_is_text():
    values = text_values("2026-01-01 00:00:00 (1, 2) (a -> b) 🔗 [STAGE]: [bold]\x1b[31m x   (f.py:1)")
    assert values["message"] == "🔗 [STAGE]: [bold]\x1b[31m x"


def traces(
    path, writer, columns=("run_id", "parent_run_id", "level", "message", "error_flag", "datetime", "process", "thread")
):
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE traces (id INTEGER PRIMARY KEY AUTOINCREMENT, {', '.join(columns)}, tags TEXT)")
    for record in writer.records:
        marks = ", ".join("?" * len(columns))
        connection.execute(
            f"INSERT INTO traces ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608
            [record[name] for name in columns],
        )
    connection.commit()
    connection.close()
    return path


def test_rows_say_what_lines_say(tmp_path):
    writer = attempts(well=False)
    lines = runs_of(folder(tmp_path / "a", writer, metadata=writer.data))[TOP]
    rows = runs_of(traces(tmp_path / "x.db", writer))[TOP]
    for name in ("span_count", "error_count", "record_count", "type_counts", "start", "recorded_status"):
        assert getattr(rows, name) == getattr(lines, name), name


def test_columns_are_read_by_name_in_any_order(tmp_path):
    writer = whole_run("0.0.86")
    names = ("thread", "datetime", "message", "error_flag", "level", "process", "parent_run_id", "run_id")
    assert runs_of(traces(tmp_path / "x.db", writer, names))[TOP].span_count == 3


def test_rows_are_grouped_by_parent_or_own_id(tmp_path):
    writer = Writer(run="top").say("STAGE a", "own").say("STAGE b", "own")
    writer.records[1]["parent_run_id"] = None
    runs = runs_of(traces(tmp_path / "x.db", writer))
    assert {id_: run.record_count for id_, run in runs.items()} == {"top": 1, "own": 1}


def test_the_raw_view_of_a_row_is_its_json(tmp_path):
    from tracetui.core.bodies import Bodies

    store = Store()
    with Reader([str(traces(tmp_path / "x.db", whole_run("0.0.86")))]) as reader:
        while not reader.progress.done:
            for batch in reader.poll():
                store.apply(batch)
        bodies_ = Bodies(store, reader.sources, [FORMAT])
        assert json.loads(bodies_.raw(0).data)["run_id"] == TOP
        row = next(row for row in range(len(store.spans)) if store.strings[store.spans.name[row]] == "copy")
        assert bodies_.span_detail(row).attributes["stage kind"] == "Empty"


def test_lines_are_richer_than_rows_whatever_is_read_first(tmp_path):
    writer = whole_run("0.0.86")
    fewer = Writer().workflow()
    path = folder(tmp_path, writer, metadata=writer.data)
    traces(tmp_path / "x.db", fewer)
    run = runs_of(tmp_path)[TOP]
    assert run.record_count == len(writer.records)
    assert ("copies", f"{tmp_path.name}/x.db (rows)") in {(what, detail) for _, what, detail in run.repairs}
    store = Store()
    clock = [0.0]
    (path / "metadata.txt").rename(tmp_path / "hidden.db-later")
    shutil.move(tmp_path / "hidden.db-later", tmp_path.parent / f"{tmp_path.name}-later")
    with Reader([str(tmp_path)], follow=True, monotonic=lambda: clock[0]) as reader:
        for step in range(8):
            clock[0] += 6.0
            for batch in reader.poll(10):
                store.apply(batch)
            if step == 3:
                shutil.move(tmp_path.parent / f"{tmp_path.name}-later", path / "metadata.txt")
    (late,) = store.live_runs()
    assert late.record_count == len(writer.records)


def test_a_folder_and_its_copy_are_one_run(tmp_path):
    writer = whole_run("0.0.86")
    folder(tmp_path / "a", writer, metadata=writer.data)
    folder(tmp_path / "backup", writer, metadata=writer.data)
    ((id_, run),) = runs_of(tmp_path).items()
    assert (id_, run.record_count, run.span_count) == (TOP, len(writer.records), 3)
    assert [count for (_, what, _), count in run.repairs.items() if what == "repeated"] == [len(writer.records)]


def test_records_that_a_file_repeats_itself_count_each_time(tmp_path):
    writer = Writer().workflow().say("STAGE again").say("STAGE again")
    assert runs_of(folder(tmp_path, writer, metadata=writer.data))[TOP].record_count == 3


def test_two_databases_that_tell_different_records_of_a_run_are_added_up(tmp_path):
    traces(tmp_path / "a.db", Writer(run="r").say("STAGE one"))
    traces(tmp_path / "b.db", Writer(run="r").say("STAGE two"))
    run = runs_of(tmp_path)["r"]
    assert run.record_count == 2
    assert run.order_by_time
    assert [count for (_, what, _), count in run.repairs.items() if what == "several"] == [1]


def test_a_file_that_is_truncated_takes_back_what_it_said_and_its_copy_speaks_up(tmp_path):
    writer = whole_run("0.0.86")
    first = folder(tmp_path / "a", writer, metadata=writer.data) / "metadata.txt"
    folder(tmp_path / "backup", writer, metadata=writer.data)
    store, clock = Store(), [0.0]
    with Reader([str(tmp_path)], follow=True, monotonic=lambda: clock[0]) as reader:
        for step in range(8):
            clock[0] += 6.0
            for batch in reader.poll(10):
                store.apply(batch)
            if step == 3:
                first.write_bytes(b"")
    (run,) = store.live_runs()
    assert (run.record_count, run.span_count) == (len(writer.records), 3)


def test_texts_are_set_aside_as_soon_as_metadata_appears(tmp_path):
    writer = whole_run("0.0.86")
    path = folder(tmp_path, writer, stdout=text_of(writer, error=False))
    store, clock = Store(), [0.0]
    with Reader([str(tmp_path)], follow=True, monotonic=lambda: clock[0]) as reader:
        for step in range(8):
            clock[0] += 6.0
            for batch in reader.poll(10):
                store.apply(batch)
            if step == 3:
                assert {store.strings[number] for run in store.live_runs() for number in run.type_counts} == {"stdout"}
                (path / "metadata.txt").write_bytes(writer.data)
    (run,) = store.live_runs()
    assert {store.strings[number]: count for number, count in run.type_counts.items()} == {"info": 5, "debug": 2}
    assert run.span_count == 3


def test_a_run_that_grows_ends_as_it_is_read_at_once(tmp_path):
    writer = attempts(well=False)
    at_once = runs_of(folder(tmp_path / "a", writer, metadata=writer.data))[TOP]
    path = folder(tmp_path / "b", writer, metadata=b"") / "metadata.txt"
    store, clock = Store(), [0.0]
    with Reader([str(path.parent)], follow=True, monotonic=lambda: clock[0]) as reader:
        for line in [*writer.data.splitlines(keepends=True), b"", b"", b""]:
            with path.open("ab") as file:
                file.write(line)
            clock[0] += 2.0
            for batch in reader.poll(10):
                store.apply(batch)
    (run,) = store.live_runs()
    for name in ("span_count", "error_count", "open_count", "type_counts", "start", "recorded_status", "last_time"):
        assert getattr(run, name) == getattr(at_once, name), name


# -- posted bodies -----------------------------------------------------------------------------------------------------

GENERIC = {
    "timestamp": "2026-11-20 21:29:43",
    "level": "error",
    "message": "🔗 [STAGE]: 📢 Stage Failed: boom",
    "run_id": "r",
    "parent_run_id": None,
    "mode": "stderr",
    "filename": "f.py",
    "lineno": 1,
    "process": 7,
    "thread": 1,
    "tags": ["t"],
}
DATADOG = {
    "message": GENERIC["message"],
    "level": "error",
    "timestamp": GENERIC["timestamp"],
    "tags": ["run_id:r", None, "mode:stderr"],
    "dd": {},
    "workflow": {"run_id": "r", "parent_run_id": None},
    "trace": {},
}
STREAM = {"run_id": "r", "parent_run_id": None, "level": "error", "mode": "stderr", "service": "ddeutil-workflow"}
GRAFANA = {"streams": [{"stream": STREAM, "values": [["20261120212943", GENERIC["message"]]]}]}
CLOUDWATCH = {
    "logGroupName": "/ddeutil/workflow/r",
    "logStreamName": "workflow-r",
    "logEvents": [{"timestamp": 20261120212943, "message": json.dumps(GENERIC)}],
}


@pytest.mark.parametrize(
    "body", [[GENERIC], [DATADOG], GRAFANA, CLOUDWATCH], ids=["generic", "datadog", "grafana", "cloudwatch"]
)
def test_a_posted_body_is_a_run_where_nothing_richer_is(body):
    run = only_run(read(json.dumps(body).encode()))
    assert run.types == {"error": 1}
    assert fact(run, "status") is Status.error
    assert fact(run, "start") is not None


def test_a_body_that_was_sent_three_times_counts_once():
    capture = {"requests": [{"method": "POST", "body": json.dumps([GENERIC]), "path": "ddeutil-workflow"}] * 3}
    assert only_run(read(json.dumps(capture).encode())).types == {"error": 1}


def test_a_bulk_request_says_its_documents_and_not_its_actions():
    action = {"index": {"_index": "workflow-traces", "_id": "r_1"}}
    document = {key: GENERIC[key] for key in GENERIC if key != "timestamp"} | {
        "cut_id": "r",
        "datetime": "2026-11-20T21:29:43",
    }
    data = "\n".join(json.dumps(line) for line in (action, document, action, document | {"message": "x"})) + "\n"
    runs, bad = fold(read(data.encode()))
    assert not bad
    assert runs["r"].types == {"error": 2}


def test_bodies_are_set_aside_where_rows_hold_their_run(tmp_path):
    traces(tmp_path / "x.db", Writer(run="r").say("STAGE one"))
    (tmp_path / "body.json").write_text(json.dumps([GENERIC]))
    run = runs_of(tmp_path)["r"]
    assert run.record_count == 1
    assert any(what == "copies" and "(posted bodies)" in detail for _, what, detail in run.repairs)


# -- details -----------------------------------------------------------------------------------------------------------

TRACEBACK = """📢 Stage Failed:
 ... |  \t🚨 Traceback (most recent call last):
 ... |  \t  File "stages.py", line 1, in execute
 ... |  \t    raise StageError(message)
 ... |  \tddeutil.workflow.errors.StageError: quota [bold]reached[/bold]
 ... |  \tsecond line
 ... ╰─ \t"""


def detail_of(writer, own):
    data = writer.data
    records = [body for body in bodies(read(data, writer.path), data) if json.loads(body.raw)["run_id"] == own]
    return FORMAT.span_detail(records)


def test_a_failed_stage_has_its_exception_message_and_traceback_without_the_marks_of_lines():
    writer, _, stage = failing(TRACEBACK)
    error = detail_of(writer, stage).error
    assert error.type == "ddeutil.workflow.errors.StageError"
    assert error.message == "quota [bold]reached[/bold]\nsecond line"
    assert error.traceback.startswith("Traceback (most recent call last):\n  File")


def test_the_error_of_a_job_is_its_text():
    writer, job, _ = failing("x")
    writer.say("JOB All-Completed Handler:\n ... ╰─ \tJobError: Strategy was broken.", job, 0.5, 2, "error")
    error = detail_of(writer, job).error
    assert (error.type, error.message) == ("JobError", "Strategy was broken.")


def test_a_span_has_the_producers_own_id_and_its_records_fields():
    writer, _, stage = failing()
    detail = detail_of(writer, stage)
    assert (detail.id, detail.attributes["stage id"], detail.attributes["thread"]) == (stage, "cp", 3)


def test_a_skipped_stage_says_why():
    writer, _, stage = failing("⏭️ Skip: Skip because condition was valid.")
    assert detail_of(writer, stage).attributes["skipped because"] == "Skip because condition was valid."


def test_an_event_is_its_message_on_one_line_with_all_fields():
    writer = Writer().say("STAGE Description:\n ... |  \tline one\n ... ╰─ \tline two")
    data = writer.data
    (record,) = bodies(read(data), data)
    detail = FORMAT.event_detail(record)
    assert detail.text == "Description: line one line two"
    assert detail.attributes["process"] == 7


def test_events_of_texts_and_of_bodies_are_read_too():
    for data in (text_of(Writer().say("STAGE hello"), error=False), json.dumps([GENERIC]).encode()):
        operations = read(data)
        assert any(isinstance(op, Event) for op in operations)
        (record,) = bodies(operations, data)
        assert FORMAT.event_detail(record).text in ("hello", "📢 Stage Failed: boom")


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"[1]", b'{"message": 7}', b'{"message": {"a": []}}', b"\xff" * 40])
def test_a_body_that_is_none_has_no_detail(raw):
    from tracetui.core.formats._base import RecordBody

    FORMAT.span_detail([RecordBody("info", raw)])
    FORMAT.event_detail(RecordBody("info", raw))


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("⏭️ Skip: x", True),
        ("Skip: x", True),
        ("Skip because job condition was valid.", True),
        ("Handler:\n ... ╰─ \tStageSkipError: x", True),
        ("⏭️ Skip job: 'x' from trigger rule.", False),
        ("📢 Stage Failed: Skip: x", False),
    ],
)
def test_what_a_skip_is(message, expected):
    assert is_skip(message) is expected


def test_a_literal_that_is_none_stays_as_it_is():
    assert unquoted("'\\x'") == "\\x"


def test_the_sample_with_every_container_has_the_tree_of_its_workflow():
    data = (SAMPLES / "ddeutil-workflow/traces/run_id=20261120212935467780T7265431281/metadata.txt").read_bytes()
    run = only_run(read(data))
    tree = {
        "par": {run.parent_name(name) for name in ("N1", "N2", "S1", "W1")},
        "loop": {run.spans[span["parent"]]["name"] for span in run.told.values() if span["name"] == "inc"},
        "each": {run.spans[span["parent"]]["name"] for span in run.told.values() if span["name"] == "Visit"},
        "case": {run.parent_name("is b")},
    }
    assert tree == {"par": {"Parallel branches"}, "loop": {"Count up"}, "each": {"For each city"}, "case": {"Choose"}}


def test_the_names_of_folder_and_file_are_no_part_of_what_is_counted():
    data = whole_run("0.0.86").data
    assert read(data, "/elsewhere/x") == read(data, f"/t/run_id={TOP}/metadata.txt")


def test_nothing_is_written_where_recordings_are(tmp_path):
    writer = whole_run("0.0.86")
    folder(tmp_path, writer, metadata=writer.data)
    traces(tmp_path / "x.db", writer)
    before = {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]}
    runs_of(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]} == before


def test_a_decoder_that_is_fed_a_database_reads_it_in_memory(tmp_path):
    data = traces(tmp_path / "x.db", whole_run("0.0.86")).read_bytes()
    operations = pieces(decoder_for(data), data, [100, 5_000])
    assert len(only_run(operations).told) == 3


# -- the fast lane -----------------------------------------------------------------------------------------------------


def many(version="0.0.86", rounds=40):
    """A long run with everything in it."""
    writer = Writer(version).workflow()
    for number in range(rounds):
        at_ = number * 3.0
        job = writer.job(f"job {number}", at_ + 0.1, hash_=f"{1_000 + number}")
        stage = writer.stage("copié", at_ + 0.2, hash_="33", job=job, id_="cp")
        writer.say("STAGE Message: ( x )", stage, at_ + 0.3, 3)
        if number % 3 == 1:
            writer.say("STAGE ⏭️ Skip: no", stage, at_ + 0.35, 3, "error")
        if number % 5 == 2:
            writer.say("STAGE 📢 Stage Failed:\nValueError: x", stage, at_ + 0.4, 3, "error")
        writer.end_stage(stage, at_ + 0.5)
        if number % 5 == 2:
            writer.say("JOB All-Completed Handler:\n … nested-stage, 'cp', failed.", job, at_ + 0.6, 2, "error")
            writer.say("JOB Retry count: 1/2 ... ( JobError )", job, at_ + 0.6, 2, "warning")
            again = writer.stage("copié", at_ + 0.7, hash_="33", job=job, id_="cp", end=at_ + 0.8)
            if number % 10 == 2:
                writer.say("STAGE late words", again, at_ + 0.9, 3, "error")
        outer = writer.stage("each", at_ + 0.9, hash_="44", kind="For-Each", job=job)
        writer.say("NESTED Execute Item: 1", outer, at_ + 1.0, 4)
        writer.stage("visit", at_ + 1.1, 4, "55", end=at_ + 1.2)
        writer.end_stage(outer, at_ + 1.3)
        if number != rounds - 1:
            writer.end_job(job, at_ + 1.4)
    writer.say("CALLER bye", seconds=rounds * 3.0)
    return writer


@pytest.mark.parametrize("version", ["0.0.86", "0.0.85"])
def test_long_files_end_in_the_same_store_by_the_fast_lane(version):
    assert_the_lanes_agree(("/t/metadata.txt", many(version).data))


def test_long_files_of_old_versions_are_told_one_by_one_and_end_in_the_same_store():
    writer, job = old_run()
    for number in range(200):
        writer.stage("copy", 0.2 + number, hash_=f"{number}", job=job)
    files = ("/t/metadata.txt", writer.data)
    assert stored([files], FAST)[0] == stored([files], SLOW)[0]


def other(**more):
    return json.dumps(Writer(run="other").say("STAGE x").records[0] | more).encode() + b"\n"


@pytest.mark.parametrize(
    "odd",
    [
        b'{"torn\n',
        b"[]\n",
        b"\r\n",
        other(),
        other(run_id=""),
        other(level=None),
        other(thread="x"),
        other(lineno=2**70),
    ],
)
def test_what_is_unusual_in_a_block_goes_the_long_way(odd):
    files = ("/t/metadata.txt", many().data + odd)
    assert stored([files], FAST)[0] == stored([files], SLOW)[0]


def test_what_went_wrong_is_told_after_what_was_done_whichever_file_is_found_first(tmp_path):
    (sample,) = (SAMPLES / "ddeutil-workflow" / "text_only").iterdir()
    told = tmp_path / "traces" / sample.name
    shutil.copytree(sample, told)
    os.utime(told / "stderr.txt", (2e9, 2e9))
    os.utime(told / "stdout.txt", (1e9, 1e9))
    for number in range(40):  # what lies between them in time is looked into before the older one is
        other = tmp_path / "traces" / f"{number}.jsonl"
        other.write_text(json.dumps({"time": number}) + "\n")
        os.utime(other, (1.5e9, 1.5e9))
    (run,) = [run for run in store_of(tmp_path).live_runs() if run.format == "ddeutil-workflow"]
    assert run.error_count == 3
