"""Runs to export, and what comes of them."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tracetui.core.exporting import EXPORTERS, exporter
from tracetui.core.exporting.job import Job
from tracetui.core.loading import Loaded, load
from tracetui.core.run_status import StatusRules
from tracetui.core.store import Run
from tracetui.core.summary import Summaries
from tracetui.resources import samples_dir

NAMES = [each.name for each in EXPORTERS]
BEGUN = 1_767_225_600_000_000_000
IN_PLAIN = 1
"""Runs of each format that plain tests look at."""
NOW = 1_830_000_000_000_000_000
"""After all that the samples recorded: nobody is taken to be writing."""


def summaries(loaded: Loaded) -> Summaries:
    return Summaries(loaded.store, loaded.reader.sources, loaded.bodies, NOW, StatusRules())


def job(loaded: Loaded, run: Run, facts: Summaries, *, redact: bool = False) -> Job:
    return Job(loaded.store, run, loaded.bodies_of(run), facts, redact=redact, as_of="2027-12-28T00:00:00.000Z")


def jobs(path: Path, *, redact: bool = False) -> Iterator[Job]:
    loaded = load([str(path)])
    facts = summaries(loaded)
    for run in loaded.runs:
        yield job(loaded, run, facts, redact=redact)


@cache
def samples() -> tuple[Job, ...]:
    """One job for each run of the samples, which tests may walk over as often as they like."""
    return tuple(jobs(samples_dir()))


def each_sample(*, where: Callable[[Job], bool] = lambda job: True) -> list[Any]:
    """The runs of the samples as parameters: a few of each format in plain, the others in long tests."""
    seen: dict[str, int] = {}
    found = []
    for each in sorted(samples(), key=lambda one: -one.run.record_count):
        if where(each):
            seen[each.run.format] = seen.get(each.run.format, 0) + 1
            marks = [pytest.mark.long] if seen[each.run.format] > IN_PLAIN else []
            found.append(pytest.param(each, id=f"{each.run.format} {each.run.name}", marks=marks))
    return found


def written(job: Job, name: str) -> str:
    pieces: list[str] = []
    exporter(name).write(job, pieces.append)
    return "".join(pieces)


def read_back(job: Job, name: str, folder: Path) -> Job:
    """The export of a run as it is read again; it must hold one run."""
    path = folder / f"run{exporter(name).suffix}"
    path.write_text(written(job, name), encoding="utf-8")
    (found,) = jobs(path)
    return found


def recorded(folder: Path, *spans: dict[str, Any], redact: bool = False, status: str = "ok", **header: Any) -> Job:
    """A job for a run with these spans, each told by its end, below a root."""
    root = "f" * 16
    records: list[dict[str, Any]] = [
        {"tracetui": 1, "type": "header", "run": "ab" * 16, "name": "run", "time": BEGUN, **header},
        {"type": "span_start", "time": BEGUN, "span": root, "name": "root", "kind": "agent"},
    ]
    for number, span in enumerate(spans, 1):
        about = {
            "time": BEGUN + number,
            "span": f"{number:016x}",
            "parent": root,
            "name": "x",
            "kind": "tool",
            "status": "ok",
        }
        end = {"type": "span_end", "start": BEGUN + number, **about, "time": BEGUN + number * 1_000_000, **span}
        start = {name: end[name] for name in ("span", "parent", "name", "kind")}
        records += [{"type": "span_start", "time": end["start"], **start}, end]
    records.append(
        {"type": "span_end", "time": BEGUN + 10**9, "span": root, "name": "root", "kind": "agent", "status": status}
    )
    records.append({"type": "run_end", "time": BEGUN + 10**9, "status": status})
    lines = [json.dumps({**record, "seq": seq}) for seq, record in enumerate(records)]
    (folder / "run.jsonl").write_text("\n".join(lines) + "\n")
    (found,) = jobs(folder / "run.jsonl", redact=redact)
    return found


class Page(HTMLParser):
    """A page as a browser takes it apart: elements with their attributes, data by class, other text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[tuple[str, str, str | None]] = set()
        self.data: dict[str, list[Any]] = {}
        self.texts: dict[str, str] = {}
        self._open = ("", "")
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {(tag, name, value) for name, value in attrs}
        self._open = (tag, dict(attrs).get("class") or "")

    def handle_endtag(self, tag: str) -> None:
        self._open = ("", "")

    def handle_data(self, data: str) -> None:
        tag, name = self._open
        if tag == "script" and name:
            self.data.setdefault(name, []).append(json.loads(data))
        elif tag:
            self.texts[tag] = self.texts.get(tag, "") + data

    @property
    def policy(self) -> str:
        return next(
            value or ""
            for tag, name, value in self.attributes
            if (tag, name) == ("meta", "content") and "'none'" in (value or "")
        )

    def hash_of(self, tag: str) -> str:
        return base64.b64encode(hashlib.sha256(self.texts[tag].encode()).digest()).decode()

    @property
    def rows(self) -> list[list[Any]]:
        return [row for piece in self.data.get("rows", []) for row in piece]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [body for piece in self.data.get("bodies", []) for body in piece]


def strings(value: Any) -> Iterator[str]:
    """All texts in a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    for item in [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(item)
