"""tracetui's own recordings: JSON lines, starts as well as ends, self-contained ends.

The layout and its reasons are in ``docs/recording-format.md``; any program may write it. Reading is in this file,
a fast lane for whole blocks in ``_native_lane.py``.

Runs: files of one run id are one run, a file a process; the header names it, and the run or span in which it was started. In a
file that several processes share each record names its run.

Spans: a start and an end of one ``span``. The end repeats name, kind, parent and start, so a lost start costs nothing.

Events: each record counts under its ``type``; ``event`` records are shown as such, those of unknown types too.

Status: ``run_end`` is the recorded end. Without one the writer is looked for: the header names its process and host.

Times: nanoseconds by the writer's clock; durations by its monotonic clock.

Tokens and cost: ``usage`` and ``cost_usd`` of each span, as recorded.

Not recorded: nothing that a writer leaves out is made up; it shows as unknown.

Exports of other formats (``header.exported``) say besides what their recording could not hold, so that they read back equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from tracetui.core.formats._base import Assembler, Candidate, Decoder, Match, RecordBody
from tracetui.core.formats._chat import chat_messages
from tracetui.core.formats._ladder import NotJson, parse
from tracetui.core.formats._lines import LineDecoder
from tracetui.core.formats._native_exported import add_exported, exported_facts, inferred_flags, invented
from tracetui.core.formats._native_rows import NativeRows, record_of, table_of
from tracetui.core.formats._numbering import Numbering
from tracetui.core.model import (
    NO_TIME,
    Clock,
    ErrorInfo,
    EventClass,
    EventDetail,
    Message,
    SpanDetail,
    Status,
    Usage,
    kind_of,
)
from tracetui.core.operations import Bad, Begin, End, Event, Link, Operation, Patch, Record, Repair, RunFact

VERSION = 1
_MAGIC = b'{"tracetui":'
_ROW = b'{"id":'
_STATUSES = {"ok": Status.ok, "error": Status.error, "skipped": Status.skipped}
_CLASSES = {cls.name: cls for cls in EventClass}
_NO_PARENT = "0" * 16
_SEQ = re.compile(rb'"seq":\s*(\d{1,15})(?:,\s*"run":\s*"([^"\\]{1,64})",\s*"pid":\s*(\d{1,10}))?\s*[,}]')
"""A record's number, and the run and process that records in shared files name after it."""
_GAP = re.compile(rb'\{"type":\s*"gap"')
_AGAIN = re.compile(
    rb'\{"(?:type":"(?:span_start|span_update|span_end|event|run_end|gap)","seq":\d|tracetui":1,"type":"header",)'
)
"""How the tracer's records begin. In the middle of a line: a writer that was killed left half a one, and another went on."""
_TRIED = 16
"""Places in a line at which a record may begin that are tried: each costs a look at what follows."""
_SEQ_WITHIN = 200
"""Bytes at the start of a record where its ``seq`` is looked for: it is one of the first keys."""
_REASON_CHARACTERS = 200
_SUBJECT_CELLS = 200
"""Longest text taken for what a span was about; a row shows far less."""


class NativeFormat:
    """tracetui's own format: one JSON object per line, a record for each start, end and event.

    Producer: any program that writes tracetui's recording format, version 1
    Files: ``<run>.<pid>.jsonl``; SQLite table ``records``
    Live: yes
    Status: yes
    Figures: tokens and cost
    """

    name = "tracetui"
    title = "tracetui recording"
    document = False

    def match(self, candidate: Candidate) -> Match | None:
        """Claim a file whose first bytes are a header's, and a database with a table of such records."""
        table = table_of(candidate)
        if table:
            return Match(self, f"an SQLite database with the table {table}", tables=(table,))
        head = candidate.head.lstrip(b"\xef\xbb\xbf \r\n\t")
        if head.startswith(_MAGIC):
            return Match(self, 'the first record is a header ("tracetui")')
        return None

    def assembler(self, bundle: str) -> Assembler:
        """Files of a run need nothing of each other: the run id joins them."""
        return _NativeAssembler()

    def span_detail(self, records: Sequence[RecordBody]) -> SpanDetail:
        """What starts, updates and the end of a span say, the later over the earlier."""
        detail = SpanDetail()
        subject: object = None
        for record in records:
            body = _object(record.raw)
            if body.get("type") in ("span_start", "span_update", "span_end"):
                _merge(detail, body)
                subject = body.get("subject", subject)
        detail.subject = subject if isinstance(subject, str) else subject_of(detail)
        return detail

    def event_detail(self, record: RecordBody) -> EventDetail:
        """An event's line of text and its values."""
        body = _object(record.raw)
        attributes = _dict(body.get("attributes"))
        level = body.get("level")
        if isinstance(level, str):
            attributes = {"level": level, **attributes}
        text = body.get("text")
        if not isinstance(text, str):
            text = ", ".join(f"{key}={_short(value)}" for key, value in attributes.items())
        return EventDetail(text, attributes)


