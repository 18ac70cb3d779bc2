"""RAGFlow's agent trace service: sessions, event lists and stubs as redis keys hold them, key dumps, renderings and streams.

A run is a task. The task id stands in the key only, so a file that is not called after its key has none. All files are read
together, since a rendering differs from a run by its events being in another one too: such copies are set aside.

Runs: a task. A stub tells that it began, a session all that it did; the session replaces the stub.

Spans: nodes, and model calls, retrievals, tool calls and thoughts by their ids.

Events: the items of ``events`` count under their ``event_type``.

Status: ``status`` as stored: completed is ok, failed is failed, running is unfinished. A node failed by ``node_failed``, a
call by its ``error``.

Times: UTC without saying so, microseconds. A call has the end of its list entry, a node the difference of its two events.

Tokens and cost: the sum of ``llm_calls``, which are recorded from level ``detailed`` on; below it tokens are unknown. No
cost.

Not recorded: parents (a call is put below the only node that is open, else below the run), calls that did not finish, texts
over 500 characters, the task id inside the value.

Quirks: an event list, a detailed or streaming rendering and an event stream are copies if their ``event_id`` are in a run;
compact, summary, analysis and timeline hold none and are side files. One failure is told by several events.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Final

from tracetui.core.attributes import KIND_ORIGINAL
from tracetui.core.formats._base import Assembler, Candidate, Decoder, Match, RecordBody
from tracetui.core.formats._errors import error_of
from tracetui.core.formats._ladder import BOM, NotJson, parse
from tracetui.core.formats._lines import DocDecoder, LineDecoder
from tracetui.core.formats._ragflow_book import Book, Entry
from tracetui.core.formats._ragflow_events import (
    Event,
    Session,
    blocks_of,
    events_of,
    id_of,
    items_of,
    places_of,
    plain,
    seen,
    session_of,
)
from tracetui.core.formats._ragflow_files import KEY, Sort, sort_of
from tracetui.core.formats._ragflow_run import CALL_LISTS, ORIGINAL, RagflowRun, call_id_of, sort_of_event
from tracetui.core.formats._scan import element_places
from tracetui.core.formats._values import list_of, mapping_of, pairs_line, subject_of, text_of
from tracetui.core.formats._whole_file import WholeFileDecoder
from tracetui.core.model import EventDetail, Message, SpanDetail
from tracetui.core.operations import Bad, Operation, Record, Repair, RunFact

SMALLEST_BLOCK: Final = 64
"""Events below which telling them at once is not worth the set-up."""
_ALL: Final = "RAGFlow"
"""The bundle: all files, wherever they lie."""


class RagflowFormat:
    """Agent traces of RAGFlow: values of its redis keys, and what its endpoints answer.

    Producer: RAGFlow's agent trace service
    Files: ``agent_trace_session_<task>.json``, ``agent_trace_events_<task>.json``, dumps of the redis keys, event
        streams
    Live: read again
    Status: yes
    Figures: tokens
    """

    name = "ragflow"
    title = "RAGFlow"
    document = False

    def match(self, candidate: Candidate) -> Match | None:
        """Claims what holds events, stubs and dumps as runs; forms without events' ids as side files."""
        sort = sort_of(candidate)
        if sort is None:
            return None
        role = "side" if sort.is_side and not candidate.named else "run"
        return Match(self, sort.reason, role=role, bundle=_ALL, certain=sort.certain, order=sort.order)

    def assembler(self, bundle: str) -> Assembler:
        """All runs: which file is a copy of which is known only when all are."""
        return _Assembler()

    def span_detail(self, records: Sequence[RecordBody]) -> SpanDetail:
        """Start, end and the item of the call list, from every file that tells them."""
        return _span_detail(records)

    def event_detail(self, record: RecordBody) -> EventDetail:
        """One event."""
        event = plain(_item(record))
        return EventDetail(_event_text(event), event)


