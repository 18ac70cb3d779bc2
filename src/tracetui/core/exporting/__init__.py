"""A run as one file for others: Markdown, HTML, JSON, JSON lines, CSV, OTLP, SVG.

    RunView, Bodies ─▶ Job.spans: facts ─▶ Gate: redacted ─▶ one writer per output ─▶ text, piece by piece

Writers walk over the run once and write as they go, so that a run of a gigabyte needs the memory of its columns and of one
body. What reaches a writer went through the gate; what leaves it is harmless to a terminal, a browser or a spreadsheet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tracetui.core.exporting.job import Job

Write = Callable[[str], object]
"""Takes the next piece of the text."""


@dataclass(frozen=True, slots=True)
class Exporter:
    """One output."""

    name: str
    """What ``--to`` calls it."""
    suffix: str
    title: str
    module: str
    """Module of this package whose ``write(job, out)`` makes it."""
    is_ascii: bool
    """It holds nothing but ASCII, whatever the trace holds."""

    def write(self, job: Job, out: Write) -> None:
        """Write the export."""
        import_module(f"{__name__}.{self.module}").write(job, out)


EXPORTERS: Final = (
    Exporter("md", ".md", "a report in Markdown", "markdown", False),
    Exporter("html", ".html", "one page for a browser, with tree, waterfall and search", "html", True),
    Exporter("json", ".json", "everything as one JSON document", "json_document", True),
    Exporter("jsonl", ".jsonl", "a recording in tracetui's own format", "native", True),
    Exporter("csv", ".csv", "one row for each span, for spreadsheets", "csv_rows", False),
    Exporter("otlp", ".otlp.json", "OpenTelemetry: OTLP as JSON", "otlp", True),
    Exporter("svg", ".svg", "one picture of the tree, for a slide or an issue", "picture", False),
)
"""All outputs, in the order of the help."""


def exporter(name: str) -> Exporter:
    """The output of this name. Raises KeyError."""
    return {each.name: each for each in EXPORTERS}[name]
