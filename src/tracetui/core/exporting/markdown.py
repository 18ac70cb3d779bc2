"""A run as a Markdown report for people: figures, what broke first, the tree, each call with what was said and done.

Everything recorded stands in fenced blocks, whose fence is longer than any in them, or in code spans: so nothing of it is a
heading, a link, HTML or a mention, whoever renders it. The parts are made in one walk over the run, each in a file of its own
that goes to disk when it is large, and are put together at the end.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Final

from tracetui.core.exporting.bodies_text import is_conversation, value_text
from tracetui.core.exporting.heading import headline, redaction_words
from tracetui.core.exporting.limits import Budget
from tracetui.core.exporting.rows import Row, Rows
from tracetui.core.run_blocks import run_block
from tracetui.core.symbols import ASCII, UNICODE
from tracetui.core.text import cut, fit, safe

if TYPE_CHECKING:
    from tracetui.core.exporting import Write
    from tracetui.core.exporting.job import Job
    from tracetui.core.run_view import SpanLine
    from tracetui.core.summary import Facts

VALUE_CHARACTERS: Final = 20_000
"""Longest value."""
_IN_MEMORY: Final = 4_000_000
_CHUNK: Final = 1 << 20
_NO_LIMIT: Final = 1 << 60
_INLINE_CHARACTERS: Final = 200
_NAME_CELLS: Final = 60
_MOST_INDENT: Final = 15
_FIGURES: Final = (9, 8, 8, 9)
_REMEMBERED: Final = 64
_PLAIN: Final = re.compile(r"[^\W_]+(?:[ _-][^\W_]+)*")
"""Words that are nothing but words in any Markdown."""
_TICKS: Final = re.compile("`+")
_TELLING: Final = frozenset({"llm", "tool", "retriever", "embedding", "reranker", "guardrail", "evaluator"})
"""Kinds of spans that get a section even if nothing was recorded of what they took and gave."""
_LOGS: Final = frozenset({"log", "retry", "error"})
_PARTS: Final = ("Failures", "Spans", "Calls", "Decisions", "Logs")


def write(job: Job, out: Write) -> None:
    """Write the report."""
    with ExitStack() as stack:
        parts = {name: stack.enter_context(_part()) for name in _PARTS}
        report = _Report(job, parts)
        report.walk()
        for line in _head(job):
            out(line + "\n")
        for name, part in parts.items():
            if part.tell():
                out(f"\n## {name}\n\n")
                part.seek(0)
                while text := part.read(_CHUNK):
                    out(text)
        for note in job.told():
            out(f"\n{note}\n")


def _part() -> IO[str]:
    return SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", newline="")


def _head(job: Job) -> Iterator[str]:
    """Name, figures and, of an export, what was done to it."""
    head, symbols = headline(job), ASCII if job.is_ascii else UNICODE
    yield f"# {inline(head.title)}\n"
    facts, notes = job.run_facts(), [job.gate.text(note) for note in job.summaries.repairs.full(job.run)]
    if job.as_of is None:  # a program's report on itself: where it is kept says nothing to its reader
        facts = {**facts, "paths": []}
    block = list(run_block(job.run, facts, notes, job.zone, symbols))[1:]
    if job.as_of is not None:
        block += [f"  {'export':<10}  tracetui, {job.as_of}", f"  {'redacted':<10}  {redaction_words(job)}"]
    if job.where:
        block.append(f"  {'only':<10}  {job.gate.text(job.where)}")
    yield fenced("\n".join((head.lines[0], *block)))


class _Report:
    """The parts of a report while the run is walked over."""

    def __init__(self, job: Job, parts: dict[str, IO[str]]) -> None:
        self._job = job
        self._symbols = ASCII if job.is_ascii else UNICODE
        self._rows = Rows(job)
        self._failures, self._tree, self._calls, self._decisions, self._logs = (parts[name].write for name in _PARTS)
        self._path: list[str] = []
        """Names of the spans from the root down to where the walk is."""
        self._told: OrderedDict[object, list[int]] = OrderedDict()
        """What was last told to a model, by the span around its call."""

    def walk(self) -> None:
        """Write the parts."""
        self._run_failure()
        self._tree("```text\n" + self._columns("  span", ("start", "time", "tokens", "cost")) + "\n")
        for line, facts in self._job.spans():
            row = self._rows.of(line, facts)
            del self._path[row.depth :]
            self._tree(self._tree_line(row) + "\n")
            if row.is_cause:
                self._failure(row, facts)
            if not row.is_context:
                self._call(row, facts, line)
            self._path.append(row.name)
            for event in facts.get("events", ()):
                self._event(event)
        self._tree("```\n")
        for event in self._job.run_events():
            self._event(event)

    # -- the tree

    def _tree_line(self, row: Row) -> str:
        symbols = self._symbols
        lane = symbols[row.status] if row.status in ("error", "open", "skipped") else " "
        depth = f"{row.depth} " if row.depth > _MOST_INDENT else ""
        title = f"{symbols[row.kind]} {row.kind} {row.name}"
        title = f"({title})" if row.is_context else title
        about = f"  {row.subject}" if row.subject else ""
        left = f"{lane} {'  ' * min(row.depth, _MOST_INDENT)}{depth}{title}{about}"
        # Fences in the tree: a name cannot end the block, since no line of it begins with one.
        return self._columns(left, (row.start, row.time, row.tokens, row.cost))

    def _columns(self, left: str, figures: tuple[str, ...]) -> str:
        cells = [fit(text, width, align="right") for text, width in zip(figures, _FIGURES, strict=True)]
        return (fit(left, _NAME_CELLS, symbols=self._symbols) + "".join(cells)).rstrip()

    # -- failures

    def _run_failure(self) -> None:
        """What the run itself says of its failure, where no span does."""
        facts = self._job.run_facts()
        if facts["status"] == "error" and not self._rows.causes:
            self._failures(fenced(safe(facts["status_reason"])) + "\n")

    def _failure(self, row: Row, facts: Facts) -> None:
        first = "first cause: " if row.row == self._rows.first_cause else ""
        self._failures(f"### {first}{inline(row.name)}\n\n")
        where = " › ".join(self._path[-6:])
        if where:
            self._failures(f"in {inline(where)}, {row.start} after the beginning, after {row.time}\n\n")
        error = facts["error"]
        if error is None:
            self._failures("Nothing more was recorded of it.\n\n")
            return
        words = f"{error['type']}: {error['message']}" if error["type"] else error["message"]
        text = "\n".join(part for part in (words, error["traceback"]) if part)
        self._failures(fenced(self._limited(safe(text, newlines=True))) + "\n")

    # -- calls

    def _call(self, row: Row, facts: Facts, line: SpanLine) -> None:
        """What a span took and gave, as a conversation where it is one."""
        messages = facts.get("messages") or []
        values = [
            (name, facts[name])
            for name in ("input", "output")
            if name in facts and not (messages and is_conversation(facts[name]))
        ]
        if not (messages or values or facts.get("logs") or row.kind in _TELLING or line.detail is None):
            return
        self._calls(f"### {self._symbols[row.kind]} {row.kind} {inline(row.name)}\n\n")
        figures = [row.status, row.time, inline(facts["model"] or ""), self._tokens(facts)]
        self._calls(", ".join(word for word in figures if word and word != self._symbols.none) + "\n\n")
        if line.detail is None:
            self._calls("Changed on disk: what was recorded of it is gone.\n\n")
        for number, message in self._added(messages, facts):
            self._message(message, number)
        for name, value in values:
            self._calls(f"{name}:\n\n{self._value(value)}\n")
        if facts.get("logs"):
            self._calls(f"logs:\n\n{self._value(chr(10).join(facts['logs']))}\n")

    def _tokens(self, facts: Facts) -> str:
        known = [(name, facts["tokens"][name]) for name in ("input", "output") if facts["tokens"][name] is not None]
        words = {"input": "in", "output": "out"}
        return " ".join(f"{number} {words[name]}" for name, number in known)

    def _added(self, messages: list[Facts], facts: Facts) -> Iterator[tuple[int, Facts]]:
        """The messages that the previous call in the same span was not told already, numbered from 1."""
        hashes = [hash((message["role"], message["text"], str(message["tool_calls"]))) for message in messages]
        before = self._told.pop(facts["parent"], [])
        known = 0
        while known < min(len(before), len(hashes)) and before[known] == hashes[known]:
            known += 1
        if messages:
            self._told[facts["parent"]] = hashes
            if len(self._told) > _REMEMBERED:
                self._told.popitem(last=False)
        if known:
            self._calls(f"{known} message{'' if known == 1 else 's'} as before, then\n\n")
        yield from enumerate(messages[known:], known + 1)

    def _message(self, message: Facts, number: int) -> None:
        tool = f" {inline(message['tool_name'])}" if message["tool_name"] else ""
        self._calls(f"**{number}** {inline(message['role']) or 'message'}{tool}\n\n")
        if message["text"]:
            self._calls(self._value(message["text"]) + "\n")
        for call in message["tool_calls"]:
            self._calls(f"calls {inline(call['name'])}\n\n{self._value(call['arguments'])}\n")

    # -- events

    def _event(self, event: Facts) -> None:
        if event["class"] == "decision":
            self._decisions(f"- **{inline(event['type'])}** {inline(event['text'])}\n")
        elif event["class"] in _LOGS:
            shown = self._limited(value_text(event["text"]))
            self._logs(fenced(f"{event['time'] or ''} {event['class']} {safe(event['type'])}\n{shown}".strip()) + "\n")

    # -- values

    def _value(self, value: object) -> str:
        return fenced(self._limited(value_text(value)), "text" if isinstance(value, str) else "json")

    def _limited(self, text: str) -> str:
        budget = Budget(_NO_LIMIT, VALUE_CHARACTERS)
        text = budget.text(text)
        self._job.cut += budget.cut
        return text


def inline(text: str) -> str:
    """Text of one line in which nothing is markup: plain words, or a code span; empty for none."""
    text = cut(safe(text).strip(), _INLINE_CHARACTERS)
    if not text or _PLAIN.fullmatch(text):
        return text
    ticks = "`" * (1 + _longest(_TICKS.findall(text)))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def fenced(text: str, language: str = "text") -> str:
    """A block of preformatted text that is safe to show, its fence longer than any in it."""
    ticks = "`" * max(3, 1 + _longest(_TICKS.findall(text)))
    return f"{ticks}{language}\n{text}\n{ticks}\n"


def _longest(runs: Iterable[str]) -> int:
    return max(map(len, runs), default=0)
