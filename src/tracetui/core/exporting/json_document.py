"""Everything of a run as one JSON document, schema ``tracetui.export/1``: what ``view --full --events --json`` says, and more.

Spans are written as they are read. What is known only then (how much was redacted) stands behind them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tracetui.core.exporting.plain import json_line, spelt
from tracetui.core.jsontext import ascii_json

if TYPE_CHECKING:
    from tracetui.core.exporting import Write
    from tracetui.core.exporting.job import Job

SCHEMA: Final = "tracetui.export/1"


def write(job: Job, out: Write) -> None:
    """Write the document."""
    head = {**job.frame(SCHEMA), "run": job.run_facts()}
    out(ascii_json(spelt(head), indent=True).removesuffix("\n}"))
    out(',\n  "spans": [')
    before = "\n    "
    for _, facts in job.spans():
        out(before + json_line(facts))
        before = ",\n    "
    out("]" if before.startswith("\n") else "\n  ]")
    tail = {
        "events": job.run_events(),
        "unreadable": job.unreadable(),
        "redactions": job.gate.count,
        "changed_on_disk": job.gone,
    }
    out("," + ascii_json(spelt(tail), indent=True).removeprefix("{") + "\n")