class _Assembler:
    """All RAGFlow files that are read."""

    def __init__(self) -> None:
        self._book = Book()

    def decoder(self, candidate: Candidate) -> Decoder:
        sort = sort_of(candidate)
        path = PurePath(candidate.path)
        if sort is None or sort.is_side:
            what, reason = ("file", "nothing known") if sort is None else (sort.what, sort.reason)
            return WholeFileDecoder(candidate.path, what, path.stem, reason)
        self._book.begin(candidate.path)
        teller = _Teller(self._book, candidate.path, sort)
        if sort.what == "dump":
            return _DumpDecoder(teller)
        return _StreamDecoder(teller) if sort.what == "stream" else _ValueDecoder(teller)

    def side(self, candidate: Candidate) -> list[Operation]:
        sort = sort_of(candidate)
        if sort is None or sort.what != "analysis":
            return []  # they name a conversation at most, not the run
        task = text_of(_leading(candidate.head).get("task_id"))
        key = _key(PurePath(candidate.path), task)
        return [RunFact(key, repair=Repair("side_files", 1, candidate.name), aside=True)]

    def forget(self, candidate: Candidate) -> None:
        self._book.forget(candidate.path)

    def take_stale(self) -> list[str]:
        return self._book.take_stale()


_TASK: Final = re.compile(rb'"task_id"\s*:\s*("(?:[^"\\]|\\.)*+")')


def _leading(head: bytes) -> dict[str, object]:
    found = _TASK.search(head)
    try:
        return {} if found is None else {"task_id": parse(found[1])}
    except NotJson:
        return {}


def _key(path: PurePath, task: str) -> str:
    """Key of a run: its folder and task, since tests and examples use the same task ids again and again; else its file."""
    return f"{path.parent}\0{task}" if task else str(path)


class _Teller:
    """Tells what one file says, unless another one says it all."""

    def __init__(self, book: Book, path: str, sort: Sort) -> None:
        self._book = book
        self._path = path
        self.sort = sort
        self._noted: set[str] = set()

    def entry(self, task: str) -> Entry:
        """The run of a task, or the file's own."""
        path = PurePath(self._path)
        order = self.sort.order
        return self._book.entry(_key(path, task), task, task or path.stem, order, self._path)

    def is_copy(self, entry: Entry, ids: Iterable[str]) -> Iterable[Operation] | None:
        """Register events: None if they are the run's to tell, else the note for the run that holds them."""
        cover = self._book.tell(entry, self._path, ids)
        if self._book.is_awaited(self._path):
            return ()
        if cover is None:
            return None
        if cover in self._noted:
            return ()
        self._noted.add(cover)
        return (RunFact(cover, repair=Repair("copies", 1, PurePath(self._path).name), aside=True),)


def _objects(value: object) -> list[dict[str, object]]:
    return [item for item in list_of(value) if isinstance(item, dict)]


def _items(value: object) -> list[tuple[str, dict[str, object]]]:
    """Events and call list items of a value in the order in which their records are told: (list, item)."""
    if isinstance(value, list):
        return [("events", event) for event in _objects(value)]
    session = _unwrapped(value)
    names = ("events", *(name for name, _ in CALL_LISTS))
    return [(name, item) for name in names for item in _objects(session.get(name))]


def _unwrapped(value: object) -> dict[str, object]:
    """An answer's ``data``; any other value as it is."""
    values = mapping_of(value)
    if "data" in values and "code" in values:
        return mapping_of(values["data"])
    return values


_SORTS: Final = dict(CALL_LISTS)


def _tell_value(
    teller: _Teller, task: str, value: object, places: Sequence[tuple[int, int]] | None, a: int, b: int
) -> Iterable[Operation]:
    """Operations of a session, an event list or a stub; ``places`` of its items, None: all at (``a``, ``b``)."""
    session = _unwrapped(value)
    is_stub = "events" not in session and "trace_level" in session
    task = task or (text_of(session.get("task_id")) if is_stub else "")
    entry = teller.entry(task)
    items = _items(value)
    note = teller.is_copy(entry, [id_of(item) for name, item in items if name == "events"])
    if note is not None:
        yield from note
        return
    run = entry.run
    yield from run.facts()
    if is_stub:
        yield from run.stub(session)
    elif session:
        yield from run.session(session)
    if not items:  # something to look at in the raw view
        yield Record(run.key, "stub" if is_stub else "session", a, b, counted=False)
    numbers: Counter[tuple[str, str]] = Counter()
    for at, (name, item) in enumerate(items):
        start, length = (a, b) if places is None else places[at]
        if name == "events":
            yield from run.event(seen(item), start, length)
        else:
            yield from _tell_call(run, name, item, numbers, start, length)
    lists = [value] if isinstance(value, list) else [session.get(name, []) for name in ("events", *_SORTS)]
    odd = sum(len(list_of(one)) for one in lists) - len(items)
    if odd:
        yield Bad(0, a, b, f"{odd} items are not objects", run.key)


