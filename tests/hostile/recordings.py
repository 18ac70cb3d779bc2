"""Recordings of each format with a payload in every string: made from the samples, so that they are what producers write.

Each field is numbered; a hostile string begins with ``<number>`` and the payload, so that a screen tells which fields it
shows. Structure is kept where a reader recognises things by it; `structure=True` spoils that as well.
"""

import json
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.hostile.payloads import PAYLOADS

SAMPLES = Path(__file__).parents[2] / "sample_traces"

Spoil = Callable[[str, str], str]
"""From a field's path and its value to what stands there."""

STRUCTURE: dict[str, frozenset[str]] = {
    "tracetui": frozenset({"type", "kind", "class", "status", "level"}),
    "design-research-agents": frozenset({"event_type", "timestamp", "status", "step_type"}),
    "ai-decision-tracer": frozenset({"outcome", "saved_at", "session_id", "agent_id"}),
    "otlp-json": frozenset({"startTimeUnixNano", "endTimeUnixNano", "timeUnixNano", "intValue", "key", "traceId"})
    | {"start_time_unix_nano", "end_time_unix_nano", "time_unix_nano", "start_time", "end_time", "timestamp"}
    | {"trace_id", "kind", "status_code", "int_value"},
    "json-lines": frozenset({"timestamp", "time", "ts", "level"}),
}
"""Keys whose values a reader recognises things by, by format; of formats that came later, `USUAL_STRUCTURE`."""

USUAL_STRUCTURE = frozenset(
    {"type", "subtype", "role", "kind", "status", "timestamp", "time", "start", "end", "version"}
)

_OPEN = frozenset({"attributes", "meta", "context", "input", "output", "logs", "body", "inputs", "outputs"})
"""Keys of objects in which a producer puts whatever it likes, keys included."""


class Fields:
    """Numbers the fields that were spoiled, for each payload anew, in the order in which they were met."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, field: str) -> int:
        """The number of a field, given when it is first asked for."""
        return self.numbers.setdefault(field, len(self.numbers))


def spoiler(payload: str, fields: Fields, format: str) -> Spoil:
    """Puts the payload before and after a value; the same value becomes the same string, so that ids still match."""
    of = f"{payload!a} {format}"

    def spoil(field: str, value: str) -> str:
        # Ids stand in several fields and must stay equal: they share a number.
        number = fields.number(f"{of}:{'id' if _is_id(field) else field}")
        return f"<{number}>{payload}{value}{payload}"

    return spoil


def _is_id(field: str) -> bool:
    last = field.rpartition(".")[2].lower().replace("_", "")
    return last in ("run", "span", "parent", "parentrun", "parentspan") or last.endswith("id")


def spoiled(value: Any, spoil: Spoil, kept: frozenset[str], field: str = "", *, is_open: bool = False) -> Any:
    """A JSON value with all strings in it spoiled; what is JSON inside a string stays JSON."""
    if isinstance(value, str):
        inner = _inner(value)
        return spoil(field, value) if inner is None else json.dumps(spoiled(inner, spoil, kept, field, is_open=True))
    if isinstance(value, list):
        return [spoiled(each, spoil, kept, field, is_open=is_open) for each in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, each in value.items():
        inside = f"{field}.{key}".lstrip(".")
        if key in kept and isinstance(each, str) and not is_open:
            result[key] = each
        else:
            result[key] = spoiled(each, spoil, kept, inside, is_open=is_open or key in _OPEN)
    if is_open or field == "":
        result[spoil(f"{field}.key", "key")] = spoil(f"{field}.value", "value")
    if {"key", "value"} <= value.keys():  # OTLP: one of a list of attributes, which gets a hostile neighbour
        result = {key: result[key] for key in value}
    return result


def _inner(text: str) -> Any:
    if text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _with_more_attributes(value: Any, spoil: Spoil, field: str = "") -> Any:
    """OTLP's lists of attributes with one more, whose key is hostile."""
    if isinstance(value, dict):
        return {key: _with_more_attributes(each, spoil, f"{field}.{key}") for key, each in value.items()}
    if not isinstance(value, list):
        return value
    items = [_with_more_attributes(each, spoil, field) for each in value]
    if items and isinstance(items[0], dict) and {"key", "value"} == items[0].keys():
        items.append({"key": spoil(f"{field}.key", "key"), "value": {"stringValue": spoil(f"{field}.value", "v")}})
    return items


