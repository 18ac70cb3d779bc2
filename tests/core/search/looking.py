"""What the tests of the search share: recordings made on the spot, and a search over them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tracetui.core.formats import FORMATS
from tracetui.core.loading import Loaded, load
from tracetui.core.search import Hit, Needle, Search
from tracetui.core.testing import EPOCH, SECOND

RUN = "ab" * 16
ROOT, CALL = "00000000000000a1", "00000000000000b2"


def record(type: str, seq: int, **rest: Any) -> dict[str, Any]:
    return {"type": type, "seq": seq, "time": EPOCH + seq * SECOND, **rest}


def lines(call: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """A run with an agent and a tool in it, whose start holds what a test says: the third line."""
    return [
        {"tracetui": 1, **record("header", 0, run=RUN, name="quiet", mono=1, meta={})},
        record("span_start", 1, span=ROOT, name="quiet", kind="agent"),
        record("span_start", 2, span=CALL, parent=ROOT, name="fetch", kind="tool", **(call or {})),
        record("span_end", 3, span=CALL, parent=ROOT, name="fetch", kind="tool", start=EPOCH, status="ok"),
        record("run_end", 4, status="ok"),
    ]


def written(records: Sequence[dict[str, Any]], dump: Callable[[Any], str] = json.dumps) -> bytes:
    return "".join(dump(each) + "\n" for each in records).encode("utf-8", "surrogatepass")


def escaped(value: Any, choose: Callable[[], int]) -> str:
    """JSON of a value in which each character is escaped as ``choose`` says, of all the ways that there are for it."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{escaped(item, choose)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(escaped(item, choose) for item in value) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    return '"' + "".join((forms := list(_forms(char)))[choose() % len(forms)] for char in value) + '"'


def _forms(char: str) -> Iterator[str]:
    if char >= " " and char not in '"\\' and not "\ud800" <= char <= "\udfff":
        yield char
    short = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\", "/": "\\/"}
    if char in short:
        yield short[char]
    data = char.encode("utf-16-be", "surrogatepass")
    units = [data[at : at + 2].hex() for at in range(0, len(data), 2)]
    yield "".join(f"\\u{unit}" for unit in units)
    yield "".join(f"\\u{unit.upper()}" for unit in units)


def read(path: Path | str) -> Loaded:
    return load([os.fspath(path)])


def search(loaded: Loaded, wanted: str | Needle, **options: Any) -> Search:
    needle = Needle.text(wanted) if isinstance(wanted, str) else wanted
    return Search(loaded.store, loaded.reader.sources, FORMATS, needle, **options)


def found(path: Path | str, wanted: str | Needle, **options: Any) -> list[Hit]:
    return list(search(read(path), wanted, **options).hits())


def span_name(loaded: Loaded, hit: Hit) -> str | None:
    store = loaded.store
    return store.strings[store.spans.name[hit.span]] if hit.span >= 0 else None
