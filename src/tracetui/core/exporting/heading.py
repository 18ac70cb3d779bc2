"""What a report says first: how the run stands, its figures, and what was done to the export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracetui.core.run_blocks import run_block
from tracetui.core.run_table import length_text
from tracetui.core.symbols import ASCII, UNICODE
from tracetui.core.text import cost_full, exact, marked, safe, wall_time_full

if TYPE_CHECKING:
    from tracetui.core.exporting.job import Job

_LABEL = 12
"""Where the values of ``run_block`` begin."""


@dataclass(slots=True)
class Headline:
    """The first lines of a report; texts are safe."""

    title: str
    status: str
    lines: list[str]


def headline(job: Job) -> Headline:
    """Name and status, figures, when."""
    run, symbols = job.run, ASCII if job.is_ascii else UNICODE
    facts = job.run_facts()
    status = facts["status"]
    length, source = run.duration()
    words = [f"{symbols[status]} {status}", length_text(status, length, source, symbols), _spans(facts["spans"])]
    if causes := len(facts["causes"]):
        words.append(f"{causes} cause{'' if causes == 1 else 's'} of failure")
    total = facts["tokens"]["total"]
    if total is not None:
        partial = "tokens.total" in facts["partial"]
        words.append(marked(f"{exact(total, symbols)} tokens", partial=partial, symbols=symbols))
    cost = job.summaries.cost(run)
    if cost.usd is not None:
        computed = cost.computed is not None
        # Sums of binary fractions have digits that nobody recorded.
        usd = round(cost.usd, 9)
        words.append(marked(cost_full(usd, symbols), computed=computed, partial=cost.partial, symbols=symbols))
    lines = ["  ".join(words)]
    if facts["status_reason"] and status != "ok":
        lines.append(safe(facts["status_reason"]))
    lines.append(f"{safe(str(facts['id']))}  {wall_time_full(run.start, job.zone, symbols)} {_zone(job)}".rstrip())
    if job.where:
        lines.append(safe(f"only what {job.gate.text(job.where)} selects, and what leads to it"))
    return Headline(safe(facts["name"]) or safe(str(facts["id"])), status, lines)


def _zone(job: Job) -> str:
    return "" if job.run.start is None else safe(str(job.zone))


def _spans(count: int) -> str:
    return f"{exact(count)} span{'' if count == 1 else 's'}"


def about_rows(job: Job) -> list[list[str]]:
    """Everything known of the run and of the export as label and value; secrets and cuts are those so far."""
    from tracetui import __version__

    symbols = ASCII if job.is_ascii else UNICODE
    facts = job.run_facts()
    notes = [job.gate.text(note) for note in job.summaries.repairs.full(job.run)]
    block = list(run_block(job.run, facts, notes, job.zone, symbols))[1:]
    rows = [[line[2:_LABEL].strip(), line[_LABEL:].strip()] for line in block]
    rows.append(["export", f"tracetui {__version__}, {job.as_of or 'now'}"])
    rows.append(["redacted", redaction_words(job)])
    return rows + [["note", note] for note in job.told()]


def redaction_words(job: Job) -> str:
    """What was done about secrets, so far."""
    if not job.gate.is_on:
        return "no: secrets are left in (--no-redact)"
    count = job.gate.count
    return f"yes: {exact(count)} secret{'' if count == 1 else 's'} taken out" if count else "yes: no secrets found"
