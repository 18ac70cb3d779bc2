"""Reading speed of every format: one long run of each, and many files of the size that its producer writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import orjson

from benchmarks import data, format_data
from benchmarks.measure import Result, cpu, in_turns
from tracetui.core.loading import load
from tracetui.core.store import Store

_BAR: Final = 6.0
_SIZE: Final = 10_000_000
_MANY: Final = 3_000_000
_SECONDS: Final = 4.0

_LONG: Final[tuple[tuple[str, Callable[[int], Path]], ...]] = (
    ("tracetui", data.mixed),
    ("claude-code", format_data.claude_code),
    ("design-research-agents", format_data.design_research_agents),
    ("otlp-json", format_data.otlp_json),
    ("hillstar, both files", format_data.hillstar),
    ("hillstar, logger alone", format_data.hillstar_logged),
    ("ddeutil-workflow, metadata.txt", format_data.ddeutil_metadata),
    ("ai-decision-tracer, lines", format_data.decision_lines),
    ("ai-decision-tracer, document", format_data.decision_session),
    ("ai-decision-tracer, both", format_data.decisions),
    ("ragflow, session", format_data.ragflow_session),
    ("ragflow, events", format_data.ragflow_events),
    ("ragflow, event stream", format_data.ragflow_stream),
    ("json-lines", format_data.json_lines),
)
_MANY_NAMES: Final = (
    "claude-code",
    "design-research-agents",
    "otlp-json",
    "hillstar",
    "ddeutil-workflow",
    "ai-decision-tracer",
    "ragflow",
    "json-lines",
)


def formats(quick: bool) -> Iterator[Result]:
    """Every format from disk into the store, against ``orjson.loads`` of the same bytes, or of the same records."""
    size, many = (100_000, 50_000) if quick else (_SIZE, _MANY)
    for name, make in _LONG:
        yield _measured(name, make(size), parse, _BAR, quick)
    records = b"".join(format_data.ddeutil_lines("metadata.txt", size)).splitlines()
    database = format_data.ddeutil_database(size)
    yield _measured("ddeutil-workflow, SQLite", database, lambda _: _parse_all(records), None, quick, "records")
    text = format_data.ddeutil_text(size)
    told = records[: _line_count(text)]
    yield _measured("ddeutil-workflow, text log", text, lambda _: _parse_all(told), None, quick, "records")
    for name in _MANY_NAMES:
        yield _measured(f"{name}, files as written", format_data.many_files(name, many), parse, None, quick)


def parse(path: Path) -> None:
    """The yardstick: everything below a path through orjson, in the pieces that are JSON, the results dropped."""
    loads = orjson.loads
    for file in _files(path):
        if file.name.endswith(".sse.txt"):
            for line in file.read_bytes().splitlines():
                if line.startswith(b"data:{"):
                    loads(line[5:])
        elif file.name == "metadata.txt" or ".jsonl" in file.suffixes[:1]:
            with file.open("rb") as opened:
                for line in opened:
                    loads(line)
        elif ".json" in file.suffixes[:1]:
            loads(file.read_bytes())


def _parse_all(lines: list[bytes]) -> None:
    loads = orjson.loads
    for line in lines:
        loads(line)


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _line_count(path: Path) -> int:
    return sum(file.read_bytes().count(b"\n") for file in _files(path))


def _measured(
    name: str, path: Path, yardstick: Callable[[Path], object], bar: float | None, quick: bool, of: str = "bytes"
) -> Result:
    files = _files(path)
    size = sum(file.stat().st_size for file in files)
    last: list[Store] = []

    def ours() -> None:
        last[:] = [load([str(path)]).store]

    turns = in_turns(cpu(lambda: yardstick(path)), cpu(ours), rounds=1 if quick else 7, seconds=_SECONDS)
    store = last[0]
    spans, records = sum(run.span_count for run in store.runs), sum(run.record_count for run in store.runs)
    each = f"{len(files):,} files of {size / len(files) / 1e3:.1f} KB, {turns.ours / len(files) * 1e6:,.0f} µs each; "
    return Result(
        name,
        f"{size / turns.ours / 1e6:.0f} MB/s, {turns.ours:.3f} s",
        f"orjson, same {of} {turns.yardstick:.3f} s",
        turns.ratio,
        bar,
        (each if len(files) > 2 else "")
        + f"{size / 1e6:.1f} MB, {records:,} records, {spans:,} spans, {len(store.bad):,} unread; {turns.rounds} turns",
    )
