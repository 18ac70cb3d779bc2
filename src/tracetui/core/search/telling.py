"""Hits as lines of text and as JSON objects: run, span with those above it, field, place in the file, and the text around."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from tracetui.core.model import Kind
from tracetui.core.search.hits import Hit, Part
from tracetui.core.summary import path_facts, span_id
from tracetui.core.symbols import Symbols
from tracetui.core.text import cut, safe

if TYPE_CHECKING:
    from tracetui.core.bodies import Bodies
    from tracetui.core.sources._base import Source
    from tracetui.core.store import Store

_GAP: Final = "  "
_ABOVE: Final = " > "
_MOST_ABOVE: Final = 100
"""Spans above a span that are named."""
_REMEMBERED: Final = 10_000
_SPAN_CELLS, _FIELD_CELLS = 36, 28
"""Cells of a span's path and of a field where lines are cut."""


class Telling:
    """Tells hits of one store.

    Args:
        store: Where the hits are.
        sources: The reader's sources by id.
        ids: Run row to the id that is printed.
        bodies_of: For the ids of spans as written; called once a run, and only for JSON.
    """

    def __init__(
        self,
        store: Store,
        sources: Mapping[int, Source],
        ids: Mapping[int, str],
        bodies_of: Callable[[int], Bodies] | None = None,
    ) -> None:
        self._store = store
        self._sources = sources
        self._ids = ids
        self._bodies_of = bodies_of
        self._bodies: tuple[int, Bodies] | None = None
        self._paths: dict[int, tuple[str, ...]] = {}
        self._heading: tuple[int, int] | None = None

    def span_path(self, span: int) -> tuple[str, ...]:
        """Names of a span and those above it, the outermost first."""
        known = self._paths.get(span)
        if known is None:
            names: list[str] = []
            row = span
            while row >= 0 and len(names) < _MOST_ABOVE:
                names.append(self._store.strings[self._store.spans.name[row]])
                row = self._store.spans.parent[row]
            if len(self._paths) > _REMEMBERED:
                self._paths.clear()
            known = self._paths[span] = tuple(reversed(names))
        return known

    def facts(self, hit: Hit) -> dict[str, Any]:
        """A hit as a JSON object."""
        store, span = self._store, hit.span
        source = self._sources.get(hit.source)
        return {
            "run": self._ids.get(hit.run) if hit.run >= 0 else None,
            "run_name": store.runs[hit.run].name if hit.run >= 0 else None,
            "span": store.strings[store.spans.name[span]] if span >= 0 else None,
            "span_id": self._span_id(hit) if span >= 0 else None,
            "span_path": list(self.span_path(span)) if span >= 0 else [],
            "kind": Kind(store.spans.kind[span]).name if span >= 0 else None,
            "type": hit.type or None,
            "part": hit.part.value,
            "field": hit.field or None,
            "before": hit.before,
            "match": hit.match,
            "after": hit.after,
            "cut_before": hit.is_cut_before,
            "cut_after": hit.is_cut_after,
            **({"path": None} if source is None else path_facts(source.path)),
            "line": hit.line or None,
            "offset": hit.offset if source is not None else None,
        }

    def _span_id(self, hit: Hit) -> str:
        if self._bodies_of is not None and (self._bodies is None or self._bodies[0] != hit.run):
            self._bodies = (hit.run, self._bodies_of(hit.run))
        return span_id(self._store, None if self._bodies is None else self._bodies[1], hit.span)

    def lines(self, hit: Hit, symbols: Symbols, width: int | None) -> Iterator[str]:
        """A hit as a line, cut at ``width`` cells if there is a width; with a heading where run or file is another one."""
        if (hit.run, hit.source) != self._heading:
            if self._heading is not None:
                yield ""
            self._heading = (hit.run, hit.source)
            yield self._heading_of(hit)
        span, field = safe(_ABOVE.join(self.span_path(hit.span))), safe(_place_of(hit))
        if width is not None:
            span, field = cut(span, _SPAN_CELLS, "start", symbols), cut(field, _FIELD_CELLS, "start", symbols)
        before = (symbols.cut if hit.is_cut_before else "") + hit.before
        after = hit.after + (symbols.cut if hit.is_cut_after else "")
        line = f"{hit.line:>6}" if hit.line else " " * 6
        words = [word for word in (span, f"{field}: {safe(before + hit.match + after)}") if word]
        text = _GAP.join((line, *words))
        yield text if width is None else cut(text, width, "end", symbols)

    def _heading_of(self, hit: Hit) -> str:
        source = self._sources.get(hit.source)
        path = "" if source is None else source.path
        if hit.run < 0:
            return safe(path)
        name, id_ = self._store.runs[hit.run].name, self._ids.get(hit.run, "")
        return _GAP.join(safe(word) for word in dict.fromkeys((name, id_, path)) if word)


def _place_of(hit: Hit) -> str:
    """Where in its record a hit lies, in words."""
    match hit.part:
        case Part.unreadable:
            return f"unreadable ({hit.type})"
        case Part.key:
            return f"key {hit.field}"
        case Part.text:
            return hit.type or "text"
    return hit.field or hit.type
