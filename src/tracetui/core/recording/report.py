"""A run while it is recorded or after: read back from a sink by the reader itself, so that figures are those of ``stats``."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from tracetui.core.loading import Loaded
    from tracetui.core.recording.recorder import Recorder
    from tracetui.core.recording.records import RunInfo
    from tracetui.core.store import Run
    from tracetui.core.summary import Summaries


@dataclass(slots=True)
class ModelCost:
    """What the calls of one model, or of one name, took."""

    calls: int = 0
    input_tokens: int | None = None
    """Tokens; None: no call said."""
    output_tokens: int | None = None
    cost_usd: float | None = None
    """US dollars, as recorded; None: no call said."""
    without_cost: int = 0
    """Calls that said nothing of their cost."""


@dataclass(slots=True)
class CostSummary:
    """Tokens and cost of a run."""

    models: dict[str, ModelCost] = field(default_factory=dict)
    """By model; ``""``: calls that named none."""
    names: dict[str, ModelCost] = field(default_factory=dict)
    """By name of the span, all calls of that name together."""
    total: ModelCost = field(default_factory=ModelCost)


class Report:
    """A run as far as it is recorded.

    Args:
        lines: its records, without line ends.
        info: the run; None: there is none, and everything is empty.
    """

    def __init__(self, lines: Iterable[bytes], info: RunInfo | None, folder: Path | None = None) -> None:
        self._lines = list(lines)
        self._info = info
        self._folder = folder

    @classmethod
    def of(cls, recorder: Recorder | None) -> Report:
        """The latest run of a recorder, from the first of its sinks that can be read back."""
        recording = recorder.last if recorder is not None else None
        if recorder is None or recording is None:
            return cls([], None)
        for sink in recorder.sinks:
            lines = getattr(sink, "lines", None)
            if lines is not None:
                try:
                    return cls(lines(recording.info), recording.info, _folder(sink, recording.info))
                except Exception:
                    recorder.fault()
        return cls([], recording.info)

    def events(
        self, types: Iterable[str] | None, span: str | None, *, limit: int | None = None, offset: int = 0
    ) -> list[dict[str, object]]:
        """Records by name of the event or type of the record, and by span; oldest first."""
        wanted = set(types) if types is not None else None
        found: list[dict[str, object]] = []
        for record in self._records():
            if wanted is not None and not wanted & {record.get("type"), record.get("name")}:
                continue
            if span is not None and record.get("span") != span:
                continue
            found.append(record)
        return found[offset:] if limit is None else found[offset : offset + limit]

    def latest(self, name: str) -> dict[str, object] | None:
        """The last record of that name."""
        for line in reversed(self._lines):
            record: dict[str, object] = orjson.loads(line)
            if record.get("name") == name:
                return record
        return None

    def cost_summary(self) -> CostSummary:
        """Tokens and cost by model: each span counts once, by the last that was said of it."""
        spans: dict[object, dict[str, object]] = {}
        for record in self._records():
            if record.get("type") in ("span_start", "span_update", "span_end"):
                spans.setdefault(record.get("span"), {}).update(record)
        found = CostSummary()
        for record in spans.values():
            if record.get("kind") == "llm" or "usage" in record or "cost_usd" in record:
                for costs, key in ((found.models, record.get("model")), (found.names, record.get("name"))):
                    _add(costs.setdefault(key if isinstance(key, str) else "", ModelCost()), record)
                _add(found.total, record)
        return found

    def summary(self) -> dict[str, object]:
        """What ``tracetui stats --json`` says of the run; empty: there is none."""
        with self._loaded() as found:
            if found is None:
                return {}
            _, run, summaries = found
            facts: dict[str, object] = summaries.full(run)
        facts["paths"] = [str(path) for path in self._paths()]
        return facts

    def save(self, path: str | os.PathLike[str] | None) -> Path | None:
        """Write all records into one file, atomically; without a path where the recording is, if it is in files."""
        if self._info is None or not self._lines:
            return None
        paths = self._paths()
        if path is None and paths:
            return paths[0]
        target = Path(path) if path is not None else Path("traces") / f"{self._info.id}.jsonl"
        return _write(target, b"\n".join(self._lines) + b"\n")

    def save_markdown(self, path: str | os.PathLike[str] | None) -> Path | None:
        """Write the report for people, atomically."""
        if self._info is None:
            return None
        from tracetui.core.exporting.job import Job
        from tracetui.core.exporting.markdown import write

        target = Path(path) if path is not None else (self._folder or Path("traces")) / f"{self._info.id}.md"
        with self._loaded() as found:
            if found is None:
                return None
            loaded, run, summaries = found
            text: list[str] = []
            # What was recorded went through the tracer's own gate.
            write(Job(loaded.store, run, loaded.bodies_of(run), summaries, redact=False), text.append)
        return _write(target, "".join(text).encode())

    def _records(self) -> Iterator[dict[str, object]]:
        for line in self._lines:
            try:
                record = orjson.loads(line)
            except ValueError:  # half a line of a writer that was killed before
                continue
            if isinstance(record, dict):
                yield record

    def _paths(self) -> list[Path]:
        """Files that hold this run."""
        if self._folder is None or self._info is None:
            return []
        return sorted(self._folder.glob(f"{self._info.id}.*.jsonl"))

    @contextmanager
    def _loaded(self) -> Iterator[tuple[Loaded, Run, Summaries] | None]:
        """The run as the reader sees it, in a private folder while it is looked at."""
        from tempfile import TemporaryDirectory

        from tracetui.core.loading import load
        from tracetui.core.run_status import StatusRules
        from tracetui.core.summary import Summaries

        if self._info is None or not self._lines:
            yield None
            return
        with TemporaryDirectory(prefix="tracetui-") as folder:
            (Path(folder) / "run.jsonl").write_bytes(b"\n".join(self._lines) + b"\n")
            loaded = load([folder])
            run = next((run for run in loaded.runs if run.id == self._info.id), None)
            if run is None:
                yield None
                return
            summaries = Summaries(loaded.store, loaded.reader.sources, loaded.bodies, time.time_ns(), StatusRules())
            try:
                yield loaded, run, summaries
            finally:
                loaded.reader.close()


def _folder(sink: object, info: RunInfo) -> Path | None:
    """The folder of the files in which a sink keeps a run, if it keeps each in files of its own."""
    place = getattr(sink, "path", None)
    return Path(place(info)).parent if callable(place) and not info.shared else None


def _add(cost: ModelCost, record: dict[str, object]) -> None:
    cost.calls += 1
    usage = record.get("usage")
    if isinstance(usage, dict):
        cost.input_tokens = _sum(cost.input_tokens, usage.get("input"))
        cost.output_tokens = _sum(cost.output_tokens, usage.get("output"))
    known = record.get("cost_usd")
    if isinstance(known, int | float):
        cost.cost_usd = (cost.cost_usd or 0.0) + known
    else:
        cost.without_cost += 1


def _sum(before: int | None, more: object) -> int | None:
    return (before or 0) + more if isinstance(more, int) else before


def _write(path: Path, data: bytes) -> Path | None:
    """Write a file in one step, mode 0600: it is there whole, or as it was before."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    except OSError:
        return None
    return path
