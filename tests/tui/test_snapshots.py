"""What the screen looks like, frozen: states and widths, as pictures under `__snapshots__`.

After a change that is meant: `scripts/test tests/tui/test_snapshots.py --snapshot-update`, and look at what differs.
Times, zone, home folder and files are the same everywhere; no picture holds a path of the machine.
"""

import json
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.helpers import NOON, make_app, press, settled, write_live
from tests.tui.repaired import write_related
from tracetui.core.testing import SECOND
from tracetui.resources import samples_dir
from tracetui.tui.app import TracetuiApp
from tracetui.tui.run import ScreenOptions

SMALL, MEDIUM, WIDE = (80, 24), (120, 40), (200, 50)
NATIVE = ("tracetui/research_agent.jsonl", "tracetui/support_bot.jsonl", "tracetui/market_watch.jsonl")
MIXED = (
    *NATIVE,
    "ai-decision-tracer/killed_agent_20261120_211548.jsonl",
    "ai-decision-tracer/odd_outcomes/odd_outcomes_20261120_211541.jsonl",
    "ai-decision-tracer/trading_agent/trading_agent_20261120_211536.jsonl",
    "design-research-agents/run_20261120T212927Z_direct-fail.jsonl",
    "design-research-agents/run_20261120T212928Z_wf-ok.jsonl",
    "design-research-agents/run_20261120T212929Z_every-event.jsonl",
    "design-research-agents/run_20261120T212930Z_killed-run.jsonl",
    "otlp-json/carrier_timeout.jsonl",
    "otlp-json/genai.jsonl",
    "otlp-json/killed_before_the_root.jsonl",
    "json-lines/crawler.jsonl",
)
"""Samples by name, so that a new one changes no picture."""

Looks = Callable[..., bool]
"""`looks(app, size, *keys)`: whether the screen looks as it did, after these keys."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder `traces` of the current folder: empty, and to be named relative."""
    monkeypatch.chdir(tmp_path)
    Path("traces").mkdir()
    return Path("traces")


@pytest.fixture
def looks(snap_compare: Callable[..., bool]) -> Looks:
    """Compare the screen with its picture."""

    def compare(app: TracetuiApp, size: tuple[int, int], *keys: str) -> bool:
        async def reach(pilot: Pilot[Any]) -> None:
            await settled(pilot)
            await press(pilot, *keys)

        before: Callable[[Pilot[Any]], Awaitable[None]] = reach
        return snap_compare(app, terminal_size=size, run_before=before)

    return compare


def copy(folder: Path, *names: str) -> Path:
    """Copy samples into a folder, all last written at the same time."""
    for name in names:
        path = folder / Path(name).name
        shutil.copyfile(samples_dir() / name, path)
        os.utime(path, ns=(NOON - 3_600 * SECOND, NOON - 3_600 * SECOND))
    return folder


def themed(name: str) -> ScreenOptions:
    return ScreenOptions(theme=name)


