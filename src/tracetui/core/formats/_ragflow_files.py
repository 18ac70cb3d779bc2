"""Which of RAGFlow's stored values, renderings and streams a file is, and which task its name tells.

The task id stands only in the redis key: a file that holds one value keeps it if it is called after the key, with ``:`` or
``_`` between the parts. What holds no ``event_id`` belongs to a run without being one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tracetui.core.formats._base import Candidate
from tracetui.core.formats._ladder import NotJson, parse
from tracetui.core.formats._scan import Head, head_of, top_level_keys
from tracetui.core.formats._values import mapping_of, text_of

KEY: Final = re.compile(r"(?s)agent_trace[:_](session|events)[:_](.+)")
"""A redis key, or a file called after one."""

_TIMELINE: Final = re.compile(
    rb"(?m)\A\d\d:\d\d:\d\d \S+ (?:workflow|node|llm_call|retrieval|tool_call|thinking|message|error)_[a-z]+"
)
_DATA: Final = re.compile(rb'"data"\s*:\s*(?=\{)')
_LIST_ITEM: Final = frozenset({"event_id", "event_type"})

_RICHNESS: Final = ("session", "dump", "events", "detailed", "streaming", "stream")
"""Sources of one run, the richest first."""


@dataclass(frozen=True, slots=True)
class Sort:
    """What a file is.

    Args:
        what: ``session``, ``detailed``, ``streaming``, ``events``, ``stub``, ``dump``, ``stream``, or a side file's word.
        reason: in words.
        task: as the name tells it, "" if it does not.
        is_side: holds no event.
        certain: False if a longer head could tell otherwise.
    """

    what: str
    reason: str
    task: str = ""
    is_side: bool = False
    certain: bool = True

    @property
    def order(self) -> int:
        """Place among the sources of a run: those with a task in their name first, then the richest."""
        known = _RICHNESS.index(self.what) if self.what in _RICHNESS else 0
        return known if self.task or self.what in ("stub", "dump") else known + len(_RICHNESS)


def sort_of(candidate: Candidate) -> Sort | None:
    """Which of the files it is, by its head; None if it is not RAGFlow's."""
    head = head_of(candidate.head)
    task = task_of(candidate.name)
    if head.body.startswith(b"{"):
        return _object(head, head.keys, task)
    if head.body.startswith(b"["):
        return _list(head, task)
    if head.body.startswith(b"data:"):
        return _stream(head)
    if _TIMELINE.match(head.body):
        return Sort("timeline", "a timeline of a RAGFlow run in text", is_side=True)
    return None


def task_of(name: str) -> str:
    """The task id that a key or a file called after one tells."""
    found = KEY.fullmatch(name.removesuffix(".json"))
    return "" if found is None else found[2]


def _object(head: Head, key_list: list[str], task: str) -> Sort | None:
    keys = set(key_list)
    if {"key", "value"} <= keys and head.first is not None:
        is_key = KEY.fullmatch(text_of(head.first.get("key"))) is not None
        return Sort("dump", "lines with RAGFlow's redis keys and their values") if is_key else None
    if {"code", "data"} <= keys and (found := _DATA.search(head.body)) is not None:
        return _object(head, top_level_keys(head.body[found.end() :]), task)
    if {"task_id", "trace_level", "status"} <= keys and "events" not in keys:
        return Sort("stub", "the stub of a RAGFlow run that was not saved yet", task)
    for what, needed, reason in _SIDES:
        if needed <= keys and "events" not in keys:
            return Sort(what, reason, is_side=True)
    if "session_id" not in keys or not ({"events"} <= keys or (not head.whole and keys <= _SESSION_START)):
        return None
    if keys.isdisjoint({"metadata", "summary"}) or "steps" in keys:
        return None
    return _session(head, keys, task)


_SIDES: Final = (
    ("compact", {"session_id", "timeline"}, "a RAGFlow run in compact form, without events' ids"),
    (
        "compact",
        {"session_id", "duration_s", "nodes", "llm_calls"},
        "a RAGFlow run in compact form, without events' ids",
    ),
    ("analysis", {"task_id", "event_distribution"}, "RAGFlow's analysis of a run"),
    ("summary", {"total_events", "total_llm_calls", "errors_count"}, "RAGFlow's summary of a run"),
    ("list", {"total", "page", "page_size", "sessions"}, "RAGFlow's list of runs that were not saved yet"),
)
_SESSION_START: Final = {"session_id", "metadata"}


def _session(head: Head, keys: set[str], task: str) -> Sort:
    what = "detailed" if "timing" in keys else "session" if "metadata" in keys else "streaming"
    name = {"session": "a RAGFlow session", "detailed": "a RAGFlow session in detailed form"}.get(
        what, "a RAGFlow session in streaming form"
    )
    if task:
        return Sort(what, name, task)
    if head.whole and b'"event_id"' not in head.body:
        return Sort(what, f"{name} without events, whose name holds no task id", is_side=True)
    return Sort(what, f"{name}, whose name holds no task id: a copy if another run holds its events")


def _list(head: Head, task: str) -> Sort | None:
    if _LIST_ITEM.issubset(top_level_keys(head.body[1:].lstrip())):
        reason = "a list of RAGFlow events"
        if not task:
            reason += ", whose name holds no task id: a copy if another run holds them"
        return Sort("events", reason, task)
    if task and head.whole and head.body[1:].strip() == b"]":
        return Sort("events", "an empty list of RAGFlow events, by its name", task)
    return None


def _stream(head: Head) -> Sort | None:
    blocks = [line.removeprefix(b"data:").strip() for line in head.body.split(b"\n") if line.startswith(b"data:")]
    found, is_trace = False, False
    for block in blocks:
        item = _event_of(block)
        is_trace = is_trace or (item is not None and text_of(item.get("event")).startswith("trace"))
        found = found or (item is not None and "event_id" in mapping_of(item.get("data")))
    if found and is_trace:
        return Sort("stream", "a RAGFlow event stream: a copy if another run holds its events")
    if is_trace or (blocks == [b"[DONE]"] and head.whole):
        # A stream that is still growing gets its first event later.
        is_over = blocks[-1] == b"[DONE]" or not head.whole or is_trace
        return Sort("stream", "a RAGFlow event stream without events' ids", is_side=is_over)
    if len(blocks) == 1 and blocks[0].startswith(b'{"event": "trace'):
        return Sort("stream", "the first block of a RAGFlow event stream", certain=False)
    return None


def _event_of(block: bytes) -> dict[str, object] | None:
    try:
        value = parse(block)
    except NotJson:
        return None
    return value if isinstance(value, dict) else None