@cache
def _sample(path: Path) -> bytes:
    return path.read_bytes()


def spoiled_file(data: bytes, format: str, spoil: Spoil, *, structure: bool = False) -> bytes:
    """A sample's bytes with every string spoiled: JSON values one a line and what is no JSON, or a report."""
    kept = frozenset() if structure else STRUCTURE.get(format, USUAL_STRUCTURE)
    if data[:1] not in b"{[":
        return data + spoil("report", "").encode()
    text, at, lines, decoder = data.decode(), 0, [], json.JSONDecoder()
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except ValueError:  # cut off where the writer was killed
            end = text.find("\n", at) + 1 or len(text)
            lines.append(spoil("incomplete line", text[at:end].strip()).encode())
        else:
            lines.append(_line(value, format, spoil, kept))
        at = len(text) - len(text[end:].lstrip())
    return b"\n".join(lines) + b"\n"


def _line(value: Any, format: str, spoil: Spoil, kept: frozenset[str]) -> bytes:
    result = spoiled(value, spoil, kept)
    if format == "otlp-json":
        result = _with_more_attributes(result, spoil)
    if "tracetui" in result:  # the first key is what the format is known by
        result = {"tracetui": result["tracetui"], **result}
    return json.dumps(result).encode()


def file_name(text: str) -> str:
    """A string as a file's name may hold it, of up to 200 bytes."""
    return text.replace("/", "_").replace("\0", "").encode()[:200].decode("utf-8", "ignore")


def samples() -> Iterator[tuple[str, Path]]:
    """Every sample with the name of its format."""
    for folder in sorted(SAMPLES.iterdir()):
        if folder.is_dir():
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    yield folder.name, path


def write_recordings(into: Path, payload: str, fields: Fields, *, structure: bool = False, only: str = "") -> None:
    """All samples, each string in them spoiled, under hostile names of folders and files; and what cannot be read."""
    for format, path in samples():
        if only not in ("", format):
            continue
        spoil = spoiler(payload, fields, format)
        folder = into / file_name(spoil("folder", format))
        inside = path.parent.relative_to(SAMPLES / format)
        target = folder / inside / f"{_stem(format, path, payload)}{path.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(spoiled_file(_sample(path), format, spoil, structure=structure))
    spoil = spoiler(payload, fields, "folder")
    (into / file_name(spoil("unrecognised file", "notes") + ".txt")).write_bytes(spoil("text", "what").encode())
    broken = into / file_name(spoil("unreadable file", "broken") + ".jsonl")
    header = json.dumps({"tracetui": 1, "type": "header", "seq": 0, "run": "b0", "name": spoil("name", "broken")})
    broken.write_bytes(f"{header}\n{spoil('line', 'no record')}\n{{{json.dumps(spoil('key', ''))}: \n".encode())


def _stem(format: str, path: Path, payload: str) -> str:
    # The session's name is in the name of its files, and joins them.
    return path.stem if format == "ai-decision-tracer" else file_name(f"{payload}{path.stem}")


def write_all(into: Path, fields: Fields) -> None:
    """Recordings of `STRUCTURE`'s formats with each payload in a folder of its own, and one name that is no UTF-8."""
    for name, payload in PAYLOADS.items():
        for format in STRUCTURE:
            (into / name / format).mkdir(parents=True)
            write_recordings(into / name / format, payload, fields, only=format)
    raw = os.fsencode(into) + b"/\x9b8m\xff\xfe\x1b[2J.jsonl"
    source = SAMPLES / "tracetui" / "support_bot.jsonl"
    Path(os.fsdecode(raw)).write_bytes(source.read_bytes().replace(b"af1cfc1a90b3e92595f5c86d899aa095", b"raw"))
