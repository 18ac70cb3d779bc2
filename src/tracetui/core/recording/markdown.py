"""A run as a Markdown report for people: figures, the tree, failures with their tracebacks, decisions, logs.

Everything recorded stands inside fenced blocks or as escaped text, so that nothing in it becomes markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import TYPE_CHECKING, Final

from tracetui.core.jsontext import json_text
from tracetui.core.run_blocks import run_block
from tracetui.core.run_view import RunView
from tracetui.core.symbols import UNICODE
from tracetui.core.text import safe
from tracetui.core.tree_text import tree_lines

if TYPE_CHECKING:
    from tracetui.core.loading import Loaded
    from tracetui.core.store import Run
    from tracetui.core.summary import Summaries

_WIDTH: Final = 120
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&$])")
_FENCES: Final = re.compile("`{3,}")


def report_text(loaded: Loaded, run: Run, summaries: Summaries, records: Iterable[dict[str, object]]) -> str:
    """The whole report, in Markdown."""
    facts = summaries.full(run)
    records = list(records)
    parts = [f"# {_escaped(run.name or str(facts['id']))}\n"]
    block = list(run_block(run, {**facts, "paths": []}, summaries.repairs.full(run), UTC, UNICODE))
    parts.append(_fenced(block))
    parts.append("\n## Spans\n")
    view = RunView(loaded.store, run, loaded.bodies, events=False)
    parts.append(_fenced(line.rstrip() for line in tree_lines(view, width=_WIDTH, symbols=UNICODE)))
    parts += _failures(records)
    parts += _decisions(records)
    parts += _logs(records)
    return "\n".join(parts)


def _failures(records: list[dict[str, object]]) -> Iterator[str]:
    failed = [(record, error) for record in records if isinstance(error := record.get("error"), dict)]
    if failed:
        yield "\n## Failures\n"
    for record, error in failed:
        name = record.get("name") or "the run"
        yield f"\n### {_escaped(str(name))}: {_escaped(str(error.get('type', '')))}\n"
        yield _fenced(str(error.get("traceback") or error.get("message") or "").split("\n"))


def _decisions(records: list[dict[str, object]]) -> Iterator[str]:
    found = [record for record in records if record.get("class") == "decision"]
    if found:
        yield "\n## Decisions\n"
    for record in found:
        yield f"- **{_escaped(str(record.get('name', '')))}** {_escaped(str(record.get('text', '')))}"


def _logs(records: list[dict[str, object]]) -> Iterator[str]:
    found = [record for record in records if record.get("class") in ("log", "retry", "error")]
    if not found:
        return
    yield "\n## Logs\n"
    lines: list[str] = []
    for record in found:
        attributes = record.get("attributes")
        values = dict(attributes) if isinstance(attributes, dict) else {}
        values.pop("exception", None)
        shown = " ".join(f"{key}={json_text(value)}" for key, value in values.items())
        lines.append(f"{record.get('level', record.get('class'))!s:8} {record.get('text', '')} {shown}".rstrip())
    yield _fenced(lines)


def _escaped(text: str) -> str:
    """Text of one line in which nothing is markup."""
    return _MARKUP.sub(r"\\\1", safe(text))


def _fenced(lines: Iterable[str]) -> str:
    """A block of preformatted lines, its fence longer than any in it."""
    text = "\n".join(safe(line) for line in lines)
    fence = "`" * max(3, 1 + max((len(found[0]) for found in _FENCES.finditer(text)), default=0))
    return f"{fence}text\n{text}\n{fence}"