@pytest.mark.parametrize("size", [SMALL, MEDIUM, WIDE, (60, 20)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_failed_run(folder: Path, looks: Looks, size: tuple[int, int]) -> None:
    assert looks(make_app([copy(folder, *MIXED)]), size)


@pytest.mark.parametrize("size", [SMALL, MEDIUM, WIDE], ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_running_run(folder: Path, looks: Looks, size: tuple[int, int]) -> None:
    now = write_live(folder, 172) + 12 * SECOND
    assert looks(make_app([folder], now_ns=now, writers_run=True), size)


def test_a_stalled_run(folder: Path, looks: Looks) -> None:
    assert looks(make_app([folder], now_ns=write_live(folder, 172) + 600 * SECOND), MEDIUM)


def test_a_run_whose_writer_is_gone(folder: Path, looks: Looks) -> None:
    assert looks(make_app([folder], now_ns=write_live(folder, 172) + 2 * SECOND, writers_run=False), MEDIUM)


def test_an_empty_folder(folder: Path, looks: Looks) -> None:
    assert looks(make_app([folder]), SMALL)


def test_what_could_not_be_read(folder: Path, looks: Looks) -> None:
    copy(folder, *NATIVE)
    with (folder / "support_bot.jsonl").open("ab") as file:
        file.write(b'{ this is no record\n{"type": "span_end", "span": NaN}\n')
    (folder / "notes.txt").write_text("nothing that traces\n")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert looks(make_app([folder]), SMALL, "R")


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_repair_report(folder: Path, looks: Looks, size: tuple[int, int]) -> None:
    assert looks(make_app([write_related(folder)]), size, "R")


def test_a_repair_report_with_nothing_in_it(folder: Path, looks: Looks) -> None:
    write_related(folder)
    assert looks(make_app([folder / "worker.jsonl"]), SMALL, "R")


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_run_with_related_runs_and_repairs(folder: Path, looks: Looks, size: tuple[int, int]) -> None:
    assert looks(make_app([write_related(folder)]), size, "i")


def test_a_span_that_started_a_run(folder: Path, looks: Looks) -> None:
    assert looks(make_app([write_related(folder)]), MEDIUM, "g", "j", "tab")


def test_the_summary_of_a_run(folder: Path, looks: Looks) -> None:
    assert looks(make_app([copy(folder, "tracetui/research_agent.jsonl")]), MEDIUM, "a")


def test_the_summary_of_all_runs(folder: Path, looks: Looks) -> None:
    assert looks(make_app([copy(folder, *NATIVE)]), SMALL, "a", "u")


@pytest.mark.parametrize("size", [SMALL, MEDIUM], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_help(folder: Path, looks: Looks, size: tuple[int, int]) -> None:
    assert looks(make_app([copy(folder, *NATIVE)]), size, "question_mark")


def test_the_runs_as_a_drawer(folder: Path, looks: Looks) -> None:
    assert looks(make_app([copy(folder, *MIXED)]), SMALL, "u")


def test_the_attributes(folder: Path, looks: Looks) -> None:
    app = make_app([copy(folder, "otlp-json/genai.jsonl")])
    assert looks(app, MEDIUM, "j", "tab", "]", "]", "z")


def test_the_messages(folder: Path, looks: Looks) -> None:
    app = make_app([copy(folder, "tracetui/support_bot.jsonl")])
    assert looks(app, MEDIUM, "j", "j", "tab", "]")


def test_the_raw_records(folder: Path, looks: Looks) -> None:
    assert looks(make_app([copy(folder, *NATIVE)]), MEDIUM, "[")


def test_two_chips(folder: Path, looks: Looks) -> None:
    assert looks(make_app([copy(folder, *NATIVE)]), MEDIUM, "2", "3")


def test_a_search(folder: Path, looks: Looks) -> None:
    assert looks(make_app([copy(folder, *NATIVE)]), MEDIUM, "slash", *"fetch")


def test_a_filter_that_is_typed(folder: Path, looks: Looks) -> None:
    assert looks(make_app([copy(folder, *NATIVE)]), SMALL, "f", *"kind:to")


def test_spans_by_name(folder: Path, looks: Looks) -> None:
    assert looks(make_app([copy(folder, *NATIVE)]), MEDIUM, "v", "v")


def test_the_timeline(folder: Path, looks: Looks) -> None:
    assert looks(make_app([copy(folder, *NATIVE)]), MEDIUM, "v", "v", "v")


def test_two_runs_compared(folder: Path, looks: Looks) -> None:
    keys = ("u", "home", "space", "down", "space", "d")
    assert looks(make_app([copy(folder, *NATIVE)]), MEDIUM, *keys)


def test_the_themes(folder: Path, looks: Looks) -> None:
    assert looks(make_app([copy(folder, *NATIVE)]), SMALL, "T")


def test_a_value_in_the_viewer(folder: Path, looks: Looks) -> None:
    assert looks(make_app([copy(folder, *NATIVE)]), SMALL, "tab", "down", "down", "down", "down", "down", "V")


def test_ascii_without_colour(folder: Path, looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app([copy(folder, *NATIVE)], plain=True, options=themed("terminal"))
    assert looks(app, SMALL)


@pytest.mark.parametrize("theme", ["light", "contrast", "safe", "terminal"])
def test_a_theme(folder: Path, looks: Looks, theme: str) -> None:
    assert looks(make_app([copy(folder, *NATIVE)], options=themed(theme)), SMALL)


def test_one_huge_value(folder: Path, looks: Looks) -> None:
    records = [
        {"tracetui": 1, "type": "header", "seq": 0, "run": "a1", "name": "copier", "time": NOON - 60 * SECOND},
        {
            "type": "span_start",
            "time": NOON - 60 * SECOND,
            "span": "b2",
            "name": "read",
            "kind": "tool",
            "input": "x" * 2**20,
        },
        {"type": "span_end", "time": NOON - 50 * SECOND, "span": "b2", "name": "read", "kind": "tool", "status": "ok"},
        {"type": "run_end", "time": NOON - 50 * SECOND, "status": "ok"},
    ]
    (folder / "copier.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    assert looks(make_app([folder]), SMALL)


def test_ten_thousand_runs(folder: Path, looks: Looks) -> None:
    def span(number: int) -> dict[str, object]:
        start = NOON - (number + 10) * 60 * SECOND
        return {
            "traceId": f"{number + 1:032x}",
            "spanId": f"{number + 1:016x}",
            "name": f"batch {number}",
            "startTimeUnixNano": str(start),
            "endTimeUnixNano": str(start + (number % 97) * SECOND // 10),
            "status": {"code": 2, "message": "no answer"} if number % 12 == 5 else {},
        }

    (folder / "batches.jsonl").write_text(
        "".join(
            json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span(at) for at in range(first, first + 100)]}]}]})
            + "\n"
            for first in range(0, 10_000, 100)
        )
    )
    os.utime(folder / "batches.jsonl", ns=(NOON, NOON))
    assert looks(make_app([folder]), MEDIUM)


def test_a_terminal_that_is_too_small(folder: Path, looks: Looks) -> None:
    assert looks(make_app([copy(folder, *NATIVE)]), (38, 9))
