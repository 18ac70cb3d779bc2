"""Which files ddeutil-workflow writes, told by their content: lines, rendered texts, databases and posted bodies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from tracetui.core.formats._base import Candidate
from tracetui.core.formats._ddeutil_records import TEXT_START
from tracetui.core.formats._scan import head_of, top_level_keys

METADATA, DATABASE, TEXT, WIRE = range(4)
"""How rich a source is: of one run, the first of these that there is counts."""
COLUMNS: Final = frozenset({"run_id", "level", "message", "error_flag", "datetime"})
"""A table with these columns holds records."""

_SQLITE: Final = b"SQLite format 3\x00"
_BESIDE: Final = (b"\x37\x7f\x06", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")
"""How a write-ahead log and a rollback journal begin, which repeat pages of their database."""
_LINE_KEYS: Final = {"error_flag", "cut_id", "run_id", "lineno"}
_OLD_LINE_KEYS: Final = {"mode", "level", "process", "thread", "message", "cut_id", "lineno"}
_BODY_KEYS: Final = {"timestamp", "level", "message", "run_id", "parent_run_id", "mode"}
_DATADOG_KEYS: Final = {"message", "level", "timestamp", "dd", "workflow", "trace"}
_CREATE: Final = re.compile(rb"CREATE TABLE\s+[\"'`\[]?(?!sqlite_)(\w{1,64})[\"'`\]]?\s*\(", re.IGNORECASE)
_SCHEMA_BYTES: Final = 16_384
_FOLDER: Final = re.compile(r"run_id=(.+)", re.DOTALL)
_NAMES: Final = ("metadata.txt", "metadata.json")
_GRAFANA_STREAM: Final = re.compile(rb'"stream"\s*:\s*\{[^{}]{0,400}"service"\s*:\s*"ddeutil-workflow"', re.DOTALL)
_CAPTURED: Final = re.compile(rb'ddeutil-workflow|\\"run_id\\"\s*:.{0,2000}?\\"cut_id\\"|"workflow-traces"', re.DOTALL)


@dataclass(slots=True)
class Sort:
    """What a file is. ``what`` is ``lines``, ``text``, ``console``, ``rows``, ``body`` or ``bulk``."""

    what: str
    rank: int
    reason: str
    tables: tuple[str, ...] = ()


def sort_of(candidate: Candidate) -> Sort | None:
    """What a file is; None if ddeutil-workflow did not write it."""
    if candidate.tables is not None:
        names = tuple(name for name, columns in candidate.tables.items() if set(columns) >= COLUMNS)
        return Sort("rows", DATABASE, f"an SQLite database with the table {names[0]}", names[:1]) if names else None
    head = candidate.head
    if b"\x00" in head[:4096]:
        return _database(head)
    first = head_of(head).first
    if first is not None:
        return _of_line(first, head)
    return _of_text(head_of(head).body)


def _of_line(first: dict[str, object], head: bytes) -> Sort | None:
    keys = first.keys()
    if keys >= _LINE_KEYS:
        return Sort("lines", METADATA, "lines with error_flag, cut_id, run_id and lineno")
    if keys >= _OLD_LINE_KEYS:
        if "run_id" in keys:
            return Sort("bulk", WIRE, "documents with mode, run_id and cut_id, as sent to Elasticsearch")
        return Sort("lines", METADATA, "lines with mode, cut_id and lineno, as up to 0.0.78")
    index = first.get("index")
    if isinstance(index, dict) and "_id" in index:
        second = next((value for value in head_of(head).values[1:] if isinstance(value, dict)), {})
        if second.keys() >= _OLD_LINE_KEYS:
            return Sort("bulk", WIRE, "a bulk request for Elasticsearch with records of ddeutil-workflow")
    return _of_body(head_of(head).body)


def _of_text(body: bytes) -> Sort | None:
    start = next((found for line in body.split(b"\n", 20)[:20] if (found := TEXT_START.match(line))), None)
    if start is None:
        return _of_body(body)
    if start["ms"]:
        return Sort("console", TEXT, "console output of ddeutil-workflow")
    return Sort("text", TEXT, "records rendered as text with process, thread and cut id")


def _of_body(body: bytes) -> Sort | None:
    if body.startswith(b"["):
        keys = set(top_level_keys(body[1:].lstrip()))
        if keys >= _BODY_KEYS or keys >= _DATADOG_KEYS:
            return Sort("body", WIRE, "a list of records as ddeutil-workflow posts it")
        return None
    if not body.startswith(b"{"):
        return None
    keys = set(top_level_keys(body))
    if keys == {"streams"} and _GRAFANA_STREAM.search(body):
        return Sort("body", WIRE, "streams of ddeutil-workflow as posted to Grafana")
    if keys >= {"logGroupName", "logEvents"} and b"/ddeutil/workflow/" in body[:400]:
        return Sort("body", WIRE, "log events of ddeutil-workflow as posted to CloudWatch")
    if "requests" in keys and keys <= {"requests", "sent_by_emit"} and _CAPTURED.search(body):
        return Sort("body", WIRE, "captured requests with records of ddeutil-workflow")
    return None


def _database(head: bytes) -> Sort | None:
    """A database whose tables nobody has looked up: its first page holds how they were made."""
    if head.startswith(_BESIDE):
        return None
    for found in _CREATE.finditer(head):
        body = head[found.end() : found.end() + _SCHEMA_BYTES].partition(b"\x00")[0].partition(b"CREATE ")[0]
        columns = {word.decode("latin-1") for word in re.findall(rb"[A-Za-z_]+", body)}
        if columns >= COLUMNS:
            name = found[1].decode()
            state = "" if head.startswith(_SQLITE) else ", its header overwritten"
            return Sort("rows", DATABASE, f"an SQLite database with the table {name}{state}", (name,))
    return None


def folder_run(path: str) -> str:
    """The run that a file's folder is named after; empty if it is named otherwise."""
    found = _FOLDER.fullmatch(PurePath(path).parent.name)
    return found[1] if found is not None else ""


def has_metadata(candidate: Candidate) -> bool:
    """Whether the complete records lie beside a rendered text."""
    return any(name in candidate.siblings for name in _NAMES)


def shown_path(path: str) -> str:
    """The last two parts of a path."""
    return "/".join(PurePath(path).parts[-2:])
