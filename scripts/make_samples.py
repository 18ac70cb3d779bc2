"""Writes the sample recordings of the native format: `python scripts/make_samples.py` fills `sample_traces/tracetui/`.

Four runs that look like real ones and show what the screen can show: a research agent that failed (three causes,
retries, a prompt that was too long, a step that was skipped), a support bot that went well, a market watch that
was killed, and a price hunter that went round in a circle. Beside them lies what the programs in `examples/` record
(`record_example.py`). Nothing is random and no clock is read: the same script writes the same bytes. A sample whose program
needs what is not installed stays as it is; with `.venv-interop/bin/python` (made by `scripts/test --interop`) all of them are
recorded.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "sample_traces" / "tracetui"
RECORD = Path(__file__).with_name("record_example.py")
SECOND = 1_000_000_000
MACHINE = {"process_start": 8_122_041, "host": "agents-1", "boot": "0f9c8d2e-6a51-4c43-9b7e-5d1f3a2b4c60"}
"""Where all of it is said to have been recorded."""


@dataclass
class Span:
    """One span of a sample, in seconds from the start of its run, with all that is below it."""

    kind: str
    name: str
    at: float
    lasts: float
    children: list["Span"] = field(default_factory=list)
    events: list[tuple[float, str, str, str]] = field(default_factory=list)
    """(seconds, class, name, text)."""
    status: str = "ok"
    error: dict[str, str] | None = None
    model: str = ""
    tokens: tuple[int, int] | None = None
    """(input, output)."""
    cached: int | None = None
    cost: float | None = None
    input: object = None
    output: object = None
    attributes: dict[str, object] = field(default_factory=dict)


def identity(text: str, digits: int) -> str:
    """A hexadecimal id that is always the same for the same text."""
    return blake2b(text.encode(), digest_size=digits // 2).hexdigest()


# ---------------------------------------------------------------- writing


@dataclass
class Recording:
    """One run: its header, its spans, its end; `killed_at` (seconds) cuts it off there."""

    name: str
    start: int
    root: Span
    pid: int
    meta: dict[str, object]
    status: str = "ok"
    error: dict[str, str] | None = None
    killed_at: float | None = None

    def lines(self) -> Iterator[str]:
        """The lines of the file, in the order in which they were written."""
        records = [(self.start, self._header()), *self._span_records(self.root, None, Counter(self.name))]
        if self.killed_at is not None:
            records = [record for record in records if record[0] <= self._ns(self.killed_at)]
        else:
            records.append((self._ns(self.root.at + self.root.lasts) + 2_000_000, self._end()))
        records.sort(key=lambda record: record[0])
        for seq, (_, record) in enumerate(records):
            yield json.dumps({key: seq if key == "seq" else value for key, value in record.items()}, ensure_ascii=False)

    def _ns(self, seconds: float) -> int:
        return self.start + round(seconds * SECOND)

    def _header(self) -> dict[str, object]:
        return {
            "tracetui": 1,
            "type": "header",
            "seq": 0,
            "run": identity(self.name, 32),
            "name": self.name,
            "time": self.start,
            "mono": 81_220_415_000_000,
            "pid": self.pid,
            **MACHINE,
            "format_minor": 0,
            "meta": self.meta,
        }

    def _end(self) -> dict[str, object]:
        record: dict[str, object] = {
            "type": "run_end",
            "seq": 0,
            "time": self._ns(self.root.at + self.root.lasts) + 2_000_000,
            "status": self.status,
        }
        return record | ({"error": self.error} if self.error else {})

    def _span_records(
        self, span: Span, parent: str | None, number: "Counter"
    ) -> Iterator[tuple[int, dict[str, object]]]:
        key = number.next()
        who = {"span": key} | ({"parent": parent} if parent else {})
        what = {"name": span.name, "kind": span.kind}
        start, end = self._ns(span.at), self._ns(span.at + span.lasts)
        begun: dict[str, object] = {"type": "span_start", "seq": 0, "time": start, **who, **what}
        if span.model:
            begun["model"] = span.model
        if span.input is not None:
            begun["input"] = span.input
        yield start, begun
        for seconds, cls, name, text in span.events:
            yield self._ns(seconds), self._event(key, self._ns(seconds), cls, name, text)
        for child in span.children:
            yield from self._span_records(child, key, number)
        yield end, self._span_end(span, who | what | {"start": start}, start, end)

    def _span_end(self, span: Span, who: dict[str, object], start: int, end: int) -> dict[str, object]:
        record: dict[str, object] = {"type": "span_end", "seq": 0, "time": end, **who, "duration_ns": end - start}
        record["status"] = span.status
        if span.model:
            record["model"] = span.model
        if span.tokens:
            usage = {"input": span.tokens[0], "output": span.tokens[1]}
            record["usage"] = usage | ({"cached": span.cached} if span.cached is not None else {})
        for key, value in (("cost_usd", span.cost), ("error", span.error), ("output", span.output)):
            if value is not None:
                record[key] = value
        if span.attributes:
            record["attributes"] = span.attributes
        return record

    def _event(self, span: str, time: int, cls: str, name: str, text: str) -> dict[str, object]:
        record: dict[str, object] = {"type": "event", "seq": 0, "time": time, "span": span, "class": cls, "name": name}
        if cls == "log":
            record["level"] = "error" if "failed" in text else "info"
        return record | {"text": text}


class Counter:
    """Gives one span id after the other."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.number = 0

    def next(self) -> str:
        """The id of the next span."""
        self.number += 1
        return identity(f"{self.run} {self.number}", 16)