class _NativeAssembler:
    """Makes decoders; native files share nothing."""

    def decoder(self, candidate: Candidate) -> Decoder:
        table = table_of(candidate)
        return NativeRows((table,)) if table else NativeDecoder()

    def side(self, candidate: Candidate) -> list[Operation]:
        return []

    def forget(self, candidate: Candidate) -> None:
        """Nothing is shared, so there is nothing to forget."""


class NativeDecoder(LineDecoder):
    """Decodes native records; the header in the first line names the run of all that follow, if ``run`` does not."""

    def __init__(self, run: str = "") -> None:
        super().__init__()
        self._run = run
        """The run of records that name none."""
        self._process: object = None
        """The process of the last header, which records that name none are of."""
        self._children: set[tuple[str, object]] = set()
        """Processes forked inside their run, whose end ends only their part."""
        self._lost: dict[str, tuple[int, str]] = {}
        """Run -> records lost as told by itself, and the first reason."""
        self._numbering = Numbering()
        self._seen = 0
        """Lines up to the last block."""
        self._unnumbered = 0
        """Lines without a number whose records are excused: those that cannot be read, which is told as such."""

    @property
    def bad_run(self) -> str | None:
        """The run of this file, once its header was read."""
        return self._run or None

    def record(self, line: bytes, a: int, broken: str = "") -> list[Operation]:
        """One line; of half a one with a whole one behind it both, the half as unreadable."""
        operations = super().record(line, a, broken)
        if len(operations) == 1 and isinstance(operations[0], Bad):
            whole = _whole_behind_half(line)
            if whole:
                half = Bad(self._line, a, whole, "half a line, with another one behind it", self.bad_run)
                return [half, *super().record(line[whole:], a + whole, broken)]
        return operations

    def lines(self, block: bytes, a: int) -> list[Operation]:
        """Whole lines: through the fast lane once the run is known, else one by one."""
        return self._lines(block, a) + self._gaps(block)

    def _gaps(self, block: bytes) -> list[Operation]:
        """What ``seq`` proves of the block: records that are missing in it, or that are there twice."""
        begin = block.rfind(b"\n", 0, -1) + 1
        found = _SEQ.search(block, begin, begin + _SEQ_WITHIN)
        told, self._seen = self._line - self._seen, self._line
        if not self._run:
            return []
        writer = self._numbering.writer(self._run, self._process)
        # The usual block: records of one process, one after the other.
        if found is not None and found[2] is None and not (self._unnumbered or writer.holes):
            last = int(found[1])
            if last + 1 - writer.next == told:
                writer.next = last + 1
                return []
        return self._look_for_gaps(block.split(b"\n"))

    def _look_for_gaps(self, lines: list[bytes]) -> list[Operation]:
        """Go through a block in which ``seq`` does not count the lines."""
        runs: dict[str, None] = {}
        for line in _halves_apart(lines):
            found = _SEQ.search(line, 0, _SEQ_WITHIN)
            # Half a line may have lost the run that stood behind its number.
            if found is None or (found[2] is None and not line.rstrip().endswith(b"}")):
                self._unnumbered += bool(line.strip())
                continue
            seq = int(found[1])
            if line.startswith(_MAGIC):
                header = _object(line)
                run, process = _text(header.get("run")) or self._run, _writer_of(header)
                writer = self._numbering.writer(run, process)
                writer.begin(seq)
            elif found[2] is not None:
                run = found[2].decode("utf-8", "replace")
                writer = self._numbering.writer(run, int(found[3]))
            else:
                run, writer = self._run, self._numbering.writer(self._run, self._process)
            runs[run] = None
            self._unnumbered -= writer.see(seq, self._unnumbered)
            if _GAP.match(line):
                writer.tell_lost(_int(_object(line).get("lost")) or 0)
        return [operation for run in runs for operation in self._numbering.repairs(run)]

    def _lines(self, block: bytes, a: int) -> list[Operation]:
        if not self._run:
            end = block.find(b"\n") + 1
            operations = super().lines(block[:end], a)
            rest = block[end:]
            return operations + (self._block(rest, a + end) if rest else [])
        return self._block(block, a)

    def _block(self, block: bytes, a: int) -> list[Operation]:
        from tracetui.core.formats._native_lane import columns

        found = columns(block, a, self._run, self._rest) if self._run else None
        if found is None:
            return super().lines(block, a)
        self._line += len(found.types)
        return [found]

    def _rest(self, line: bytes, at: int) -> list[Operation]:
        """What a line says beyond its ``Record``; the fast lane keeps that itself."""
        return [operation for operation in self.record(line, at) if not isinstance(operation, Record)]

    def operations(self, record: dict[str, object], a: int, b: int) -> Iterator[Operation]:
        """One record's operations."""
        word = record.get("type")
        word = word if isinstance(word, str) else "-"
        run = _text(record.get("run")) or self._run or "-"
        if word == "header" or "tracetui" in record:
            self._run, self._process = run, _writer_of(record)
        name = _text(record.get("name"))
        yield Record(run, name if word == "event" and name else word, a, b)
        match word:
            case "header":
                yield from self._header(run, record)
            case "span_start":
                yield from _begin(run, record)
            case "span_end":
                yield from _end(run, record)
            case "span_update":
                yield from _update(run, record)
            case "event":
                cls = _CLASSES.get(_text(record.get("class")), EventClass.event)
                yield Event(run, _text(record.get("span")) or None, cls, _time(record.get("time")))
            case "run_end":
                yield from self._run_end(run, record)
            case "gap":
                reason = _text(record.get("reason"))[:_REASON_CHARACTERS] or "no reason recorded"
                lost, first = self._lost.get(run, (0, reason))
                self._lost[run] = lost, first = lost + max(0, _int(record.get("lost")) or 0), first
                yield RunFact(run, repair=Repair("lost", lost, first))

    def _header(self, run: str, record: dict[str, object]) -> Iterable[Operation]:
        pid, started = _int(record.get("pid")), _int(record.get("process_start"))
        process = None
        is_child = record.get("child") is True
        if pid is not None and not is_child:  # a run goes on as long as the process that began it
            process = (pid, started or 0, _text(record.get("host")), _text(record.get("boot")))
        if is_child:
            self._children.add((run, pid))
        time = _time(record.get("time"))
        yield RunFact(
            run,
            name=_text(record.get("name")) or None,
            id=run,
            records_end=True,
            clock=Clock.utc,
            # Processes of a run write side by side, and which of their files is read first says nothing.
            order_by_time=True if is_child else None,
            process=process,
            start=None if is_child or time == NO_TIME else time,
            time=time,
            meta=_dict(record.get("meta")) or None,
        )
        parent = _text(record.get("parent_run"))
        if parent:
            yield Link(run, "parent", parent, _text(record.get("parent_span")) or None)
        if isinstance(exported := record.get("exported"), dict):
            yield from exported_facts(run, exported)

    def _run_end(self, run: str, record: dict[str, object]) -> Iterable[Operation]:
        if (run, _int(record.get("pid")) or self._process) in self._children:
            return
        time, error = _time(record.get("time")), _dict(record.get("error"))
        yield RunFact(
            run,
            status=_STATUSES.get(_text(record.get("status")), Status.ok),
            status_reason=_text(error.get("message")) or _text(record.get("reason")) or None,
            end=None if time == NO_TIME else time,
            duration_ns=_int(record.get("duration_ns")),
        )


