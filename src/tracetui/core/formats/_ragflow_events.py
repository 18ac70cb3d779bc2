"""One event as the run looks at it: of a stored value, a rendering or a stream, with or without its texts.

``seen`` makes it of a dictionary, whatever is in that; the decoders at the end make many of bytes, without what nobody looks at
before it is asked for, and refuse what is unusual.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

from tracetui.core.formats._utf8 import check_lines
from tracetui.core.formats._values import LARGEST_COUNT, count_of, mapping_of, text_of


class Metadata(msgspec.Struct, gc=False):
    """What tells calls apart."""

    call_id: str = ""
    retrieval_id: str = ""
    model_name: str = ""
    tool_name: str = ""
    tokens: Annotated[int, msgspec.Meta(ge=0, le=LARGEST_COUNT)] | None = None


class _Component(msgspec.Struct, gc=False):
    """How detailed renderings write the node."""

    id: str | None = None
    name: str | None = None


class _Timing(msgspec.Struct, gc=False):
    elapsed_seconds: float | None = None


class _Error(msgspec.Struct, gc=False):
    message: str = ""


class Event(msgspec.Struct, gc=False):
    """One event."""

    event_id: str
    event_type: str
    timestamp: str = ""
    component_id: str = ""
    component_name: str = ""
    elapsed_time: float | None = None
    error: str | _Error | None = None
    metadata: Metadata | None = None
    component: _Component | None = None
    timing: _Timing | None = None

    @property
    def has_error(self) -> bool:
        """Whether it tells an error."""
        error = self.error
        return bool(error.message if isinstance(error, _Error) else error)

    @property
    def error_text(self) -> str | None:
        """The error it tells."""
        error = self.error
        return (error.message if isinstance(error, _Error) else error) or None


NO_METADATA: Final = Metadata()


def plain(event: dict[str, object]) -> dict[str, object]:
    """An event of a detailed rendering with the names that stored events have; any other as it is."""
    if "component" not in event and "timing" not in event and not isinstance(event.get("error"), dict):
        return event
    component, timing = mapping_of(event.get("component")), mapping_of(event.get("timing"))
    changed = {f"component_{name}": component.get(name) for name in ("id", "name", "type") if component.get(name)}
    if "elapsed_seconds" in timing:
        changed["elapsed_time"] = timing["elapsed_seconds"]
    if isinstance(event.get("error"), dict):
        changed["error"] = mapping_of(event["error"]).get("message")
    return event | changed


def id_of(event: dict[str, object]) -> str:
    """What an event is known by in every rendering."""
    id_ = event.get("event_id")
    if isinstance(id_, str) and id_:
        return id_
    return f"{text_of(event.get('event_type'))} {text_of(event.get('timestamp'))} {text_of(event.get('component_id'))}"


def seen(event: dict[str, object]) -> Event:
    """An event of any shape."""
    values = plain(event)
    metadata = mapping_of(values.get("metadata"))
    elapsed = values.get("elapsed_time")
    return Event(
        id_of(event),
        text_of(event.get("event_type")) or "-",
        text_of(event.get("timestamp")),
        text_of(values.get("component_id")),
        text_of(values.get("component_name")),
        elapsed if isinstance(elapsed, int | float) and not isinstance(elapsed, bool) else None,
        text_of(values.get("error")),
        Metadata(
            text_of(metadata.get("call_id")),
            text_of(metadata.get("retrieval_id")),
            text_of(metadata.get("model_name")),
            text_of(metadata.get("tool_name")),
            count_of(metadata.get("tokens")),
        ),
    )


# Many at once.


class Session(msgspec.Struct, gc=False):
    """A stored session, or one in streaming form; its items are left undecoded."""

    session_id: str
    events: list[msgspec.Raw]
    metadata: dict[str, object] = {}
    summary: object = None
    started_at: str | None = None
    completed_at: str | None = None
    total_elapsed_time: float | None = None
    status: str = ""
    error: str | None = None
    llm_calls: list[msgspec.Raw] = []
    retrievals: list[msgspec.Raw] = []
    tool_calls: list[msgspec.Raw] = []
    timing: dict[str, object] = {}

    @property
    def facts(self) -> dict[str, object]:
        """All but its items, as far as it tells."""
        names = ("metadata", "summary", "started_at", "completed_at", "total_elapsed_time", "status", "error", "timing")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


class _Block(msgspec.Struct, gc=False):
    event: str
    data: Event


_event: Final = msgspec.json.Decoder(Event).decode
_block: Final = msgspec.json.Decoder(_Block).decode
_session: Final = msgspec.json.Decoder(Session).decode
_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_FAULTS: Final = (msgspec.MsgspecError, ValueError, RecursionError)


def _plain(events: list[Event]) -> list[Event] | None:
    """The events with the names that stored ones have; None if one has no id or type."""
    for event in events:
        if not event.event_id or not event.event_type:
            return None
        if (component := event.component) is not None:
            event.component_id = component.id or event.component_id
            event.component_name = component.name or event.component_name
        if event.timing is not None:
            event.elapsed_time = event.timing.elapsed_seconds
    return events


def events_of(raws: Sequence[msgspec.Raw]) -> list[Event] | None:
    """Events of the items of a list; None if any of them is unusual."""
    try:
        return _plain([_event(raw) for raw in raws])
    except _FAULTS:
        return None


def blocks_of(lines: Sequence[bytes]) -> list[Event] | None:
    """Events of the blocks of a stream (what follows ``data:``)."""
    try:
        check_lines(lines)
        return _plain([_block(line).data for line in lines])
    except _FAULTS:
        return None


def session_of(data: bytes) -> Session | None:
    """A stored session or a list of events as the one member of a session without an id; None for anything else."""
    try:
        data.decode()
        if data.lstrip()[:1] == b"[":
            return Session("", _list(data))
        session = _session(data)
    except _FAULTS:
        return None
    return session


class _Lists(msgspec.Struct, gc=False):
    events: list[msgspec.Raw] = []
    llm_calls: list[msgspec.Raw] = []
    retrievals: list[msgspec.Raw] = []
    tool_calls: list[msgspec.Raw] = []


class _Answer(msgspec.Struct, gc=False):
    data: _Lists
    code: object


_lists: Final = msgspec.json.Decoder(_Answer | None).decode
_own_lists: Final = msgspec.json.Decoder(_Lists).decode


def items_of(data: bytes) -> list[list[msgspec.Raw]] | None:
    """The items of the lists of any value, undecoded: events, then those of the call lists; None if it is unusual."""
    try:
        if data.lstrip()[:1] == b"[":
            return [_list(data)]
        try:
            answer = _lists(data)
            lists = _own_lists(data) if answer is None else answer.data
        except msgspec.ValidationError:
            lists = _own_lists(data)
    except _FAULTS:
        return None
    return [lists.events, lists.llm_calls, lists.retrievals, lists.tool_calls]


def places_of(lists: Sequence[Sequence[msgspec.Raw]], data: bytes) -> list[tuple[int, int]]:
    """Where the items of lists lie that follow each other in ``data``."""
    places: list[tuple[int, int]] = []
    at = 0
    for raws in lists:
        for number, raw in enumerate(raws):
            item = bytes(raw)
            # Between two items lie a comma and blanks; before the first one anything may.
            at = data.find(item, at) if number == 0 else data.find(b"{", at)
            if at < 0 or data[at : at + len(item)] != item:
                at = data.find(item)
            places.append((at, len(item)))
            at += len(item)
    return places
