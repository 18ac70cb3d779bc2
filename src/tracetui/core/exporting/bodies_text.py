"""The body of a span as a page shows it: figures in words, error, conversation, values as text, events. Cut to a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tracetui.core.exporting.limits import Budget
from tracetui.core.exporting.rows import Row, Rows
from tracetui.core.formats.native import messages_in
from tracetui.core.jsontext import json_text
from tracetui.core.model import NO_TIME
from tracetui.core.text import cost_full, exact, offset, safe, share, wall_time_full

if TYPE_CHECKING:
    from tracetui.core.exporting.job import Job
    from tracetui.core.run_view import SpanLine
    from tracetui.core.summary import Facts

EVENTS: Final = 400
"""Events of a span that are shown; the others are counted."""
_TOKEN_WORDS: Final = {
    "input": "in",
    "cached": "cached",
    "cache_write": "written to cache",
    "output": "out",
    "reasoning": "reasoning",
    "total": "total",
}


class BodyText:
    """Makes bodies of one job's spans.

    Args:
        limit: characters for each span.
    """

    def __init__(self, job: Job, rows: Rows, limit: int) -> None:
        self._job = job
        self._rows = rows
        self._limit = limit

    def of(self, row: Row, facts: Facts, line: SpanLine) -> dict[str, Any]:
        """The body as plain values; all texts are safe."""
        budget = Budget(self._limit)
        body: dict[str, Any] = {"id": safe(str(facts["id"])), "facts": self._facts(row, facts)}
        if line.detail is None:
            body["gone"] = True
        if error := facts["error"]:
            body["error"] = [
                _lines(error["type"]),
                *(budget.text(_lines(error[name])) for name in ("message", "traceback")),
            ]
        if messages := facts.get("messages"):
            body["messages"] = [_message(message, budget) for message in messages]
        for name in ("input", "output"):
            if name in facts and not (messages and is_conversation(facts[name])):
                body[name] = budget.text(value_text(facts[name]))
        if facts.get("attributes"):
            body["attributes"] = budget.text(value_text(facts["attributes"]))
        if logs := facts.get("logs"):
            body["logs"] = budget.text(_lines("\n".join(logs)))
        if events := facts.get("events"):
            body["events"] = self._events(events, budget)
        self._job.cut += budget.cut
        return body

    def run_events(self) -> list[list[str]]:
        """Events of the run that are in no span."""
        budget = Budget(1_000_000)
        events = self._events(self._job.run_events(), budget)
        self._job.cut += budget.cut
        return events

    def _facts(self, row: Row, facts: Facts) -> list[list[str]]:
        spans = self._job.store.spans
        shown = [["kind", row.kind], ["status", row.status]]
        if row.length_ns is not None:
            part = share(row.length_ns / self._rows.length) if self._rows.length else ""
            shown.append(["time", f"{row.time}{f'  {part} of the run' if part else ''}"])
        if spans.start[row.row] != NO_TIME:
            shown.append(["started", f"{row.start}  {wall_time_full(spans.start[row.row], self._job.zone)}"])
        if facts["model"]:
            shown.append(["model", safe(facts["model"])])
        known = {name: figure for name, figure in facts["tokens"].items() if figure is not None}
        if known:
            words = [f"{exact(known[name])} {word}" for name, word in _TOKEN_WORDS.items() if name in known]
            shown.append(["tokens", ", ".join(words)])
        for name, source in (("cost_usd", "as recorded"), ("cost_computed_usd", "computed from prices")):
            if facts[name] is not None:
                shown.append(["cost", f"{cost_full(facts[name])} {source}"])
        if facts["inferred"]:
            shown.append(["worked out", ", ".join(facts["inferred"])])
        if not facts["recorded"]:
            shown.append(["note", "named by others, not recorded itself"])
        return shown

    def _events(self, events: list[Facts], budget: Budget) -> list[list[str]]:
        shown = [
            [
                event["class"],
                safe(event["type"]),
                self._after(event),
                budget.text(_lines(event["text"])),
                budget.text(value_text(event["attributes"])) if event.get("attributes") else "",
            ]
            for event in events[:EVENTS]
        ]
        if len(events) > EVENTS:
            budget.cut += 1
            shown.append(["event", f"{exact(len(events) - EVENTS)} more events", "", "", ""])
        return shown

    def _after(self, event: Facts) -> str:
        """When it was, after the beginning of the run."""
        at = event.get("time_ns")
        return "" if at is None or self._rows.begin == NO_TIME else offset(at - self._rows.begin)


def _message(message: Facts, budget: Budget) -> list[Any]:
    calls = [[safe(call["name"]), budget.text(value_text(call["arguments"]))] for call in message["tool_calls"]]
    return [safe(message["role"]), safe(message["tool_name"]), budget.text(_lines(message["text"])), calls]


def is_conversation(value: object) -> bool:
    """Whether a recorded value is the list of messages that is shown as a conversation."""
    if messages_in(value):
        return True
    return isinstance(value, list) and all(isinstance(item, dict) and "role" in item for item in value)


def value_text(value: object) -> str:
    """A recorded value as text of several lines: a text as it is, anything else as indented JSON."""
    return _lines(value if isinstance(value, str) else json_text(value, indent=True))


def _lines(text: str) -> str:
    return safe(text, newlines=True)
