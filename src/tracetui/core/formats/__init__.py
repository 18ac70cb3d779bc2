"""The formats that tracetui reads, most specific first, and the one question asked of each file: whose is it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tracetui.core.formats._base import Candidate, Format, Match
from tracetui.core.formats._scan import Head, head_of, top_level_keys
from tracetui.core.formats.ai_decision_tracer import AiDecisionTracerFormat, is_torn_save
from tracetui.core.formats.claude_code import ClaudeCodeFormat
from tracetui.core.formats.ddeutil_workflow import DdeutilWorkflowFormat
from tracetui.core.formats.design_research_agents import DesignResearchAgentsFormat
from tracetui.core.formats.hillstar import HillstarFormat
from tracetui.core.formats.json_lines import JsonLinesFormat
from tracetui.core.formats.native import NativeFormat
from tracetui.core.formats.otlp_json import OtlpJsonFormat
from tracetui.core.formats.ragflow import RagflowFormat

FORMATS: Final[tuple[Format, ...]] = (
    NativeFormat(),
    DesignResearchAgentsFormat(),
    AiDecisionTracerFormat(),
    ClaudeCodeFormat(),
    OtlpJsonFormat(),
    DdeutilWorkflowFormat(),
    RagflowFormat(),
    HillstarFormat(),
    JsonLinesFormat(),
)
"""Asked in this order; the first claim wins."""

SQLITE_MAGIC: Final = b"SQLite format 3\x00"
"""How every SQLite database begins."""
_MAGIC: Final = (
    (b"\x37\x7f\x06\x82", "the write-ahead log of an SQLite database, which is read with it"),
    (b"\x37\x7f\x06\x83", "the write-ahead log of an SQLite database, which is read with it"),
    (b"\x18\xe2\x2d\x00", "the index of an SQLite database's write-ahead log"),
    (b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", "the rollback journal of an SQLite database"),
    (b"\x1f\x8b", "compressed with gzip, which is read only once"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd, which is not read yet"),
    (b"PK\x03\x04", "a zip archive, which is not read yet"),
)
_LIST_STARTS: Final = frozenset({b"{", b"[", b"]", b'"', b"-", *(b"%d" % digit for digit in range(10))})


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """No format claims the file; ``reason`` says in plain words what it looks like. Parts of it come from the file."""

    reason: str


def detect(candidate: Candidate, formats: Sequence[Format] = FORMATS) -> Match | Unrecognised:
    """Whose file this is. Content decides; the answer for the same bytes under another name is the same format."""
    if is_torn_save(candidate):
        return Unrecognised("left over from an interrupted save of an ai-decision-tracer session (.tmp)")
    for format_ in formats:
        match = format_.match(candidate)
        if match is not None:
            return match
    if candidate.head.startswith(SQLITE_MAGIC):
        return Unrecognised(_database_reason(candidate))
    return Unrecognised(_reason(candidate.head))


def _database_reason(candidate: Candidate) -> str:
    if candidate.tables is None:
        return "an SQLite database that cannot be read"
    return f"an SQLite database without a table that is known (tables: {_shown(list(candidate.tables)) or 'none'})"


def _reason(head: bytes) -> str:
    for magic, reason in _MAGIC:
        if head.startswith(magic):
            return reason
    body = head_of(head).body
    if not body:
        return "empty"
    if b"\x00" in body:
        return "not text"
    if body.startswith(b"{"):
        return _object_reason(head_of(head))
    if body.startswith(b"[") and body[1:].lstrip()[:1] in _LIST_STARTS:
        return "a JSON list of no known format"
    return "not JSON: its first line does not begin with {"


def _object_reason(head: Head) -> str:
    keys = top_level_keys(head.body)
    for name, what in (("resourceLogs", "logs"), ("resourceMetrics", "metrics")):
        if name in keys:
            return f"OpenTelemetry {what}, which hold no spans"
    if head.first is not None and keys:
        return f"a single JSON object (keys: {_shown(keys)})"
    if head.whole and not head.first_line_complete:
        return "its first line is not complete yet"
    return f"one JSON document of no known format (keys: {_shown(keys)})"


def _shown(keys: list[str]) -> str:
    return ", ".join(key[:24] for key in keys[:6]) + (", …" if len(keys) > 6 else "")


__all__ = ["FORMATS", "Candidate", "Format", "Match", "Unrecognised", "detect"]
