"""The reading half: the same runs and facts as the commands, and a clean that deletes nothing but what it may."""

import contextlib
import gzip
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.core.recording.by_hand import EPOCH, RUN, SAMPLES, Hand, a_run
from tracetui.core.errors import Ambiguous, NotFound, TracetuiError
from tracetui.core.processes import Process
from tracetui.core.recording import _deleting, cleaning
from tracetui.core.recording.cleaning import CleanResult
from tracetui.core.recording.library import RunSummary, clean, find_run, list_runs
from tracetui.core.recording.records import Record
from tracetui.core.recording.sinks.sqlite import SqliteSink
from tracetui.core.run_status import StatusRules

OTHER = "f" * 32
DAY = 86_400 * 1_000_000_000
NOW = EPOCH + 30 * DAY
GONE = StatusRules(is_running=lambda process: False)
ALIVE = StatusRules(is_running=lambda process: True)


def put(path: Path, records: Iterable[Record], *, at: int = EPOCH + DAY) -> Path:
    """A recording as it lies in a file that was last changed at ``at``, ns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(record.line + b"\n" for record in records))
    os.utime(path, ns=(at, at))
    return path


def run_file(folder: Path, run: str = RUN, pid: int = 4711, *, at: int = EPOCH + DAY, name: str = "nightly") -> Path:
    """A whole run that ended, in a file named as the sink names it."""
    return put(folder / f"{run}.{pid}.jsonl", a_run(Hand(run, name, pid)), at=at)


def cleaned(
    folder: Path | list[Path] | None,
    *,
    older_than: Any = "7d",
    dry_run: bool = False,
    formats: Any = ("tracetui",),
    rules: StatusRules = GONE,
    now: int = NOW,
) -> CleanResult:
    return clean(folder, older_than, dry_run, formats, now_ns=now, rules=rules)


def reasons(result: CleanResult) -> list[str]:
    return [kept.reason for kept in result.kept]


# -- listing and finding -----------------------------------------------------------------------------------------------


def test_the_runs_are_those_that_the_command_lists_with_the_same_facts() -> None:
    command = [sys.executable, "-m", "tracetui", "list", str(SAMPLES), "--json", "--as-of", "2026-11-21T00:00:00Z"]
    printed = subprocess.run(command, check=True, capture_output=True)
    now = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * 1_000_000_000
    assert [run.facts for run in list_runs(SAMPLES, now_ns=now)] == json.loads(printed.stdout)["runs"]


def test_a_run_is_told_in_plain_values(tmp_path: Path) -> None:
    path = run_file(tmp_path)
    (run,) = list_runs([tmp_path], now_ns=NOW)
    assert run == RunSummary(
        id=RUN,
        name="nightly",
        format="tracetui",
        paths=(path,),
        status="error",
        status_reason="1 failed span",
        start=datetime(2026, 1, 1, tzinfo=UTC),
        end=datetime(2026, 1, 1, 0, 0, 5, tzinfo=UTC),
        duration_ms=5_000.0,
        spans=2,
        open_spans=0,
        events=7,
        errors=1,
        causes=("scan",),
        retries=0,
        tokens={"input": 5, "output": 2, "total": 7, "cached": None, "cache_write": None, "reasoning": None},
        models=(),
        cost_usd=0.5,
        facts=run.facts,
    )


def test_runs_come_newest_first_and_can_be_chosen_by_name_status_and_number(tmp_path: Path) -> None:
    run_file(tmp_path)
    later = Hand(OTHER, "hourly")
    put(tmp_path / "b.jsonl", [later.header(60), later.start(61, 1, "one"), later.end(62, 1, "one"), later.run_end(63)])
    assert [run.name for run in list_runs(tmp_path)] == ["hourly", "nightly"]
    assert [run.name for run in list_runs(tmp_path, limit=1)] == ["hourly"]
    assert [run.name for run in list_runs(tmp_path, name="nightly")] == ["nightly"]
    assert [run.name for run in list_runs(tmp_path, status="ok")] == ["hourly"]
    assert list_runs(tmp_path, limit=0) == []


def test_runs_of_other_formats_are_listed_too() -> None:
    assert {run.format for run in list_runs(SAMPLES.parent)} > {"tracetui", "ragflow"}


def test_without_a_path_the_folder_traces_is_listed_and_a_missing_one_holds_no_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert list_runs() == []
    run_file(tmp_path / "traces")
    assert [run.name for run in list_runs()] == ["nightly"]
    assert find_run("latest").name == "nightly"


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """Two runs of one name, the later one fine, and an older one of another name whose id begins like theirs."""
    put(tmp_path / "a.jsonl", a_run(Hand("aa" * 16, "nightly")))
    later = Hand("ab" * 16, "nightly")
    put(tmp_path / "b.jsonl", [later.header(60), later.run_end(63)])
    put(tmp_path / "c.jsonl", [(first := Hand("ba" * 16, "aa")).header(-60), first.run_end(-50)])
    return tmp_path


@pytest.mark.parametrize(
    ("word", "id"),
    [
        ("latest", "ab" * 16),
        ("failed", "aa" * 16),
        ("aa" * 16, "aa" * 16),
        ("ba", "ba" * 16),
        ("nightly", "ab" * 16),
        ("aa", "aa" * 16),
    ],
    ids=["latest", "failed", "exact id", "unique prefix", "name: its newest", "a prefix goes before a name"],
)
def test_a_word_means_a_run_by_the_same_rules_as_on_the_command_line(three: Path, word: str, id: str) -> None:
    assert find_run(word, three).id == id


def test_an_existing_path_goes_before_everything_else(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(three)
    (three / "c.jsonl").rename(three / "latest")
    assert find_run("latest", three).name == "aa"
    assert find_run(three / "a.jsonl").id == "aa" * 16


def test_what_fits_several_runs_is_ambiguous_with_the_candidates(three: Path) -> None:
    with pytest.raises(Ambiguous) as caught:
        find_run("a", three)
    assert len(caught.value.candidates) == 2


def test_what_fits_no_run_is_not_found(three: Path) -> None:
    with pytest.raises(NotFound, match="nobody"):
        find_run("nobody", three)


def test_where_there_is_no_run_at_all_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(TracetuiError, match="no runs in"):
        find_run("latest", tmp_path)


# -- cleaning: what goes -----------------------------------------------------------------------------------------------


def test_an_old_run_that_ended_is_deleted(tmp_path: Path) -> None:
    path = run_file(tmp_path)
    size = path.stat().st_size
    result = cleaned(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert (result.bytes, result.paths, result.dry_run, result.kept) == (size, (path,), False, ())
    (run,) = result.runs
    assert (run.id, run.name, run.format, run.last_ns) == (RUN, "nightly", "tracetui", EPOCH + DAY)


def test_nothing_is_deleted_unless_it_is_asked_for(tmp_path: Path) -> None:
    path = run_file(tmp_path)
    result = clean(tmp_path, "7d", now_ns=NOW, rules=GONE)
    assert path.exists()
    assert (result.dry_run, result.paths) == (True, (path,))


def test_a_run_that_was_killed_and_is_old_is_deleted(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", a_run()[:3])
    assert len(cleaned(tmp_path).runs) == 1


def test_all_files_of_a_run_are_deleted_together(tmp_path: Path) -> None:
    run_file(tmp_path)
    put(tmp_path / "deeper" / f"{RUN}.4712.jsonl", a_run(Hand(pid=4712, child=True)))
    result = cleaned(tmp_path)
    assert len(result.paths) == 2
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_of_several_old_runs_is_deleted_and_its_bytes_are_counted_once(tmp_path: Path) -> None:
    path = shared_file(tmp_path / "a.jsonl", a_run(), a_run(Hand(OTHER)))
    size = path.stat().st_size
    result = cleaned(tmp_path)
    assert (len(result.runs), result.bytes, path.exists()) == (2, size, False)


def shared_file(path: Path, *runs: list[Record]) -> Path:
    """Several recordings one after another: each header begins another run."""
    return put(path, [record for run in runs for record in run])


def test_a_compressed_recording_is_deleted_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(record.line + b"\n" for record in a_run())))
    os.utime(path, ns=(EPOCH, EPOCH))
    assert cleaned(tmp_path).paths == (path,)


def test_the_oldest_go_first_in_the_answer(tmp_path: Path) -> None:
    run_file(tmp_path, at=EPOCH + 2 * DAY)
    run_file(tmp_path, OTHER, at=EPOCH + DAY)
    assert [run.id for run in cleaned(tmp_path).runs] == [OTHER, RUN]


@pytest.mark.parametrize("age", ["20d", "480h", timedelta(days=20), "2w 6d"])
def test_an_age_is_a_length_of_time_or_its_text(tmp_path: Path, age: str | timedelta) -> None:
    run_file(tmp_path, at=NOW - 20 * DAY)
    run_file(tmp_path, OTHER, at=NOW - 20 * DAY + 1_000_000)
    assert [run.id for run in cleaned(tmp_path, older_than=age, dry_run=True).runs] == [RUN]


@pytest.mark.parametrize("age", ["", "old", "-1d", timedelta(days=-1), "7 days"])
def test_what_is_no_age_is_refused(tmp_path: Path, age: str | timedelta) -> None:
    with pytest.raises(TracetuiError, match="is no age"):
        cleaned(tmp_path, older_than=age)


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file or folder"):
        cleaned(tmp_path / "nowhere")


def test_without_a_path_the_usual_folder_is_cleaned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inside, outside = run_file(tmp_path / "traces"), run_file(tmp_path, OTHER)
    assert cleaned(None).paths == (inside,)
    assert outside.exists()


def test_a_file_can_be_named_instead_of_a_folder(tmp_path: Path) -> None:
    one, two = run_file(tmp_path), run_file(tmp_path, OTHER)
    assert cleaned(one).paths == (one,)
    assert two.exists()


# -- cleaning: what stays ----------------------------------------------------------------------------------------------


def sample_of(folder: Path, name: str) -> Path:
    """A sample of another format, old."""
    target = folder / name.replace("/", "-")
    shutil.copyfile(SAMPLES.parent / name, target)
    os.utime(target, ns=(EPOCH, EPOCH))
    return target


def foreign(folder: Path) -> Path:
    name = next(iter(sorted((SAMPLES.parent / "ai-decision-tracer").glob("*.jsonl"))))
    return sample_of(folder, str(name.relative_to(SAMPLES.parent)))


LATE = int(datetime(2030, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000_000


def test_a_run_of_another_format_stays_by_itself(tmp_path: Path) -> None:
    path = foreign(tmp_path)
    result = cleaned(tmp_path, now=LATE)
    assert path.exists()
    assert reasons(result) == ["its format, ai-decision-tracer, was not asked for"]


def test_a_run_of_another_format_goes_if_its_format_is_named_and_where(tmp_path: Path) -> None:
    path = foreign(tmp_path)
    native = run_file(tmp_path)
    assert cleaned(tmp_path, now=LATE, formats=["ai-decision-tracer"]).paths == (path,)
    assert (path.exists(), native.exists()) == (False, True)


def test_another_format_needs_a_folder_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = foreign(tmp_path)
    with pytest.raises(TracetuiError, match="name the folder"):
        cleaned(None, now=LATE, formats=["ai-decision-tracer"])
    assert path.exists()


def test_a_format_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TracetuiError, match="no format is called 'native'"):
        cleaned(tmp_path, formats=["native"])


def test_reports_and_copies_beside_a_run_go_and_stay_with_it(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES.parent / "ddeutil-workflow", tmp_path / "a")
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    result = cleaned(tmp_path, now=LATE, formats=["ddeutil-workflow"], older_than="0s")
    gone = before - {path for path in tmp_path.rglob("*") if path.is_file()}
    assert gone == set(result.paths)
    assert any(path.name == "stdout.txt" for path in gone)
    for run in result.runs:
        for folder in {path.parent for path in run.paths if path.name == "metadata.txt"}:
            assert not list(folder.glob("std*.txt"))


def test_a_database_is_never_deleted(tmp_path: Path) -> None:
    sink = SqliteSink(tmp_path / "runs.db")
    for record in a_run():
        sink.emit(record)
    sink.close()
    os.utime(tmp_path / "runs.db", ns=(EPOCH, EPOCH))
    assert reasons(cleaned(tmp_path)) == ["it is in a database"]
    assert (tmp_path / "runs.db").exists()


def test_a_run_of_which_a_part_is_in_a_database_stays_whole(tmp_path: Path) -> None:
    path = run_file(tmp_path)
    sink = SqliteSink(tmp_path / "runs.db")
    sink.emit(Hand(pid=4712, child=True).header())
    sink.close()
    os.utime(tmp_path / "runs.db", ns=(EPOCH, EPOCH))
    assert reasons(cleaned(tmp_path)) == ["it is in a database"]
    assert path.exists()


def test_a_file_that_also_holds_a_run_that_stays_is_kept_with_both(tmp_path: Path) -> None:
    young = Hand(OTHER)
    path = put(tmp_path / "a.jsonl", [*a_run(), young.header(29 * 86_400), young.run_end(29 * 86_400)])
    assert sorted(reasons(cleaned(tmp_path))) == ["'a.jsonl' also holds a run that stays", "it is not old enough"]
    assert path.exists()


def test_what_shares_a_file_with_what_shares_a_file_with_what_stays_is_kept_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = run_file(tmp_path), run_file(tmp_path, OTHER)
    c = run_file(tmp_path, "c" * 32, at=NOW)

    def join(self: cleaning.Plan) -> None:
        """As if the first run were in the second's file too, and that one in the third's."""
        plain(self)
        by_id = {candidate.run.id: candidate for candidate in self._candidates}
        by_id[RUN].files += by_id[OTHER].files
        by_id[OTHER].files += by_id["c" * 32].files

    plain = cleaning.Plan._give_files
    monkeypatch.setattr(cleaning.Plan, "_give_files", join)
    assert cleaned(tmp_path).runs == ()
    assert (a.exists(), b.exists(), c.exists()) == (True, True, True)


def going_on(folder: Path, at: int) -> Path:
    """A run without an end whose newest record and file are of ``at``."""
    hand, when = Hand(), (at - EPOCH) / 1e9
    return put(folder / "a.jsonl", [hand.header(when), hand.start(when, 1, "one")], at=at)


def test_a_running_run_is_never_deleted(tmp_path: Path) -> None:
    path = going_on(tmp_path, NOW)
    assert reasons(cleaned(tmp_path, rules=ALIVE, older_than="0s")) == ["it is running"]
    assert path.exists()


def test_a_stalled_run_is_never_deleted(tmp_path: Path) -> None:
    path = going_on(tmp_path, NOW - 20 * DAY)
    assert reasons(cleaned(tmp_path, rules=ALIVE)) == ["it is stalled"]
    assert path.exists()


def pid_4711_lives(process: Process) -> bool:
    return process[0] == 4711


def test_a_run_stays_while_any_of_its_processes_lives(tmp_path: Path) -> None:
    """Whichever of its files is read last, and although the run itself ended."""
    put(tmp_path / "a.jsonl", a_run()[:-1])
    put(tmp_path / "b.jsonl", [*a_run(Hand(pid=4712, child=True))])
    put(tmp_path / "c.jsonl", [*a_run(Hand(pid=4713))])
    result = cleaned(tmp_path, rules=StatusRules(is_running=pid_4711_lives))
    assert reasons(result) == ["its writer lives"]
    assert len(list(tmp_path.iterdir())) == 3


def test_a_run_that_ended_goes_although_its_process_does_further_runs(tmp_path: Path) -> None:
    run_file(tmp_path)
    assert len(cleaned(tmp_path, rules=ALIVE).runs) == 1


def test_a_file_that_a_living_process_shares_with_others_stays(tmp_path: Path) -> None:
    path = put(tmp_path / "all.jsonl", [*a_run(), *a_run(Hand(pid=4712))])
    assert set(reasons(cleaned(tmp_path, rules=ALIVE))) == {"its writer lives"}
    assert path.exists()


def test_a_young_run_stays(tmp_path: Path) -> None:
    path = run_file(tmp_path, at=NOW - 6 * DAY)
    assert reasons(cleaned(tmp_path)) == ["it is not old enough"]
    assert path.exists()


def test_age_counts_from_the_change_of_a_file_if_that_is_newer_than_the_run(tmp_path: Path) -> None:
    run_file(tmp_path, at=NOW - DAY)
    assert cleaned(tmp_path).runs == ()


def test_age_counts_from_the_last_instant_of_the_run_if_that_is_newer_than_its_files(tmp_path: Path) -> None:
    hand, day = Hand(), 29 * 86_400
    put(tmp_path / "a.jsonl", [hand.header(day), hand.run_end(day)], at=EPOCH)
    assert cleaned(tmp_path).runs == ()
    assert len(cleaned(tmp_path, older_than="12h").runs) == 1


def test_age_counts_from_the_newest_of_all_files_of_a_run(tmp_path: Path) -> None:
    run_file(tmp_path)
    put(tmp_path / "b.jsonl", a_run(Hand(pid=4712, child=True)), at=NOW - DAY)
    assert cleaned(tmp_path).runs == ()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_run_from_the_future_stays(tmp_path: Path) -> None:
    run_file(tmp_path, at=NOW + 400 * DAY)
    assert cleaned(tmp_path, older_than="0s").runs == ()


# -- cleaning: links ---------------------------------------------------------------------------------------------------


def test_a_link_to_a_file_is_not_deleted_and_neither_is_the_file(tmp_path: Path) -> None:
    target = run_file(tmp_path / "elsewhere")
    (tmp_path / "traces").mkdir()
    link = tmp_path / "traces" / "a.jsonl"
    link.symlink_to(target)
    assert reasons(cleaned(tmp_path / "traces")) == ["reached through a link"]
    assert (link.is_symlink(), target.exists()) == (True, True)


def test_what_lies_in_a_linked_folder_is_not_deleted(tmp_path: Path) -> None:
    target = run_file(tmp_path / "elsewhere")
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "more").symlink_to(target.parent)
    assert cleaned(tmp_path / "traces").runs == ()
    assert target.exists()


def test_a_folder_that_is_named_by_a_link_is_not_cleaned(tmp_path: Path) -> None:
    target = run_file(tmp_path / "elsewhere")
    (tmp_path / "traces").symlink_to(target.parent)
    assert reasons(cleaned(tmp_path / "traces")) == ["reached through a link"]
    assert target.exists()


def test_links_above_the_folder_that_is_named_do_not_matter(tmp_path: Path) -> None:
    run_file(tmp_path / "disk" / "traces")
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    assert len(cleaned(tmp_path / "home" / "traces").runs) == 1


def between(monkeypatch: pytest.MonkeyPatch, change: Callable[[], object]) -> None:
    """Let ``change`` happen between the look at everything and the deleting."""
    plain = _deleting.delete

    def later(target: _deleting.Target) -> None:
        change()
        plain(target)

    monkeypatch.setattr(cleaning, "delete", later)


def test_a_folder_that_becomes_a_link_before_it_is_cleaned_protects_what_the_link_leads_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_file(tmp_path / "traces" / "sub")
    precious = run_file(tmp_path / "precious")

    def swap() -> None:
        (tmp_path / "traces" / "sub").rename(tmp_path / "moved")
        (tmp_path / "traces" / "sub").symlink_to(tmp_path / "precious")

    between(monkeypatch, swap)
    assert reasons(cleaned(tmp_path / "traces")) == ["reached through a link"]
    assert precious.exists()
    assert len(list((tmp_path / "moved").iterdir())) == 1


def test_a_file_that_becomes_a_link_before_it_is_deleted_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = run_file(tmp_path)

    def swap() -> None:
        path.rename(tmp_path / "moved")
        path.symlink_to(tmp_path / "moved")

    between(monkeypatch, swap)
    assert reasons(cleaned(tmp_path)) == ["reached through a link"]
    assert path.is_symlink()


# -- cleaning: changes and refusals ------------------------------------------------------------------------------------


def test_a_file_that_changed_since_it_was_looked_at_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = run_file(tmp_path)
    between(monkeypatch, lambda: path.write_bytes(path.read_bytes() + b"\n"))
    assert reasons(cleaned(tmp_path)) == ["changed since it was looked at"]
    assert path.exists()


def test_a_file_that_was_replaced_by_one_of_the_same_size_and_time_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = run_file(tmp_path)

    def replace() -> None:
        shutil.copy2(path, tmp_path / "new")
        (tmp_path / "new").replace(path)

    between(monkeypatch, replace)
    assert reasons(cleaned(tmp_path)) == ["changed since it was looked at"]
    assert path.exists()


def test_a_file_that_grows_while_it_is_read_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = run_file(tmp_path)
    plain = cleaning.Plan._give_files

    def grow(self: cleaning.Plan) -> None:
        with path.open("ab") as file:
            file.write(b"\n")
        os.utime(path, ns=(EPOCH, EPOCH))
        plain(self)

    monkeypatch.setattr(cleaning.Plan, "_give_files", grow)
    assert reasons(cleaned(tmp_path)) == ["changed since it was looked at"]


def test_of_a_run_with_a_file_that_changed_no_file_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_file(tmp_path)
    second_file = put(tmp_path / "z.jsonl", a_run(Hand(pid=4712, child=True)))
    plain = cleaning._delete

    def later(*arguments: Any) -> _deleting.Reason | None:
        second_file.write_bytes(second_file.read_bytes() + b"\n")
        return plain(*arguments)

    monkeypatch.setattr(cleaning, "_delete", later)
    assert reasons(cleaned(tmp_path)) == ["changed since it was looked at"]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_file_that_a_program_has_open_to_write_is_kept(tmp_path: Path) -> None:
    path = run_file(tmp_path)
    with path.open("ab"):
        result = cleaned(tmp_path)
    assert [(kept.why, kept.reason) for kept in result.kept] == [("writer", "a program has it open to write")]
    with path.open("rb"):  # reading does not keep it
        assert len(cleaned(tmp_path).runs) == 1
    assert not path.exists()


def test_an_age_without_a_unit_is_refused(tmp_path: Path) -> None:
    path = run_file(tmp_path)
    with pytest.raises(TracetuiError, match="write 7d for days"):
        cleaned(tmp_path, older_than="7")
    assert path.exists()


def test_every_reason_is_a_word_that_is_explained() -> None:
    code = Path(cleaning.__file__).read_text() + Path(_deleting.__file__).read_text()
    assert set(re.findall(r'(?:Reason|Refused)\("(\w+)"', code)) == set(cleaning.WHYS)


def test_a_file_that_the_system_keeps_is_told_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_file(tmp_path)

    def refuse(path: str, *, dir_fd: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(_deleting.os, "unlink", refuse)
    result = cleaned(tmp_path)
    assert (reasons(result), result.runs) == (["it cannot be deleted: Operation not permitted"], ())


def test_a_run_stays_while_a_file_of_its_name_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_file(tmp_path)
    closed = run_file(tmp_path, pid=4712)
    plain = os.open

    def deny(path: Any, *rest: Any, **more: Any) -> int:
        if os.fspath(path) == str(closed):
            raise PermissionError(13, "Permission denied", path)
        return plain(path, *rest, **more)

    monkeypatch.setattr(os, "open", deny)
    assert reasons(cleaned(tmp_path)) == [f"a file of it cannot be read: '{closed.name}'"]
    assert len(list(tmp_path.iterdir())) == 2


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    run_file(tmp_path / "a" / "b")
    (tmp_path / "a" / "link").symlink_to(tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    cleaned(tmp_path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_files_that_are_no_recordings_are_left_alone(tmp_path: Path) -> None:
    run_file(tmp_path)
    (tmp_path / "notes.txt").write_text("keep me")
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE t (x)")
    cleaned(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "other.db"]
