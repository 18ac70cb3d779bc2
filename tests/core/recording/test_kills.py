"""Recorders that are killed: what was acknowledged is there, and whoever writes next is not disturbed."""

import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from tests.core.recording.workers import COMMAND
from tracetui import JsonlSink, Tracer
from tracetui.core.loading import load
from tracetui.core.recording.sinks.jsonl import BUFFER_BYTES

Rounds = Callable[[int, int], int]
Figure = Callable[[str, object], None]
Records = list[dict[str, object] | None]
RECORD = 3_000
"""Bytes of a record, about."""


@dataclass
class Victim:
    """One recorder that was killed; it acknowledged so many events, 0 first."""

    run: str
    pid: int
    acknowledged: int


def killed(kind: str, path: Path, rounds: int, *, at_once: int = 1, seed: int = 0) -> list[Victim]:
    """Recorders that worked on ``path`` until they were killed."""
    told = subprocess.run(
        [*COMMAND, "kills", kind, str(path), str(rounds), str(at_once), str(seed)],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    lines = [line.split() for line in told.stdout.splitlines()]
    assert len(lines) == rounds * at_once
    return [Victim(run, int(pid), int(count)) for run, pid, count in lines]


def parsed(data: bytes) -> Iterator[dict[str, object] | None]:
    """What each line says; None: nothing that can be read."""
    for line in data.split(b"\n"):
        if line:
            try:
                yield orjson.loads(line)
            except ValueError:
                yield None


def ticks(records: Records) -> dict[object, list[object]]:
    """Run -> numbers of its ticks, in the order of the file."""
    found: dict[object, list[object]] = {}
    for record in records:
        if record is not None:
            mine = found.setdefault(record["run"], [])
            attributes = record.get("attributes")
            if record.get("name") == "tick" and isinstance(attributes, dict):
                mine.append(attributes["n"])
    return found


def seen_by_the_reader(path: Path) -> Counter[str]:
    """Run -> ticks that the reader counts."""
    loaded = load([str(path)])
    strings = loaded.store.strings
    seen = Counter(
        {
            run.id: sum(count for name, count in run.type_counts.items() if strings[name] == "tick")
            for run in loaded.runs
        }
    )
    loaded.reader.close()
    return seen


def test_what_was_acknowledged_before_a_kill_is_there_once_and_the_next_run_appends_cleanly(
    tmp_path: Path, rounds: Rounds, record_property: Figure
) -> None:
    acknowledged = torn = lost = kills = 0
    for number in range(rounds(2, 50)):
        path = tmp_path / "private" / f"{number}.jsonl"
        victims = killed("jsonl", path, 20, seed=number)
        records = list(parsed(path.read_bytes()))
        assert records[0] is not None
        assert "tracetui" in records[0]
        found = ticks(records)
        for victim in victims:
            numbers = found[victim.run]
            assert numbers == list(range(len(numbers))), "numbers are missing, or there twice"
            lost += max(0, victim.acknowledged - len(numbers))
            acknowledged += victim.acknowledged
        kills += len(victims)
        assert seen_by_the_reader(path) == {run: len(numbers) for run, numbers in found.items()}
        torn += records.count(None)
        path.unlink()
    tell(record_property, kills=kills, acknowledged=acknowledged, lost=lost, torn_last_lines=torn)
    assert lost == 0


def test_a_kill_costs_the_others_that_write_into_the_same_file_nothing(
    tmp_path: Path, rounds: Rounds, record_property: Figure
) -> None:
    acknowledged = lost = torn = kills = 0
    for number in range(rounds(2, 50)):
        path = tmp_path / f"{number}.jsonl"
        victims = killed("jsonl", path, 5, at_once=4, seed=number)
        seen = seen_by_the_reader(path)
        lost += sum(max(0, victim.acknowledged - seen[victim.run]) for victim in victims)
        acknowledged += sum(victim.acknowledged for victim in victims)
        kills += len(victims)
        torn += list(parsed(path.read_bytes())).count(None)
        path.unlink()
    tell(record_property, kills=kills, acknowledged=acknowledged, lost=lost, torn_lines=torn)
    assert lost == 0


@pytest.mark.parametrize("ended", [False, True], ids=["glued", "apart"])
@pytest.mark.parametrize("cut", [1, 40, 700, 2_900])
def test_a_whole_line_behind_half_a_one_is_read(cut: int, ended: bool, tmp_path: Path) -> None:
    path = tmp_path / "shared.jsonl"
    one, other = (Tracer(name, sinks=[JsonlSink(path=path)]) for name in ("one", "other"))
    with one.run(), other.run():
        one.event("tick", "x" * 3_000)
        torn = path.read_bytes().splitlines(keepends=True)[-1]
        path.write_bytes(path.read_bytes()[: cut - len(torn)] + b"\n" * ended)
        other.event("tick", '{"type":"event","seq":7}', nested={"type": "event", "seq": 7})
    runs = {run.name: run for run in load([str(path)]).runs}
    assert (runs["other"].record_count, dict(runs["other"].repairs)) == (3, {})
    assert sum(run.record_count for run in runs.values()) == 5
    assert sum(run.bad_count for run in runs.values()) == 1


def test_what_a_kill_costs_in_buffered_mode_is_what_was_held_back(tmp_path: Path, rounds: Rounds) -> None:
    path = tmp_path / "buffered.jsonl"
    victims = killed("buffered", path, rounds(20, 200))
    found = ticks(list(parsed(path.read_bytes())))
    for victim in victims:
        numbers = found.get(victim.run, [])
        assert numbers == list(range(len(numbers)))
        assert (victim.acknowledged - len(numbers)) * RECORD <= BUFFER_BYTES + RECORD


def test_what_was_acknowledged_before_a_kill_is_in_the_database(
    tmp_path: Path, rounds: Rounds, record_property: Figure
) -> None:
    acknowledged = lost = kills = 0
    for number in range(rounds(1, 50)):
        path = tmp_path / f"{number}.db"
        victims = killed("sqlite", path, 20, seed=number)
        found = ticks([{"run": run, **record} for run, _, record in rows(path)])
        for victim in victims:
            numbers = found.get(victim.run, [])
            assert numbers == list(range(len(numbers)))
            lost += max(0, victim.acknowledged - len(numbers))
        acknowledged += sum(victim.acknowledged for victim in victims)
        kills += len(victims)
        remove(path)
    tell(record_property, kills=kills, acknowledged=acknowledged, lost=lost)
    assert lost == 0


@pytest.mark.parametrize("kind", ["jsonl", "sqlite"])
def test_processes_that_share_a_sink_lose_nothing_and_tear_nothing(
    kind: str, tmp_path: Path, rounds: Rounds, record_property: Figure
) -> None:
    path, each = tmp_path / "private" / "shared", rounds(500, 10_000)
    told = together("many", kind, path, each, processes=8)
    assert {(records, lost, faults) for _, records, lost, faults in told} == {(each, 0, 0)}
    if kind == "sqlite":
        found = [(run, pid, record["seq"]) for run, pid, record in rows(path)]
        torn = 0
    else:
        records = list(parsed(path.read_bytes()))
        torn = records.count(None)
        found = [(record["run"], record["pid"], record["seq"]) for record in records if record is not None]
    lost = each * len(told) - len(set(found))
    tell(
        record_property,
        processes=len(told),
        records=len(found),
        lost=lost,
        torn=torn,
        twice=len(found) - len(set(found)),
    )
    assert (lost, torn, len(found)) == (0, 0, each * len(told))
    assert {run for run, _, _ in found} == {run for run, _, _, _ in told}
    loaded = load([str(path)])
    assert [run.record_count for run in loaded.runs] == [each] * len(told)
    loaded.reader.close()


def together(program: str, kind: str, path: Path, records: int, *, processes: int) -> list[tuple[str, int, int, int]]:
    """Let processes do the same at the same time; what each says: run, records, lost, faults."""
    started = [
        subprocess.Popen(
            [*COMMAND, program, kind, str(path), str(records)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(processes)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = []
    for process in started:
        run, *figures = process.communicate(timeout=500)[0].split()
        assert process.returncode == 0
        told.append((run, *map(int, figures)))
    return told  # type: ignore[return-value]


def rows(path: Path) -> Iterator[tuple[str, int, dict[str, object]]]:
    """Run, process and record of each row of a database that is as it should be."""
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        for run, pid, line in database.execute("SELECT run, pid, record FROM records ORDER BY id"):
            yield run, pid, orjson.loads(line)


def remove(path: Path) -> None:
    """Remove a database with what lies beside it."""
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


def tell(record_property: Figure, **figures: int) -> None:
    """Say what was counted; ``pytest -rP`` shows it."""
    for name, figure in figures.items():
        record_property(name, figure)
    print(", ".join(f"{name} {figure}" for name, figure in figures.items()))  # noqa: T201
