"""Programs that do to a tracer what programs do: no deadlock, no record twice, right parents, round after round."""

import os
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.core.recording.hosts import COMMAND, WAYS

Rounds = Callable[[int, int], int]
Figure = Callable[[str, object], None]
Stream = list[dict[str, Any]]

SETTINGS = ("direct", "buffered", "fsync", "one file", "two sinks", "database")
IN_ONE_PROCESS = ("alarms", "collections", "threads", "tasks", "generators", "nested", "forks", "forked_processes")
INTERRUPTED = ("interrupts", "early_interrupts")
PATIENCE_S = 60
"""What a round may take at most, on a machine with much else to do; one that takes longer hangs."""


@dataclass
class Told:
    """What a program wrote, and what it says of it."""

    records: int
    lost: int
    faults: int
    first_fault: str
    streams: dict[tuple[str, int], Stream] = field(default_factory=dict)
    """Run and process -> its records, as they stand in files."""
    rows: dict[tuple[str, int], Stream] = field(default_factory=dict)
    """The same in a database, if there is one."""

    def of(self, type: str) -> Stream:
        """Records of a type."""
        return [record for records in self.streams.values() for record in records if record["type"] == type]

    @property
    def headers(self) -> Stream:
        """The first record of each stream."""
        return [records[0] for records in self.streams.values()]