# ---------------------------------------------------------------- the pieces of the runs

SONNET = "claude-sonnet-4-5"
TOPIC = "steel vs timber frames for mid-rise housing"
MARKET_SYSTEM = "You watch the market for one portfolio. Answer in one sentence."
SHOP_SYSTEM = "You help customers of a shop."
SYSTEM = "You write short, sourced reports on building materials. Quote every figure with its source."


def llm(
    name: str,
    at: float,
    lasts: float,
    tokens: int,
    cost: float,
    ask: str,
    answer: str,
    system: str = SYSTEM,
    **more: object,
) -> Span:
    """A model call with its conversation; `tokens` in all, of which about one in twelve is the answer."""
    out = max(1, tokens // 12)
    span = Span("llm", name, at, lasts, model=SONNET, tokens=(tokens - out, out), cost=cost)
    span.input = [{"role": "system", "content": system}, {"role": "user", "content": ask}]
    span.output = {"role": "assistant", "content": answer}
    span.attributes = {"temperature": 0.2, "max_tokens": 4096, "stop_reason": "end_turn"}
    for key, value in more.items():
        setattr(span, key, value)
    return span


def fetch(url: str, at: float, lasts: float, parts: bool = True) -> Span:
    """A page that was fetched, with what it took."""
    span = Span("tool", "fetch_page", at, lasts, input={"url": url, "timeout_s": 30})
    span.output = {"status": 200, "characters": 18_204 + len(url) * 37}
    if parts:
        span.children = [
            Span("span", "http_get", at + 0.05, lasts * 0.8, attributes={"http.status_code": 200}),
            Span("span", "parse_html", at + 0.05 + lasts * 0.8, lasts * 0.15, attributes={"parser": "lxml"}),
        ]
    return span


TIMEOUT_TRACEBACK = """Traceback (most recent call last):
  File "/usr/lib/python3.12/asyncio/runners.py", line 118, in run
    return self._loop.run_until_complete(task)
  File "/usr/lib/python3.12/asyncio/base_events.py", line 686, in run_until_complete
    return future.result()
  File "research/readers.py", line 57, in read
    return await self.fetch(url)
  File "research/fetch.py", line 88, in fetch_page
    body = await client.get(url, timeout=30)
  File "/srv/venv/lib/python3.12/site-packages/httpx/_client.py", line 1768, in get
    return await self.request(
  File "/srv/venv/lib/python3.12/site-packages/httpx/_client.py", line 1540, in request
    return await self.send(request, auth=auth, follow_redirects=follow_redirects)
  File "/srv/venv/lib/python3.12/site-packages/httpx/_client.py", line 1629, in send
    response = await self._send_handling_auth(
  File "/srv/venv/lib/python3.12/site-packages/httpx/_transports/default.py", line 118, in map_httpcore_exceptions
    raise mapped_exc(message) from exc
TimeoutError: upstream timed out after 30 s"""

CONTEXT_TRACEBACK = """Traceback (most recent call last):
  File "research/readers.py", line 71, in extract
    reply = await self.model.complete(messages)
  File "research/model.py", line 44, in complete
    raise ContextLengthError(used, limit)
ContextLengthError: prompt has 212,480 tokens, the limit is 200,000"""

SECTION_TRACEBACK = """Traceback (most recent call last):
  File "research/report.py", line 133, in write_section
    sources = self.sources_for(section)
  File "research/report.py", line 97, in sources_for
    raise MissingSourcesError(section.title)
MissingSourcesError: section 3 has no sources"""


def failure(type: str, message: str, traceback: str = "") -> dict[str, str]:
    """The `error` of a record."""
    return {"type": type, "message": message} | ({"traceback": traceback} if traceback else {})


def _plan() -> Span:
    ask = f"Outline a report on {TOPIC}. Three sections, each with the question it answers."
    outline = "1. Embodied carbon per m²\n2. Cost and time on site\n3. Fire and durability"
    return Span(
        "step",
        "plan",
        0.1,
        30.9,
        children=[
            llm("draft_outline", 0.3, 17.9, 3_900, 0.0118, ask, outline),
            llm("critique_outline", 18.4, 11.5, 2_200, 0.0079, f"What is missing here?\n\n{outline}", "Insurance."),
        ],
        events=[(30.4, "decision", "router", "continue: 3 sections, 2 readers")],
    )


def _reader_1() -> Span:
    istructe, steel = "https://istructe.org/resources/embodied-carbon", "https://worldsteel.org/data/mid-rise-frames"
    facts = "- 92 kg CO2e/m² for the timber frame (p. 14)\n- 148 kg CO2e/m² for the steel frame (p. 15)"
    return Span(
        "agent",
        "reader_1",
        52.2,
        144.0,
        children=[
            fetch(istructe, 52.4, 8.6),
            llm("extract_facts", 61.0, 41.8, 14_400, 0.0262, f"Facts with figures from {istructe}", facts),
            fetch(steel, 104.0, 17.0),
            llm("extract_facts", 122.0, 74.0, 16_600, 0.0301, f"Facts with figures from {steel}", facts),
        ],
    )


def _reader_2() -> Span:
    url = "https://timber-db.example/api/v2/products/glulam-frames?region=eu&fields=carbon,cost"
    timeout = failure("TimeoutError", "upstream timed out after 30 s", TIMEOUT_TRACEBACK)
    too_long = failure("ContextLengthError", "prompt has 212,480 tokens, the limit is 200,000", CONTEXT_TRACEBACK)
    failed_fetch = Span("tool", "fetch_page", 124.118, 91.0, status="error", error=timeout)
    failed_fetch.input = {"url": url, "timeout_s": 30}
    failed_fetch.attributes = {"attempts": 3, "attempt_seconds": [30.0, 30.1, 30.2], "http.method": "GET"}
    failed_fetch.events = [
        (154.1, "retry", "retry", "retry 1 of 3  after 30.0s · TimeoutError"),
        (184.3, "retry", "retry", "retry 2 of 3  after 30.1s · TimeoutError"),
        (215.1, "error", "TimeoutError", "TimeoutError: upstream timed out after 30 s"),
    ]
    doi = "https://doi.org/10.1016/j.conbuildmat.2023.131208"
    return Span(
        "agent",
        "reader_2",
        52.3,
        210.0,
        status="error",
        error=failure("ReaderError", "2 of 3 sources could not be used"),
        children=[
            fetch(doi, 52.6, 5.5, parts=False),
            llm("extract_facts", 58.3, 65.8, 14_700, 0.0287, f"Facts with figures from {doi}", "- 50 years at 65 % RH"),
            failed_fetch,
            llm(
                "extract_facts",
                215.2,
                46.6,
                14_800,
                0.0291,
                "Facts with figures from the three documents so far",
                "",
                status="error",
                error=too_long,
                output=None,
            ),
        ],
    )


def _reader_3() -> Span:
    children: list[Span] = []
    at = 318.2
    for number in range(1, 6):
        page = f"https://standards.example/en-1995/part-{number}"
        children += [
            fetch(page, at, 2.4),
            llm("extract_facts", at + 2.5, 13.9, 6_980, 0.0139, f"Facts with figures from {page}", "- none"),
        ]
        at += 16.6
    children += [Span("tool", "note", at, 0.2, input={"text": "EN 1995 has no carbon figures"}), _cache(at + 0.3)]
    return Span("agent", "reader_3", 318.0, 84.0, children=children)


def _cache(at: float) -> Span:
    return Span("span", "write_cache", at, 0.2, attributes={"entries": 12})


def _gather() -> Span:
    query = "steel vs timber embodied carbon mid-rise"
    search = Span("tool", "web_search", 40.5, 11.5, input={"query": query, "results": 8}, output={"results": 8})
    search.children = [Span("span", f"search_page_{page}", 40.6 + 3.7 * page, 3.6) for page in range(3)]
    return Span(
        "step",
        "gather_sources",
        31.0,
        371.0,
        status="error",
        error=failure("StepError", "reader_2 failed"),
        children=[
            llm("choose_queries", 31.2, 9.2, 2_800, 0.0088, f"Search queries for: {TOPIC}", query),
            search,
            _reader_1(),
            _reader_2(),
            _reader_3(),
        ],
    )


def _score() -> Span:
    embed = Span(
        "embedding", "embed_chunks", 402.2, 6.8, model="text-embedding-3-small", tokens=(11_200, 0), cost=0.001
    )
    nearest = Span(
        "retriever", "nearest_sources", 409.0, 1.2, input={"query": TOPIC, "k": 24}, output={"documents": 24}
    )
    rerank = Span("reranker", "rerank", 410.3, 7.6, model="rerank-3", tokens=(7_100, 0), cost=0.002)
    judge = Span("evaluator", "source_quality", 418.0, 32.6, model=SONNET, tokens=(3_900, 300), cost=0.0081)
    judge.output = {"score": 0.71, "explanation": "two of nine sources are manufacturers' own figures"}
    return Span("step", "score_sources", 402.0, 49.0, children=[embed, nearest, rerank, judge])


def _section(number: int, at: float, lasts: float, tokens: int, cost: float, spans: int) -> Span:
    """A section: each paragraph looks up its source and is written; what is left of `spans` are small checks."""
    paragraphs = 7
    own = tokens - 820 * paragraphs
    section = llm("write_section", at, lasts, own, cost - 0.004 * paragraphs, f"Section {number} of 3", "## Cost")
    section.input = {"section": f"{number} of 3", "words": 420}
    step = lasts / (paragraphs + 1)
    for paragraph in range(paragraphs):
        begin = at + step * (paragraph + 0.5)
        claim = {"claim": f"claim {number}.{paragraph + 1}"}
        section.children += [
            Span("tool", "cite_source", begin, step * 0.2, input=claim, output={"source": f"S{paragraph + 1}"}),
            llm("write_paragraph", begin + step * 0.22, step * 0.7, 820, 0.004, f"{claim['claim']}, 60 words", "…"),
        ]
        section.children[-1].events.append((begin + step * 0.3, "log", "draft", f"paragraph {paragraph + 1} drafted"))
    while len(section.children) < spans:
        section.children.append(Span("span", "check_units", at + lasts - 0.9 + len(section.children) * 0.02, 0.015))
    return section


def _write() -> Span:
    last = _section(3, 668.0, 91.0, 19_400, 0.0699, 23)
    last.status, last.error, last.output = "error", None, None
    broken = last.children[-1]
    broken.name, broken.kind, broken.status = "sources_for", "step", "error"
    broken.error = failure("MissingSourcesError", "section 3 has no sources", SECTION_TRACEBACK)
    last.error = failure("MissingSourcesError", "section 3 has no sources")
    return Span(
        "step",
        "write_report",
        451.0,
        309.0,
        status="error",
        error=failure("StepError", "section 3 of 3 was not written"),
        children=[
            _section(1, 451.0, 102.0, 18_100, 0.0610, 21),
            _section(2, 553.0, 115.0, 19_700, 0.0661, 22),
            last,
            Span("guardrail", "citations_present", 759.4, 0.4, output={"passed": True, "checked": 21}),
            Span("step", "publish", 759.9, 0.0, status="skipped", attributes={"reason": "write_report did not finish"}),
        ],
        events=[(759.95, "log", "log", "run failed: section 3 has no sources")],
    )


def research_agent() -> Recording:
    """The failed run: 124 spans, three causes."""
    error = failure("RunError", "write_report failed: section 3 has no sources")
    root = Span("agent", "research_agent", 0.0, 761.0, [_plan(), _gather(), _score(), _write()], status="error")
    root.error, root.input = error, {"topic": TOPIC}
    start = 1_795_210_356_000_000_000
    meta = {"model": SONNET, "tags": ["research", "nightly"], "version": "0.14.2"}
    return Recording("research_agent", start, root, 41_207, meta, "error", error)


def support_bot() -> Recording:
    """The run that went well: three turns, tools beside one another."""
    ask = partial(llm, system=SHOP_SYSTEM)
    turns: list[Span] = []
    at = 0.1
    for number, (question, tool, arguments, answer) in enumerate(SUPPORT_TURNS, 1):
        first = ask("choose_tool", at + 0.1, 2.2, 1_180 + 240 * number, 0.0021, question, f"calls {tool}", cached=960)
        call = Span("tool", tool, at + 2.4, 0.6 + number * 0.4, input=arguments, output={"found": True})
        stock = Span(
            "tool", "check_stock", at + 2.4, 0.5, input={"sku": f"SKU-{4400 + number}"}, output={"in_stock": 3}
        )
        reply = ask("answer", at + 4.2, 3.1, 1_530 + 240 * number, 0.0034, question, answer, cached=1_200)
        turn = Span("chain", f"turn {number}", at, 7.5, [first, call, stock, reply])
        turn.events.append((at + 0.05, "message", "user", question))
        turns.append(turn)
        at += 13.5
    root = Span("agent", "support_bot", 0.0, at - 5.7, turns, output={"resolved": True})
    return Recording("support_bot", 1_795_210_295_000_000_000, root, 41_166, {"model": SONNET, "channel": "web"})


SUPPORT_TURNS = (
    ("Where is my order 40118?", "find_order", {"order": "40118"}, "It left the warehouse on Thursday."),
    ("Can I change the address?", "change_address", {"order": "40118"}, "Yes, until noon. Which address?"),
    ("To the office, please.", "save_address", {"order": "40118", "label": "office"}, "Done: it goes to the office."),
)


def market_watch() -> Recording:
    """The run whose process was killed: five spans are still open."""
    ask = partial(llm, system=MARKET_SYSTEM)
    scan = [
        ask(f"scan {coin}", at, lasts, 1_900, 0.0102, f"Is {coin} unusual today?", "No.")
        for coin, at, lasts in (("BTCUSDT", 12.0, 14.8), ("ETHUSDT", 27.0, 15.7), ("SOLUSDT", 43.0, 17.5))
    ]
    critic = [
        ask("critic", 102.0, 37.5, 4_100, 0.0181, "Find the weakest assumption.", "The correlation is stale."),
        ask("critic", 168.0, 400.0, 4_812, 0.02, "Does the check still hold if ETH follows?", ""),
    ]
    critic[1].events = [(171.0, "token", "token", "The 30-day"), (174.0, "token", "token", "correlation")]
    exposure = ask("assess exposure", 61.5, 22.6, 2_600, 0.0119, "How exposed is the portfolio?", "38 % BTC.")
    correlation = ask("assess correlation", 84.2, 16.9, 2_400, 0.0108, "How do the positions move together?", "0.81.")
    second = Span("agent", "second_opinion", 101.2, 500.0, critic)
    load = Span("step", "load_portfolio", 0.2, 3.0, [Span("tool", "read_positions", 0.3, 1.4, input={"account": "A1"})])
    plan = ask("plan_scan", 3.4, 8.6, 1_400, 0.0061, "What should be looked at today?", "BTC, ETH, SOL.")
    market = Span("step", "market_scan", 3.3, 57.8, [plan, *scan])
    risk = Span("step", "assess_risk", 61.2, 560.0, [exposure, correlation, second])
    root = Span("agent", "market_watch", 0.0, 700.0, [load, market, risk], input={"symbols": ["BTC", "ETH", "SOL"]})
    start = 1_795_210_890_000_000_000
    return Recording("market_watch", start, root, 41_388, {"model": SONNET}, killed_at=182.0)


def price_hunter() -> Recording:
    """The run that ended well and still went round in a circle: one search six times, beside polling that is none."""
    wanted, at = {"query": "larch decking 27 mm price per metre", "region": "eu"}, 0.2
    children: list[Span] = []
    for number in range(1, 7):
        asked = llm("decide", at, 2.8, 1_450 + 190 * number, 0.006, "What is the best price?", "calls search_offers")
        search = Span("tool", "search_offers", at + 3.0, 1.9, input=wanted, output={"offers": [], "note": "no match"})
        children += [asked, search]
        at += 6.1
    children.append(Span("tool", "start_export", at, 0.3, input={"list": "suppliers"}, output={"job": "J-77"}))
    for number, state in enumerate(("pending", "pending", "pending", "done")):
        begun = at + 1.0 + number * 5.0
        children.append(Span("tool", "export_state", begun, 0.2, input={"job": "J-77"}, output={"status": state}))
    end = llm(
        "answer", at + 17.0, 4.4, 2_900, 0.0094, "What is the best price?", "No offer was found; 14 suppliers listed."
    )
    root = Span("agent", "price_hunter", 0.0, at + 22.0, [*children, end], input={"article": "larch decking 27 mm"})
    return Recording("price_hunter", 1_795_161_600_000_000_000, root, 40_911, {"model": SONNET})


SAMPLES: tuple[Callable[[], Recording], ...] = (research_agent, support_bot, market_watch, price_hunter)


def told() -> Iterator[tuple[str, bytes]]:
    """Name and content of the samples that are told here."""
    for make in SAMPLES:
        recording = make()
        yield f"{recording.name}.jsonl", "".join(f"{line}\n" for line in recording.lines()).encode()


# ---------------------------------------------------------------- what the examples record


@dataclass(frozen=True)
class Example:
    """A program of `examples/`, and how it ends."""

    name: str
    option: str = ""
    status: int = 0
    """Its exit status."""
    last_words: str = ""
    """How the last line of its standard error begins; empty: it says nothing there."""
    needs: str = ""
    """A module without which it is not recorded."""

    @property
    def sample(self) -> str:
        """Name of the sample."""
        return self.name + self.option.replace("--", "_")

    @property
    def can_be_recorded(self) -> bool:
        """Whether what it needs is installed."""
        try:
            return not self.needs or find_spec(self.needs) is not None
        except ModuleNotFoundError:  # not even the package that it would be a part of
            return False


EXAMPLES = (
    Example("plain_loop"),
    Example("fan_out"),
    Example("child_process"),
    Example("with_opentelemetry", needs="opentelemetry.sdk"),
    Example("crash", status=1, last_words="crash.UnknownCurrency: "),
    Example("crash", "--kill", status=-9),
)
FIRST_PID = 41_500


def recorded(example: Example) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file of an example; several files stand in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        run_example(example, folder)
        texts = [path.read_bytes().partition(b"\n") for path in Path(folder).iterdir()]
    parts = sorted(((json.loads(header), rest) for header, _, rest in texts), key=in_order)
    pid = FIRST_PID + 100 * EXAMPLES.index(example)
    for header, rest in parts:
        pid += 1
        header |= {"pid": pid, **MACHINE}
        name = f"{example.sample}.jsonl" if len(parts) == 1 else f"{example.sample}/{header['run']}.{pid}.jsonl"
        yield name, json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" + rest


def in_order(part: tuple[dict[str, Any], bytes]) -> tuple[object, ...]:
    """Files of a run in the order in which they were begun, those begun together by what they say."""
    header, rest = part
    return header["time"], header.get("child", False), rest


def run_example(example: Example, folder: str) -> None:
    """Have an example record into a folder."""
    # Marks below the lines of a traceback differ between versions of Python.
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("TRACETUI_", "TRACEPARENT"))}
    command = [sys.executable, str(RECORD), example.name, *([example.option] if example.option else []), folder]
    ended = subprocess.run(
        command, env={**environment, "PYTHONNODEBUGRANGES": "1"}, capture_output=True, text=True, check=False
    )
    said = ended.stderr.splitlines()[-1:] or [""]
    is_as_meant = said[0].startswith(example.last_words) if example.last_words else not ended.stderr
    if ended.returncode != example.status or not is_as_meant:
        raise SystemExit(f"{' '.join(command)}: exit status {ended.returncode}\n{ended.stderr}")


def samples() -> Iterator[tuple[str, bytes]]:
    """Name and content of every sample that can be made here."""
    yield from told()
    for example in EXAMPLES:
        if example.can_be_recorded:
            yield from recorded(example)
        else:
            print(f"{example.sample}: left as it is, {example.needs} is not installed")


def main() -> None:
    """Writes all samples."""
    for name, content in samples():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(name, len(content))


if __name__ == "__main__":
    main()
