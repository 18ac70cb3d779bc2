"""What only an export says in tracetui's own format: facts of runs whose first format knows more, or less, than this one.

Written by ``tracetui.core.exporting.native``, described in ``docs/recording-format.md``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tracetui.core.model import NO_TIME, Clock, Flag, Kind, Message, SpanDetail, Status, kind_of
from tracetui.core.operations import Link, Operation, Patch, Repair, RunFact

INFERRED: Final = {"parent": Flag.parent_inferred, "start": Flag.start_inferred, "end": Flag.end_inferred}
"""What a span of an export may name as worked out, and the flag that says so."""
_CLOCKS: Final = {clock.value: clock for clock in Clock}


def exported_facts(run: str, exported: dict[str, object]) -> Iterable[Operation]:
    """What ``header.exported`` says of the run as a whole."""
    cost, last, length = exported.get("cost_usd"), exported.get("last"), exported.get("duration_ns")
    yield RunFact(
        run,
        records_end=False if exported.get("records_end") is False else None,
        clock=_CLOCKS.get(_text(exported.get("clock"))),
        order_by_time=True if exported.get("order_by_time") is True else None,
        time=_int(last),
        duration_ns=_int(length),
        cost_usd=float(cost) if isinstance(cost, int | float) and not isinstance(cost, bool) else None,
    )
    for note in _list(exported.get("notes")):
        if isinstance(note, str):
            yield RunFact(run, note=note)
    for repair in map(_dict, _list(exported.get("repairs"))):
        from tracetui.core.repair_words import WORDS  # late: most recordings have none

        if (what := _text(repair.get("what"))) in WORDS:
            yield RunFact(run, repair=Repair(what, max(0, _int(repair.get("count")) or 0), _text(repair.get("detail"))))
    for link in map(_dict, _list(exported.get("links"))):
        if (kind := _text(link.get("kind"))) and (other := _text(link.get("run"))):
            yield Link(run, kind, other, _text(link.get("span")) or None, link.get("by_name") is True)


def inferred_flags(record: dict[str, object]) -> int:
    """Flags of a span whose parent or times were worked out, not recorded."""
    flags = 0
    for word in _list(record.get("inferred")):
        flags |= INFERRED.get(word, 0) if isinstance(word, str) else 0
    return flags


def invented(run: str, record: dict[str, object], parent: str | None, time: int) -> Operation:
    """A row that groups others and that nobody recorded: it counts nowhere."""
    kind, end, status = record.get("kind"), _int(record.get("end")), _text(record.get("status"))
    return Patch(
        run,
        _text(record.get("span")),
        0,
        parent=parent,
        name=_text(record.get("name")),
        kind=kind_of(kind) if isinstance(kind, str) else Kind.span,
        start=None if time == NO_TIME else time,
        end=end,
        status=Status[status] if status in Status.__members__ else None,
        flags=Flag.invented,
    )


def add_exported(detail: SpanDetail, body: dict[str, object]) -> None:
    """What another format told of a span and a record of this one has no place for."""
    detail.id = _text(body.get("id")) or detail.id
    detail.provider = _text(body.get("provider")) or detail.provider
    detail.model = detail.model or _text(body.get("model_mentioned"))
    if isinstance(logs := body.get("logs"), list):
        detail.logs = [log for log in logs if isinstance(log, str)]
    if isinstance(messages := body.get("messages"), list):
        detail.messages = [_message(_dict(message)) for message in messages]
        detail.reply = None
    if isinstance(reply := body.get("reply"), int) and 0 <= reply <= len(detail.messages):
        detail.reply = reply
    detail.continues = body.get("continues") is True or detail.continues


def _message(item: dict[str, object]) -> Message:
    calls = [_dict(call) for call in _list(item.get("tool_calls"))]
    return Message(
        _text(item.get("role")),
        _text(item.get("text")),
        [(_text(call.get("name")), call.get("arguments")) for call in calls],
        _text(item.get("tool_name")),
        item,
        [_text(call.get("id")) for call in calls] if any(call.get("id") for call in calls) else [],
        _text(item.get("answers")),
        item.get("failed") is True,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _int(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
