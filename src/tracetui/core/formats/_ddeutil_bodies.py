"""Bodies of ddeutil-workflow when someone looks: one record as line, row or text, and what the records of a span say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tracetui.core.attributes import KIND_ORIGINAL
from tracetui.core.formats._base import RecordBody
from tracetui.core.formats._ddeutil_grammar import JOB, OLD_JOB, STAGE, WORKFLOW, is_skip, unquoted
from tracetui.core.formats._ddeutil_records import parted, text_values, unfolded
from tracetui.core.formats._errors import error_of
from tracetui.core.formats._ladder import NotJson, parse
from tracetui.core.formats._values import list_of, mapping_of, text_of
from tracetui.core.model import ErrorInfo, EventDetail, SpanDetail

_TOLD: Final = frozenset({"message", "level", "error_flag", "cut_id", "run_id", "parent_run_id", "module", "datetime"})
_TRACEBACK: Final = "Traceback (most recent call last):"
_RAISED: Final = re.compile(r"^((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)(?:: |$)", re.MULTILINE)
"""The line with the exception: the first that is not indented like the frames above it."""
_HEADLINES: Final = ("📢", "💥", "🤫", "⚠️", "🚨")


def record_of(body: RecordBody) -> dict[str, object]:
    """The fields of one record, whatever it was written as; empty if it cannot be read."""
    raw = body.raw
    if raw[:1] not in (b"{", b"[", b"\xef"):
        return text_values(raw.decode("utf-8", "replace")) or {}
    try:
        value = parse(raw)
    except NotJson:
        return {}
    if isinstance(value, dict) and "message" in value and "requests" not in value:
        return value
    records = body.once("ddeutil", lambda _: list(posted_records(value)))
    return records[body.ordinal] if body.ordinal < len(records) else {}


def span_detail(records: Sequence[RecordBody]) -> SpanDetail:
    """Name, kind and condition of a workflow, job or stage; why it failed or was skipped; how it ran."""
    detail = SpanDetail()
    failed = ""
    for body in records:
        record = record_of(body)
        module, message = parted(text_of(record.get("message")), record.get("module"))
        detail.id = detail.id or text_of(record.get("run_id")) or text_of(record.get("cut_id"))
        detail.attributes |= {key: value for key, value in record.items() if key not in _TOLD and _is_known(value)}
        if _describe_start(detail, module, message):
            continue
        if is_skip(message):
            detail.attributes["skipped because"] = message.partition("kip")[2].lstrip(": ").strip()
        elif _is_error(body, record):
            # The longest says most: a retry's last word is short, the failure itself has the traceback.
            said = unfolded(message)
            failed = said if len(said) > len(failed) else failed
    if failed:
        detail.error = _error(_without_headline(failed))
    return detail


def _error(text: str) -> ErrorInfo:
    """A traceback's exception with its whole message, which may be of several lines; other texts as they are."""
    at = text.rfind(_TRACEBACK)
    raised = None if at < 0 else _RAISED.search(text, at + len(_TRACEBACK))
    if raised is None:
        return error_of(text)
    return ErrorInfo(text[raised.end() :].strip(), raised[1], text[text.find(_TRACEBACK) :])


def _is_known(value: object) -> bool:
    return value is not None and value != [] and value != {}


def _describe_start(detail: SpanDetail, module: str, message: str) -> bool:
    if module == "workflow" and (found := WORKFLOW.match(message)):
        detail.attributes[KIND_ORIGINAL] = "workflow"
        detail.subject = "sequential jobs" if found[0].endswith("(sequential jobs)") else "parallel jobs"
    elif module == "job" and (found := JOB.match(message) or OLD_JOB.match(message)):
        detail.attributes |= {KIND_ORIGINAL: "job", "runs on": found[1].lower()}
    elif module == "stage" and (found := STAGE.match(message)):
        detail.attributes |= {KIND_ORIGINAL: "stage", "stage kind": found[1]}
        detail.subject = found[1]
        if found[3]:
            detail.attributes["stage id"] = unquoted(found[3])
    else:
        return False
    return True


