"""That the benchmarks run and measure what they say, at sizes that mean nothing. No test looks at a time."""

import tempfile
from pathlib import Path

import orjson
import pytest

from benchmarks import __main__ as table
from benchmarks import data
from benchmarks.measure import Result, in_turns
from benchmarks.reading import SlowDecoder, decode, read
from tracetui.core.formats.native import NativeDecoder

WITHOUT_A_TERMINAL = ("skeleton", "slow-lane", "recording", "search")
LONGER = ("chip", "filter", "formats", "redaction")
IN_OTHER_PROCESSES = ("memory", "key-index", "usage", "list", "second-time", "analyze", "start")
IN_A_TERMINAL = ("first-frame", "key-while-reading", "tree", "latency", "idle", "stream", "bytes", "pauses")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Recordings are made anew, in a folder that goes away."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return data.folder()


def results(name: str) -> list[Result]:
    return list(table.benchmarks()[name](True))


@pytest.mark.parametrize("name", WITHOUT_A_TERMINAL)
def test_a_benchmark_runs_at_tiny_sizes(name: str) -> None:
    assert all(result.figure and result.value >= 0 for result in results(name))


@pytest.mark.long
@pytest.mark.parametrize("name", [*LONGER, *IN_OTHER_PROCESSES, *IN_A_TERMINAL])
def test_a_benchmark_of_whole_programs_runs_at_tiny_sizes(name: str) -> None:
    assert all(result.figure and result.value >= 0 for result in results(name))


def test_every_benchmark_is_tried_here() -> None:
    assert set(table.benchmarks()) == {*WITHOUT_A_TERMINAL, *LONGER, *IN_OTHER_PROCESSES, *IN_A_TERMINAL}


@pytest.mark.parametrize(("make", "mean"), [(data.mixed, 1_000), (data.small, 220)])
def test_records_have_the_mean_length_that_the_names_promise(make: object, mean: int) -> None:
    lines = make(1_000_000).read_bytes().splitlines()  # type: ignore[operator]
    assert sum(map(len, lines)) / len(lines) == pytest.approx(mean, rel=0.1)


def test_a_recording_is_the_same_each_time_it_is_made(folder: Path) -> None:
    path = data.mixed(50_000)
    before = path.read_bytes()
    path.unlink()
    assert data.mixed(50_000).read_bytes() == before


def test_a_finished_run_holds_the_spans_that_were_asked_for() -> None:
    run = read(data.spans(500)).runs[0]
    assert (run.span_count, run.open_count, run.record_count) == (500, 0, 1_002)


def test_made_recordings_are_read_alike_by_both_lanes() -> None:
    path = data.mixed(200_000)
    fast, slow = decode(path, NativeDecoder()).runs[0], decode(path, SlowDecoder()).runs[0]
    assert (fast.span_count, fast.kind_counts, fast.class_counts, fast.models, fast.usage.input, fast.error_count) == (
        slow.span_count,
        slow.kind_counts,
        slow.class_counts,
        slow.models,
        slow.usage.input,
        slow.error_count,
    )


def test_many_files_are_one_run_each() -> None:
    assert len(read(data.many(7, 2_000)).live_runs()) == 7


def test_measuring_in_turns_takes_the_median_of_the_ratios() -> None:
    yardstick, ours = iter([1.0, 1.0, 4.0]), iter([2.0, 3.0, 4.0])
    turns = in_turns(lambda: next(yardstick), lambda: next(ours), rounds=3)
    assert (turns.yardstick, turns.ours, turns.ratio, turns.rounds) == (1.0, 3.0, 2.0, 3)


def test_the_table_names_figure_yardstick_ratio_and_goal(capsys: pytest.CaptureFixture[str]) -> None:
    assert table.main(["--quick", "skeleton"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["measured", "figure", "yardstick", "ratio", "goal"]
    assert len(rows) == 2
    assert "orjson" in rows[0]
    assert "<= 2" in rows[0]


def test_a_benchmark_that_does_not_exist_is_refused_with_those_that_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        table.main(["nonsense"])
    assert "skeleton" in capsys.readouterr().err


def test_every_line_of_a_recording_is_json_with_its_number() -> None:
    lines = data.small(20_000).read_bytes().splitlines()
    assert [orjson.loads(line)["seq"] for line in lines] == list(range(len(lines)))
