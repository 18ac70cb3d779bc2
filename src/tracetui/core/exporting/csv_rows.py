"""One row for each span, for spreadsheets: names, times and figures, no bodies.

RFC 4180: comma, quotes doubled, CR LF. Cells are for people, so each is one line of text that controls nothing, and a text that
a spreadsheet would take for a formula begins with an apostrophe. Numbers are plain numbers; what is not recorded is empty.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tracetui.core.text import safe

if TYPE_CHECKING:
    from tracetui.core.exporting import Write
    from tracetui.core.exporting.job import Job
    from tracetui.core.summary import Facts

_FORMULA: Final = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet takes for the beginning of a formula; the full-width ones too."""
_LONGEST: Final = 32_000
"""Characters of a cell: spreadsheets refuse more than 32,767."""

COLUMNS: Final[dict[str, Callable[[Facts], object]]] = {
    "id": lambda span: span["id"],
    "parent": lambda span: span["parent"],
    "depth": lambda span: span["depth"],
    "name": lambda span: span["name"],
    "kind": lambda span: span["kind"],
    "status": lambda span: span["status"],
    "start": lambda span: span["start"],
    "end": lambda span: span["end"],
    "duration_ms": lambda span: span["duration_ms"],
    "model": lambda span: span["model"],
    "input_tokens": lambda span: span["tokens"]["input"],
    "output_tokens": lambda span: span["tokens"]["output"],
    "total_tokens": lambda span: span["tokens"]["total"],
    "cached_tokens": lambda span: span["tokens"]["cached"],
    "cache_write_tokens": lambda span: span["tokens"]["cache_write"],
    "reasoning_tokens": lambda span: span["tokens"]["reasoning"],
    "cost_usd": lambda span: span["cost_usd"],
    "cost_computed_usd": lambda span: span["cost_computed_usd"],
    "subject": lambda span: span["subject"],
    "error_type": lambda span: span["error"] and span["error"]["type"],
    "error_message": lambda span: span["error"] and span["error"]["message"],
    "events": lambda span: len(span.get("events", ())),
    "inferred": lambda span: " ".join(span["inferred"]),
}
"""The columns of a span, behind ``run`` and ``run_name``."""
HEADER: Final = ("run", "run_name", *COLUMNS)


def write(job: Job, out: Write) -> None:
    """Write the table."""
    run = job.run_facts()
    first = (run["id"], run["name"])
    out(_line(job, HEADER))
    for _, span in job.spans():
        out(_line(job, (*first, *(value(span) for value in COLUMNS.values()))))


def _line(job: Job, values: tuple[object, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_cell(job, value) for value in values])
    return text.getvalue()


def _cell(job: Job, value: object) -> object:
    if value is None or isinstance(value, int | float):
        return value
    text = safe(str(value))
    if len(text) > _LONGEST:
        job.cut += 1
        text = f"{text[:_LONGEST]}…[cut: {len(text)} characters]"
    return f"'{text}" if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    """Whether a spreadsheet would evaluate it: some leave out blanks at its beginning."""
    return text.lstrip()[:1] in _FORMULA and bool(text.strip())