def _tell_call(
    run: RagflowRun, name: str, item: dict[str, object], numbers: Counter[tuple[str, str]], a: int, b: int
) -> Iterable[Operation]:
    """An item of a call list; ``numbers`` counts those that were told, by list and id."""
    call = (name, call_id_of(item))
    yield from run.call(_SORTS[name], item, numbers[call], Record(run.key, name, a, b, counted=False))
    numbers[call] += 1


class _ValueDecoder(DocDecoder):
    """A file that holds one value: a session in any form, an event list, a stub."""

    def __init__(self, teller: _Teller) -> None:
        super().__init__()
        self._teller = teller

    @property
    def bad_run(self) -> str | None:
        """The run of the task in its name; without one a broken file may be anybody's."""
        task = self._teller.sort.task
        return self._teller.entry(task).key if task else None

    def quick(self, data: bytes) -> list[Operation] | None:
        """Operations of a long session or event list without a dictionary for it; None: take the long way."""
        session = session_of(data)
        if session is None or len(session.events) < SMALLEST_BLOCK or (events := events_of(session.events)) is None:
            return None
        calls = [(name, getattr(session, name)) for name, _ in CALL_LISTS]
        places = places_of([session.events, *(raws for _, raws in calls)], data)
        items = [(name, mapping_of(parse(bytes(raw)))) for name, raws in calls for raw in raws]
        if not all(item for _, item in items):
            return None
        return list(self._tell(session, events, items, places))

    def _tell(
        self,
        session: Session,
        events: list[Event],
        calls: list[tuple[str, dict[str, object]]],
        places: list[tuple[int, int]],
    ) -> Iterable[Operation]:
        """What ``_tell_value`` says."""
        entry = self._teller.entry(self._teller.sort.task)
        note = self._teller.is_copy(entry, [event.event_id for event in events])
        if note is not None:
            yield from note
            return
        run = entry.run
        yield from run.facts()
        if session.session_id:
            yield from run.session(session.facts)
        columns = run.columns(events, places[: len(events)])
        if columns is not None:
            yield columns
        else:
            for event, (a, b) in zip(events, places[: len(events)], strict=True):
                yield from run.event(event, a, b)
        numbers: Counter[tuple[str, str]] = Counter()
        for (name, item), (a, b) in zip(calls, places[len(events) :], strict=True):
            yield from _tell_call(run, name, item, numbers, a, b)

    def elements(self, value: object, data: bytes) -> Iterable[Operation]:
        """What the value says."""
        items = _items(value)
        places = _places(value, items, data) if items else []
        yield from _tell_value(self._teller, self._teller.sort.task, value, places, 0, len(data))


_LISTS: Final = frozenset({"events", "llm_calls", "retrievals", "tool_calls"})


def _places(value: object, items: Sequence[tuple[str, dict[str, object]]], data: bytes) -> list[tuple[int, int]]:
    """Where the items lie."""
    lists = items_of(data)
    if lists is None or sum(map(len, lists)) != len(items):
        return _scanned(value, items, data)
    return places_of(lists, data)


def _scanned(value: object, items: Sequence[tuple[str, dict[str, object]]], data: bytes) -> list[tuple[int, int]]:
    """The same by looking at every token; if the items do not lie as they should, each is at the whole document."""
    if isinstance(value, list):
        places = list(element_places(data, (None,)))
    else:
        path: tuple[frozenset[str] | None, ...] = (_LISTS, None)
        if "data" in mapping_of(value) and "code" in mapping_of(value):
            path = (frozenset({"data"}), *path)
        by_list: dict[str, list[tuple[int, int]]] = {}
        for name in dict.fromkeys(name for name, _ in items):
            by_list[name] = list(element_places(data, (*path[:-2], frozenset({name}), None)))
        places = [place for name in by_list for place in by_list[name]]
    return places if len(places) == len(items) else [(0, len(data))] * len(items)