def _is_error(body: RecordBody, record: dict[str, object]) -> bool:
    flag = record.get("error_flag")
    if flag is not None:
        return bool(flag)
    return body.type in ("error", "exception", "stderr") or record.get("mode") == "stderr"


def _without_headline(text: str) -> str:
    """``📢 Stage Failed:`` and the like say nothing that the span's status does not say."""
    first, _, rest = text.partition("\n")
    if rest.strip() and first.startswith((*_HEADLINES, "Error Failed", "All-Completed", "Handler")):
        text = rest
    return text.strip().removeprefix("🚨").strip()


def event_detail(body: RecordBody) -> EventDetail:
    """A message as one line, and all fields of its record."""
    record = record_of(body)
    module, message = parted(text_of(record.get("message")), record.get("module"))
    line = " ".join(unfolded(message)[:2_000].split())
    attributes: dict[str, object] = {"message": unfolded(message)}
    if module:
        attributes["module"] = module
    attributes |= {key: value for key, value in record.items() if key not in ("message", "module") and _is_known(value)}
    return EventDetail(line, attributes if record else {})


def posted_records(value: object) -> Iterator[dict[str, object]]:
    """Records of a posted body in every shape: generic, Datadog, Grafana, CloudWatch, Elasticsearch, or captured requests.

    A body is sent again even after it was accepted: its records come once.
    """
    seen: set[str] = set()
    for record in _records_in(value):
        mark = "\0".join(text_of(record.get(key)) for key in ("run_id", "datetime", "timestamp", "thread", "message"))
        if mark not in seen:
            seen.add(mark)
            yield record


def _records_in(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, list):
        for item in value:
            yield from _datadog(mapping_of(item)) if "workflow" in mapping_of(item) else _plain(mapping_of(item))
        return
    body = mapping_of(value)
    if "requests" in body:
        for request in list_of(body["requests"]):
            yield from _captured(text_of(mapping_of(request).get("body")))
    elif "streams" in body:
        for stream in list_of(body["streams"]):
            yield from _grafana(mapping_of(stream))
    elif "logEvents" in body:
        for event in list_of(body["logEvents"]):
            values = mapping_of(event)
            for record in _captured(text_of(values.get("message"))):
                yield record | {"timestamp": _spelled(values.get("timestamp"))}
    else:
        yield from _plain(body)


def _plain(record: dict[str, object]) -> Iterator[dict[str, object]]:
    if isinstance(record.get("message"), str) and "run_id" in record:
        yield record


def _captured(text: str) -> Iterator[dict[str, object]]:
    try:
        yield from _records_in(parse(text.encode("utf-8", "surrogatepass")))
        return
    except NotJson:
        pass
    for line in text.split("\n"):
        try:
            yield from _plain(mapping_of(parse(line.encode("utf-8", "surrogatepass"))))
        except NotJson:
            continue


def _datadog(item: dict[str, object]) -> Iterator[dict[str, object]]:
    record: dict[str, object] = {key: item.get(key) for key in ("message", "level", "timestamp")}
    record |= {key: value for key, value in mapping_of(item.get("workflow")).items() if value is not None}
    for tag in list_of(item.get("tags")):
        key, colon, value = text_of(tag).partition(":")
        if colon and key in ("mode", "filename", "lineno", "process", "thread"):
            record[key] = value
    yield from _plain(record)


def _grafana(stream: dict[str, object]) -> Iterator[dict[str, object]]:
    labels = mapping_of(stream.get("stream"))
    for pair in list_of(stream.get("values")):
        time, message, *_ = [*list_of(pair), None, None]
        yield from _plain({**labels, "timestamp": _spelled(time), "message": message})


def _spelled(time: object) -> object:
    """A time whose separators were deleted, with them again; anything else as it is."""
    text = text_of(time)
    if len(text) == 14 and text.isascii() and text.isdigit():
        return f"{text[:4]}-{text[4:6]}-{text[6:8]} {text[8:10]}:{text[10:12]}:{text[12:]}"
    return time