def _whole_behind_half(line: bytes) -> int:
    """Where a whole record begins in a line that is none itself; 0: nowhere."""
    for found in reversed(list(_AGAIN.finditer(line, 1))[-_TRIED:]):
        try:
            if isinstance(parse(line[found.start() :]), dict):
                return found.start()
        except NotJson:
            continue
    return 0


def _halves_apart(lines: list[bytes]) -> Iterator[bytes]:
    """The lines, with what is half and what is whole in one as two."""
    for line in lines:
        if _AGAIN.search(line, 1) and (whole := _whole_behind_half(line)) and not _is_json(line):
            yield line[:whole]
            yield line[whole:]
        else:
            yield line


def _is_json(line: bytes) -> bool:
    try:
        parse(line)
    except NotJson:
        return False
    return True


def _writer_of(header: dict[str, object]) -> int | None:
    """The process that a header names."""
    return _int(header.get("pid"))


def _begin(run: str, record: dict[str, object]) -> Iterable[Operation]:
    if record.get("invented") is True:
        yield invented(run, record, _parent(record), _time(record.get("time")))
        return
    yield Begin(
        run,
        _text(record.get("span")),
        _parent(record),
        _text(record.get("name")),
        kind_of(_text(record.get("kind")) or "span"),
        _time(record.get("time")),
        inferred_flags(record),
    )
    model = _text(record.get("model"))
    if model:
        yield Patch(run, _text(record.get("span")), 0, model=model)