class _DumpDecoder(LineDecoder):
    """A dump of redis: one key with its value as text a line."""

    def __init__(self, teller: _Teller) -> None:
        super().__init__()
        self._teller = teller

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """The value of one key."""
        found = KEY.fullmatch(text_of(record.get("key")))
        if found is None:
            yield Bad(self.line, a, b, "not a key of RAGFlow's traces")
            return
        try:
            value = _value_of(record)
        except NotJson as fault:
            yield Bad(self.line, a, b, f"its value is {fault}", self._teller.entry(found[2]).key)
            return
        yield from _tell_value(self._teller, found[2], value, None, a, b)


_DATA: Final = b"data:"
_DONE: Final = b"data:[DONE]"
_BLOCK: Final = b"data:{"


def _value_of(record: dict[str, object]) -> object:
    value = record.get("value")
    return parse(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else value


class _StreamDecoder(LineDecoder):
    """Blocks ``data:{…}`` with an event each. A torn block loses only itself."""

    def __init__(self, teller: _Teller) -> None:
        super().__init__()
        self._teller = teller
        self._entry = teller.entry("")

    def lines(self, block: bytes, a: int) -> list[Operation]:
        """Operations of a block of whole lines: at once if they are many and plain."""
        lines = block.split(b"\n")
        if len(lines) < SMALLEST_BLOCK or b"\r" in block:
            return super().lines(block, a)
        places: list[tuple[int, int]] = []
        blocks: list[bytes] = []
        at = a
        for line in lines:
            if line.startswith(_BLOCK):
                places.append((at, len(line)))
                blocks.append(line[len(_DATA) :])
            elif line and line != _DONE:
                return super().lines(block, a)
            at += len(line) + 1
        events = blocks_of(blocks)
        if not events:
            return super().lines(block, a)
        note = self._teller.is_copy(self._entry, [event.event_id for event in events])
        if note is not None:
            self._line += len(lines) - 1
            return [*note]
        facts = list(self._entry.run.facts())
        columns = self._entry.run.columns(events, places)
        if columns is None:
            return [*facts, *super().lines(block, a)]
        self._line += len(lines) - 1
        return [*facts, columns]

    def record(self, line: bytes, a: int, broken: str = "") -> list[Operation]:
        """Operations of one line: of a block, or none for what lies between blocks."""
        body = line.strip().removeprefix(BOM)
        if body in (b"", b"data:[DONE]"):
            return []
        if not body.startswith(b"data:"):
            return [self._bad(a, len(line), broken or "not a block of an event stream")]
        try:
            value = parse(body[len(b"data:") :])
        except NotJson as fault:
            return [self._bad(a, len(line), broken or str(fault))]
        if not isinstance(value, dict):
            return [self._bad(a, len(line), "not an object")]
        return self.decode(value, a, len(line))

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterable[Operation]:
        """The event of one block."""
        event = mapping_of(record.get("data"))
        if "event_id" not in event:
            if self._entry.copy_of is None:
                yield Record(self._entry.key, text_of(record.get("event")) or "-", a, b, counted=False)
            return
        note = self._teller.is_copy(self._entry, [id_of(event)])
        if note is not None:
            yield from note
            return
        yield from self._entry.run.facts()
        yield from self._entry.run.event(seen(event), a, b)


# Bodies.


def _item(body: RecordBody) -> dict[str, object]:
    """The event or call that a body holds: an element of a document, a stream's block, or one of a dump's line."""
    found = body.once("ragflow", _all_in)
    if isinstance(found, dict):
        return found
    return found[body.ordinal][1] if 0 <= body.ordinal < len(found) else {}


def _all_in(raw: bytes) -> dict[str, object] | list[tuple[str, dict[str, object]]]:
    """What bytes hold: an event or call, or all of a dump's line."""
    raw = raw.strip()
    try:
        value = parse(raw[len(b"data:") :] if raw.startswith(b"data:") else raw)
        record = mapping_of(value)
        if "key" in record and "value" in record:
            value = _value_of(record)
        elif "event" in record and isinstance(record.get("data"), dict):
            return mapping_of(record["data"])
        elif isinstance(value, dict) and not _is_collection(value):
            return value
    except NotJson:
        return {}
    return _items(value)


def _is_collection(value: dict[str, object]) -> bool:
    return not _LISTS.isdisjoint(_unwrapped(value))


def _span_detail(records: Sequence[RecordBody]) -> SpanDetail:
    detail = SpanDetail()
    for body in records:
        item = plain(_item(body))
        sort = sort_of_event(text_of(item.get("event_type")))
        if sort is None and body.type in _SORTS:
            _describe_call(detail, _SORTS[body.type], item)
        elif sort is not None:
            _describe_event(detail, sort, item)
    return detail


_EVENT_KEYS: Final = frozenset(
    {"event_id", "event_type", "timestamp", "inputs", "outputs", "error", "metadata", "component", "timing"}
)
_CALL_KEYS: Final = frozenset(
    {
        *("prompt", "response", "prompt_preview", "response_preview", "model_name", "error", "arguments", "result"),
        *("query", "chunks", "call_id", "retrieval_id", "result_preview", "results"),
    }
)


def _describe_event(detail: SpanDetail, sort: str, event: dict[str, object]) -> None:
    metadata = mapping_of(event.get("metadata"))
    id_ = text_of(metadata.get("call_id")) or text_of(metadata.get("retrieval_id"))
    detail.id = id_ or text_of(event.get("component_id")) or detail.id
    detail.attributes[KIND_ORIGINAL] = ORIGINAL[sort]
    shown = {key: value for key, value in (event | metadata).items() if key not in _EVENT_KEYS}
    detail.attributes |= {key: value for key, value in shown.items() if value is not None}
    detail.model = text_of(metadata.get("model_name")) or detail.model
    if event.get("inputs") is not None:
        detail.input = event["inputs"]
        detail.subject = subject_of(event["inputs"]) or detail.subject
    if event.get("outputs") is not None:
        detail.output = event["outputs"]
    if sort == "llm":
        detail.subject = detail.model
    elif sort == "retrieval":
        detail.subject = subject_of(metadata.get("query")) or detail.subject
    elif sort == "thinking":
        detail.subject = subject_of(event.get("thoughts")) or detail.subject
    elif sort == "node":
        detail.subject = detail.subject or text_of(event.get("component_type"))
    if error := text_of(event.get("error")):
        detail.error = error_of(error)


def _describe_call(detail: SpanDetail, sort: str, call: dict[str, object]) -> None:
    detail.id = call_id_of(call) or detail.id
    detail.attributes[KIND_ORIGINAL] = ORIGINAL[sort]
    shown = {key: value for key, value in call.items() if key not in _CALL_KEYS and value is not None}
    detail.attributes |= shown
    detail.model = text_of(call.get("model_name")) or detail.model
    match sort:
        case "llm":
            detail.subject = detail.model
            prompt = call.get("prompt", call.get("prompt_preview"))
            response = call.get("response", call.get("response_preview"))
            detail.input, detail.output = prompt, response
            detail.messages = [Message("user", text_of(prompt), raw=prompt)]
            detail.messages += [Message("assistant", text_of(response), raw=response)] if response else []
        case "tool":
            detail.input = call.get("arguments")
            detail.output = call.get("result", call.get("result_preview"))
            detail.subject = subject_of(call.get("arguments"))
        case _:
            detail.input = call.get("query")
            results = mapping_of(call.get("results"))
            detail.output = call.get("chunks", results.get("chunks_preview"))
            detail.subject = subject_of(call.get("query"))
    if error := text_of(call.get("error")):
        detail.error = error_of(error)


def _event_text(event: dict[str, object]) -> str:
    if error := text_of(event.get("error")):
        return error
    match text_of(event.get("event_type")):
        case "message_generated":
            return text_of(mapping_of(event.get("outputs")).get("content"))
        case "workflow_started":
            return subject_of(event.get("inputs"))
        case "workflow_completed":
            return subject_of(event.get("outputs"))
        case _:
            return pairs_line({key: value for key, value in event.items() if key not in _NOT_TOLD})


_NOT_TOLD: Final = frozenset({"event_id", "event_type", "timestamp", "timestamp_unix"})
