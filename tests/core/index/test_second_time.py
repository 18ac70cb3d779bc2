"""Reading a second time gives what reading anew gives, whatever happened to the files in between."""

import gzip
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tracetui.core.index import saving
from tracetui.core.index.places import SUFFIX, cache_folder, sweep
from tracetui.core.index.quick import figures
from tracetui.core.loading import Loaded, load
from tracetui.core.reader import Reader
from tracetui.core.reading.still import StillReader
from tracetui.core.run_status import StatusRules
from tracetui.core.store import Store
from tracetui.core.summary import Facts, Summaries
from tracetui.core.testing import EPOCH
from tracetui.resources import samples_dir


@pytest.fixture(autouse=True)
def everything_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small folders are kept too, and files that were written just now count as settled."""
    monkeypatch.setattr("tracetui.core.index.saving.LEAST_FILES", 0)
    monkeypatch.setattr("tracetui.core.reading.memory.UNSETTLED_NS", 0)
    monkeypatch.setattr("tracetui.core.discovery.UNSETTLED_NS", -(1 << 62))


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    return Path(shutil.copytree(samples_dir(), tmp_path / "traces"))


def facts(loaded: Loaded) -> dict[str, Any]:
    """All that ``stats`` says, in an order that hangs on what the runs are and not on when they were read."""
    summaries = Summaries(loaded.store, loaded.reader.sources, lambda: loaded.bodies, EPOCH, StatusRules())
    runs: list[Facts] = [summaries.full(run) for run in loaded.runs]
    for run in runs:
        del run["status_reason"]  # which of several files has the last word on it hangs on their order
    return {
        "runs": sorted(runs, key=lambda run: (run["format"], run["id"], run["paths"])),
        "unreadable": sorted(summaries.unreadable(), key=str),
        "unrecognised": loaded.reader.unrecognised,
        "refused": loaded.reader.unreadable_paths,
        "aside": loaded.reader.set_aside,
    }


def anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    with monkeypatch.context() as patch:
        patch.setenv("TRACETUI_CACHE", "off")
        return facts(load([str(folder)]))


def test_nothing_is_read_where_nothing_changed(traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = facts(load([str(traces)]))
    again = load([str(traces)])
    assert isinstance(again.reader, StillReader)
    assert facts(again) == first == anew(traces, monkeypatch)


def test_bodies_are_fetched_from_where_they_were(traces: Path) -> None:
    first, again = load([str(traces)]), load([str(traces)])
    for row in range(0, len(first.store.spans), 7):
        assert again.bodies.span_detail(row) == first.bodies.span_detail(row)


def test_figures_are_there_without_a_store(traces: Path) -> None:
    loaded = load([str(traces)])
    found = figures([str(traces)])
    assert found is not None
    assert [run["span_count"] for run in found if "span_count" in run] == [
        run.span_count for run in loaded.store.runs if run.span_count
    ]


def test_figures_are_not_there_when_a_file_changed(traces: Path) -> None:
    load([str(traces)])
    next(traces.rglob("*.jsonl")).open("ab").close()
    assert figures([str(traces)]) is not None
    next(traces.rglob("*.jsonl")).write_bytes(b"{}\n")
    assert figures([str(traces)]) is None


def test_other_paths_are_read_by_themselves(traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load([str(traces)])
    one = next(path for path in sorted(traces.iterdir()) if path.is_dir())
    assert facts(load([str(one)])) == anew(one, monkeypatch)


def test_another_program_does_not_use_it(traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load([str(traces)])
    monkeypatch.setattr("tracetui.core.index.quick.reader", lambda: "another one")
    assert isinstance(load([str(traces)]).reader, Reader)


def test_what_was_damaged_is_read_anew(traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load([str(traces)])
    for path in indexes():
        path.write_bytes(path.read_bytes()[:-100])
    assert facts(load([str(traces)])) == anew(traces, monkeypatch)


def test_nothing_is_kept_where_the_user_wants_none(traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACETUI_CACHE", "off")
    load([str(traces)])
    monkeypatch.delenv("TRACETUI_CACHE")
    assert indexes() == []


def test_a_cache_folder_that_cannot_be_written_is_done_without(traces: Path, home: Path) -> None:
    home.mkdir()
    (home / ".cache").write_text("a file")
    assert load([str(traces)]).runs


def test_what_is_read_quickly_is_not_kept(traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "LEAST_FILES", 100_000)
    load([str(traces)])
    assert indexes() == []


def test_the_indexes_used_longest_ago_go_first(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}{SUFFIX}" for number in range(4)]
    for number, path in enumerate(paths):
        path.write_bytes(bytes(100))
        os.utime(path, (2e9 + number, 2e9 + number))
    sweep(str(tmp_path), str(paths[0]), most_bytes=250)
    assert [path.exists() for path in paths] == [True, False, False, True]


def test_after_much_was_taken_back_all_is_read_anew(traces: Path) -> None:
    load([str(traces)])
    for path in sorted(traces.rglob("*.jsonl")):
        path.write_bytes(path.read_bytes() + b"\n")
    load([str(traces)])
    assert indexes() == []


def test_a_file_that_was_just_written_is_read_again(traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracetui.core.reading.memory.UNSETTLED_NS", 1 << 62)
    load([str(traces)])
    again = load([str(traces)])
    assert isinstance(again.reader, Reader)
    assert facts(again) == anew(traces, monkeypatch)


def test_a_database_that_grew_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = next(iter(sorted(samples_dir().rglob("*.db"))), None) or next(
        iter(sorted(samples_dir().rglob("*.sqlite*")))
    )
    traces = tmp_path / "traces"
    traces.mkdir()
    path = Path(shutil.copy(database, traces))
    load([str(traces)])
    with sqlite3.connect(path) as connection:
        table = next(name for (name,) in connection.execute("select name from sqlite_master where type = 'table'"))
        connection.execute(f'delete from "{table}" where rowid = (select max(rowid) from "{table}")')  # noqa: S608
    connection.close()
    assert facts(load([str(traces)])) == anew(traces, monkeypatch)


CHANGES: list[Callable[[Path, random.Random], None]] = []


def change(function: Callable[[Path, random.Random], None]) -> Callable[[Path, random.Random], None]:
    CHANGES.append(function)
    return function


def some_file(folder: Path, dice: random.Random) -> Path:
    return dice.choice(sorted(path for path in folder.rglob("*") if path.is_file()))


@change
def append_a_line_again(folder: Path, dice: random.Random) -> None:
    path = some_file(folder, dice)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, dice.choice(lines or [b"{}\n"])]))


@change
def cut_the_end(folder: Path, dice: random.Random) -> None:
    path = some_file(folder, dice)
    data = path.read_bytes()
    path.write_bytes(data[: dice.randrange(len(data) + 1)])


@change
def delete_a_file(folder: Path, dice: random.Random) -> None:
    some_file(folder, dice).unlink()


@change
def rename_a_file(folder: Path, dice: random.Random) -> None:
    path = some_file(folder, dice)
    path.rename(path.with_name(f"x{dice.randrange(100)}{path.name}"))


@change
def move_a_folder(folder: Path, dice: random.Random) -> None:
    path = some_file(folder, dice).parent
    if path != folder:
        path.rename(path.with_name(f"{path.name}-{dice.randrange(100)}"))


@change
def copy_a_file(folder: Path, dice: random.Random) -> None:
    path = some_file(folder, dice)
    shutil.copy(path, some_file(folder, dice).with_name(f"copy{dice.randrange(100)}-{path.name}"))


@change
def compress_a_file(folder: Path, dice: random.Random) -> None:
    path = dice.choice(sorted(folder.rglob("*.jsonl")))
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))


@change
def write_the_same_again(folder: Path, dice: random.Random) -> None:
    path = some_file(folder, dice)
    path.write_bytes(path.read_bytes())


def schedules(rounds: Callable[[int, int], int]) -> Iterator[random.Random]:
    yield from (random.Random(seed) for seed in range(rounds(1, 60)))


def test_whatever_happened_in_between_it_is_as_if_read_anew(
    tmp_path: Path, rounds: Callable[[int, int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for dice in schedules(rounds):
        folder = tmp_path / "schedule"
        shutil.copytree(samples_dir(), folder)
        load([str(folder)])
        for _ in range(4):
            for _ in range(dice.randint(1, 3)):
                dice.choice(CHANGES)(folder, dice)
            assert facts(load([str(folder)])) == anew(folder, monkeypatch)
        shutil.rmtree(folder)


def test_a_follower_goes_on_from_an_index(traces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tracetui.core.index.opening import open_index

    load([str(traces)])
    index = open_index([str(traces)])
    assert index is not None
    reader, store = Reader([str(traces)], follow=True, memory=index.files), index.store()
    folded = settle(reader, store)
    assert folded == 0
    path = next(path for path in sorted(traces.rglob("*.jsonl")) if path.stat().st_size)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[-1]]))
    reader.changed(None)
    assert settle(reader, store) > 0
    assert facts(Loaded(store, reader))["runs"] == anew(traces, monkeypatch)["runs"]


def settle(reader: Reader, store: Store) -> int:
    """Read until nothing comes; how many batches were folded in."""
    count = 0
    for _ in range(1_000):
        batches = reader.poll(1.0)
        for batch in batches:
            store.apply(batch)
        count += len(batches)
        if reader.progress.done and not batches:
            break
    return count


def indexes() -> list[Path]:
    folder = cache_folder()
    return sorted(Path(folder or "").glob("*" + SUFFIX))