def told_by(program: str, setting: str, folder: Path, rounds: int) -> Told:
    """Let a program run to its end; one that hangs is ended, and says where it was."""
    started = subprocess.Popen(
        [*COMMAND, program, setting, str(folder), str(rounds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = started.communicate(timeout=PATIENCE_S + 2 * rounds)
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGABRT)
        out, err = started.communicate()
        raise AssertionError(f"{program} hangs: {err}") from None
    assert (started.returncode, err) == (0, "")
    records, lost, faults, first = out.split(" ", 3)
    told = Told(int(records), int(lost), int(faults), first.strip())
    read(folder, told)
    return told


def read(folder: Path, told: Told) -> None:
    """Read what stands in the files and the database: every line of them."""
    for path in folder.glob("*.jsonl"):
        for line in path.read_bytes().splitlines():
            if line:  # a writer that finds half a line begins with a line end
                record = orjson.loads(line)
                run, pid = (record["run"], record["pid"]) if "run" in record else path.name.split(".")[:2]
                told.streams.setdefault((run, int(pid)), []).append(record)
    if (folder / "runs.db").exists():
        with closing(sqlite3.connect(folder / "runs.db")) as database:
            for run, pid, line in database.execute("SELECT run, pid, record FROM records ORDER BY id"):
                told.rows.setdefault((run, pid), []).append(orjson.loads(line))


def numbers(records: Stream, *, holes: bool = False) -> list[int]:
    """The numbers of records: each once, the header first."""
    found = [record["seq"] for record in records]
    assert "tracetui" in records[0], "no header at the beginning"
    assert len(set(found)) == len(found), "a number twice"
    assert holes or sorted(found) == list(range(len(found))), "a number is missing"
    return sorted(found)


def check_numbers(told: Told) -> None:
    """Nothing is missing, nothing is there twice, and a database has what the files have."""
    known = {key: numbers(records) for key, records in told.streams.items()}
    if told.rows:
        assert {key: numbers(records) for key, records in told.rows.items()} == known


def check_parents(told: Told) -> None:
    """The span ``a.b`` is in the span ``a``."""
    names = {record["span"]: record["name"] for record in told.of("span_start")}
    for record in told.of("span_start"):
        name = record["name"]
        place, _, _ = name.rpartition(".")
        if place:
            assert names[record["parent"]] == place
        elif name in ("root", "main", "fresh", "apart"):
            assert "parent" not in record


def check_ends(told: Told) -> None:
    """Each span began once and ended once."""
    started = Counter(record["span"] for record in told.of("span_start"))
    ended = Counter(record["span"] for record in told.of("span_end"))
    assert set(started.values()) == {1}
    assert ended == started


def check(told: Told) -> None:
    """No fault, nothing lost, nothing twice, every parent the right one."""
    assert told.first_fault == ""
    assert (told.lost, told.faults) == (0, 0)
    check_numbers(told)
    check_parents(told)


class Tally:
    """Counts what programs did, over some settings; ``pytest -rP`` shows it."""

    def __init__(self, settings: int, rounds: int) -> None:
        self._settings, self._rounds = settings, rounds
        self._processes = self._records = 0

    def add(self, told: Told) -> None:
        """Count what one program told."""
        self._processes += len({pid for _, pid in told.streams})
        self._records += sum(len(records) for records in told.streams.values())

    def tell(self, program: str) -> None:
        """Say it."""
        print(  # noqa: T201
            f"{program}: {self._settings * self._rounds} rounds over {self._settings} settings, {self._processes} "
            f"processes, {self._records} records, none missing, none twice, every parent right"
        )


def settings_for(program: str, wanted: int) -> list[str]:
    """So many settings, others for the next program."""
    first = sum(program.encode()) % len(SETTINGS)
    return [SETTINGS[(first + step) % len(SETTINGS)] for step in range(wanted)]


@pytest.mark.parametrize("program", IN_ONE_PROCESS)
def test_a_program_is_recorded_whole_whatever_it_does(program: str, tmp_path: Path, rounds: Rounds) -> None:
    settings, each = rounds(2, 6), rounds(2, 167)
    tally = Tally(settings, each)
    for setting in settings_for(program, settings):
        told = told_by(program, setting, tmp_path / setting, each)
        check(told)
        check_ends(told)
        tally.add(told)
    tally.tell(program)


@pytest.mark.parametrize("program", INTERRUPTED)
def test_interrupts_leave_a_recording_that_goes_on(program: str, tmp_path: Path, rounds: Rounds) -> None:
    settings, each = rounds(3, 6), rounds(2, 167)
    tally = Tally(settings, each)
    for setting in settings_for(program, settings):
        told = told_by(program, setting, tmp_path / setting, each)
        assert (told.lost, told.faults) == (0, 0), told.first_fault
        for records in (*told.streams.values(), *told.rows.values()):
            numbers(records, holes=True)
            assert [record["type"] for record in records].count("run_end") == 1
        for type_ in ("span_start", "span_end"):
            assert set(Counter(record["span"] for record in told.of(type_)).values()) == {1}
        tally.add(told)
    tally.tell(program)


@pytest.mark.parametrize("program", ["subprocesses", "spawned_processes"])
def test_a_process_that_is_started_inside_of_a_span_records_a_run_that_is_linked(
    program: str, tmp_path: Path, rounds: Rounds
) -> None:
    settings, each = rounds(1, 2), rounds(1, 250)
    tally = Tally(settings, each)
    for setting in settings_for(program, settings):
        told = told_by(program, setting, tmp_path / setting, each)
        check(told)
        check_ends(told)
        tally.add(told)
        hosts = {header["run"] for header in told.headers if header["name"] == "host"}
        links = Counter(
            (header["parent_run"], header.get("parent_span")) for header in told.headers if header["name"] == "child"
        )
        if program == "subprocesses":
            assert set(links) == {(run, span) for run, span in starts(told)}
            assert set(links.values()) == {1}
        else:  # they are not started by ``subprocess``, which tells of the span too
            assert links == {(run, None): 2 for run in hosts}
        assert not any("parent_run" in header for header in told.headers if header["name"] == "host")
    tally.tell(program)


def starts(told: Told) -> set[tuple[str, str]]:
    """Run and span of all spans in which processes are started."""
    return {
        (run, record["span"])
        for (run, _), records in told.streams.items()
        for record in records
        if record["type"] == "span_start" and record["name"] == "starts"
    }


def test_children_that_are_forked_inside_of_a_run_are_further_processes_of_it(tmp_path: Path) -> None:
    told = told_by("forked_processes", "direct", tmp_path, 1)
    (host,) = (header for header in told.headers if not header.get("child"))
    children = [header for header in told.headers if header.get("child")]
    assert [header["run"] for header in children] == [host["run"]] * 2
    assert len({header["pid"] for header in told.headers}) == 3


ENDED = {
    "return": "ok",
    "sys.exit": "ok",
    "sys.exit with a status": "error",
    "exception": "error",
    "interrupt": "error",
}
CUT_OFF = ("os._exit", "signal", "kill")
LEFT_OPEN = ("left open", "thread", "hook")


def test_a_process_that_ends_in_the_middle_of_a_span_leaves_what_it_recorded(tmp_path: Path, rounds: Rounds) -> None:
    settings, each = rounds(2, 6), rounds(1, 14)
    assert {*ENDED, *CUT_OFF, *LEFT_OPEN, "daemons"} == set(WAYS)
    for setting in settings_for("exits", settings):
        told = told_by("exits", setting, tmp_path / setting, each)
        assert told.first_fault == ""
        found = Counter(header["name"] for header in told.headers)
        silent = CUT_OFF if setting == "buffered" else ()
        assert found == {way: each for way in WAYS if way not in silent}
        for key, records in told.streams.items():
            check_exit(records, records[0]["name"])
            if told.rows and records[0]["name"] != "daemons":
                assert numbers(told.rows[key]) == numbers(records)
    print(f"exits: {each * settings} rounds over {settings} settings, {each * settings * len(WAYS)} processes")  # noqa: T201


def check_exit(records: Stream, way: str) -> None:
    """What one process wrote that ended in some way."""
    numbers(records, holes=way == "daemons")
    ends = [record["status"] for record in records if record["type"] == "run_end"]
    spans = Counter(record["span"] for record in records if record["type"] in ("span_start", "span_end"))
    still_open = [span for span, count in spans.items() if count == 1]
    if way in ENDED:
        assert (ends, still_open) == ([ENDED[way]], [])
    elif way in CUT_OFF:
        assert (len(records), ends, len(still_open)) == (27, [], 1)
    elif way in LEFT_OPEN:
        assert (ends, len(still_open)) == (["ok"], 1)
        assert records[-1]["type"] == "run_end"
    else:
        assert ends == ["ok"]