def _end(run: str, record: dict[str, object]) -> Iterable[Operation]:
    yield End(
        run,
        _text(record.get("span")),
        _time(record.get("time")),
        _STATUSES.get(_text(record.get("status")), Status.unset),
        _parent(record),
        _text(record.get("name")),
        kind_of(_text(record.get("kind")) or "span"),
        _time(record.get("start")),
        _usage(record),
        _text(record.get("model")),
        inferred_flags(record),
    )


def _update(run: str, record: dict[str, object]) -> Iterable[Operation]:
    kind = record.get("kind")
    yield Patch(
        run,
        _text(record.get("span")),
        1,
        parent=_parent(record),
        name=_text(record.get("name")) or None,
        kind=kind_of(kind) if isinstance(kind, str) else None,
        usage=_usage(record),
        model=_text(record.get("model")) or None,
    )


def _usage(record: dict[str, object]) -> Usage | None:
    tokens, cost = record.get("usage"), record.get("cost_usd")
    known_cost = float(cost) if isinstance(cost, int | float) and not isinstance(cost, bool) else None
    if not isinstance(tokens, dict):
        return None if known_cost is None else Usage(cost_usd=known_cost)
    return Usage(
        _int(tokens.get("input")),
        _int(tokens.get("output")),
        _int(tokens.get("total")),
        _int(tokens.get("cached")),
        _int(tokens.get("cache_write")),
        _int(tokens.get("reasoning")),
        known_cost,
    )


def _parent(record: dict[str, object]) -> str | None:
    parent = _text(record.get("parent"))
    return parent if parent and parent != _NO_PARENT else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _int(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _time(value: object) -> int:
    number = _int(value)
    return number if number is not None and number >= 0 else NO_TIME


def _dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _object(raw: bytes) -> dict[str, object]:
    """The record in a line, or in a row of a database."""
    try:
        value = _dict(parse(raw))
    except NotJson:
        return {}
    if raw.startswith(_ROW):
        return record_of(value) or value
    return value


def _merge(detail: SpanDetail, body: dict[str, object]) -> None:
    """Lay what one record says over what is known."""
    detail.id = _text(body.get("span")) or detail.id
    detail.model = _text(body.get("model")) or detail.model
    detail.attributes.update(_dict(body.get("attributes")))
    detail.provider = _text(detail.attributes.get("gen_ai.provider.name")) or detail.provider
    if "input" in body:
        detail.input = body["input"]
        detail.messages = messages_in(body["input"])
        detail.reply = len(detail.messages)
    if "output" in body:
        detail.output = body["output"]
        detail.messages = detail.messages + answered_in(body["output"]) if detail.messages else []
    add_exported(detail, body)
    error = body.get("error")
    if isinstance(error, dict):
        detail.error = ErrorInfo(_text(error.get("message")), _text(error.get("type")), _text(error.get("traceback")))
    elif isinstance(error, str):
        detail.error = ErrorInfo(error)


def messages_in(value: object) -> list[Message]:
    """Messages in a model call's input or output: a list of objects with roles, or one of them."""
    items = value.get("messages") if isinstance(value, dict) and "messages" in value else value
    if isinstance(items, dict) and "role" in items:
        items = [items]
    if not isinstance(items, list) or not all(isinstance(item, dict) and "role" in item for item in items):
        return []
    return [message for item in items for message in chat_messages(item)]


def answered_in(value: object) -> list[Message]:
    """Messages in a model call's output, beside an input that holds some: a text is what the model said."""
    if isinstance(value, str):
        return [Message("assistant", value, raw=value)] if value else []
    return messages_in(value)


def subject_of(detail: SpanDetail) -> str:
    """What the span was about: the first telling argument, else the model."""
    if isinstance(detail.input, str):
        return detail.input[:_SUBJECT_CELLS]
    if isinstance(detail.input, dict) and not detail.messages:
        for value in detail.input.values():
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                return str(value)[:_SUBJECT_CELLS]
    return detail.model


def _short(value: object) -> str:
    return (value if isinstance(value, str) else repr(value))[:_SUBJECT_CELLS]
