"""Write docs/formats.md: what is read, from the formats' own docstrings and from their samples.

`.venv/bin/python scripts/make_format_docs.py` writes it anew; a test compares it. The class of a format says in lines such as
``Files: …`` what stands in the table at the head; its module says the rest, in paragraphs that begin with ``Runs: …``.
"""

import contextlib
import inspect
import io
import json
import os
import re
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tracetui.cli
from tracetui.core.formats import FORMATS
from tracetui.core.formats._base import Format
from tracetui.resources import samples_dir

PATH = Path(__file__).resolve().parent.parent / "docs" / "formats.md"
COLUMNS = ("Producer", "Files", "Live", "Status", "Figures")
PARTS = ("Runs", "Spans", "Events", "Status", "Times", "Tokens and cost", "Not recorded")
"""Paragraphs that each module has; others may follow."""
AS_OF = "2027-01-01T00:00:00Z"
"""After all that the samples recorded."""
WIDTH = 100
TREE_LINES = 16

HEAD = """# The formats

What tracetui reads, and what it makes of it. Made from the formats themselves by `scripts/make_format_docs.py`.

Files are recognised by their content, in the order of this table; the first format that claims a file reads it, whatever the
file is called. `tracetui formats --explain FILE` says why. What a producer does not record is shown as unknown (`–`, `null`)
and never made up; what is worked out is marked (`~`), and so is what lacks a part (`≥`).

"""

MEANING = """
Live: whether a run is seen while it is written; *read again* means the file holds one value and is read anew when it changes.
Status: whether a run says how it ended. Without that a run that does not go on is *unknown*, and with it *unfinished*.

Copies and side files are no runs: what was set aside is said in the notes of the run whose copy it is.
"""


@dataclass(frozen=True)
class Example:
    """What shows a format: a record of a sample, and one of its runs."""

    folder: str
    """What is read, below the format's samples."""
    run: str
    """The id of the run shown."""
    file: str
    """Where the record is taken from, below the same."""
    line: int | None = 1
    """Its line; None: the file is one value."""


EXAMPLES = {
    "tracetui": Example("support_bot.jsonl", "latest", "support_bot.jsonl", 6),
    "design-research-agents": Example(
        "run_20261120T212927Z_direct-fail.jsonl", "latest", "run_20261120T212927Z_direct-fail.jsonl", 9
    ),
    "ai-decision-tracer": Example("trading_agent", "latest", "trading_agent/trading_agent_20261120_211536.jsonl", 6),
    "claude-code": Example(
        "projects/-home-demo-shop",
        "latest",
        "projects/-home-demo-shop/0f6f3b3e-6a3b-4a55-9d7c-2b0f7f1f9a10.jsonl",
        4,
    ),
    "otlp-json": Example("carrier_timeout.jsonl", "latest", "carrier_timeout.jsonl"),
    "ddeutil-workflow": Example(
        "traces",
        "20261120212927666060T5476566578",
        "traces/run_id=20261120212927666060T5476566578/metadata.txt",
        8,
    ),
    "ragflow": Example("", "task-qa", "agent_trace_session_task-qa.json", None),
    "hillstar": Example(
        "1.2.1/failing_script", "latest", "1.2.1/failing_script/traces/trace_step_05_20261120_212928.jsonl", 3
    ),
    "json-lines": Example("crawler.jsonl", "latest", "crawler.jsonl"),
}


def text() -> str:
    """The whole file."""
    parts = [HEAD, "| format | producer | files | live | status | tokens, cost |\n|---|---|---|---|---|---|\n"]
    for each in FORMATS:
        facts = labelled(inspect.getdoc(type(each)) or "")
        cells = [markdown(facts[name]) for name in COLUMNS]
        parts.append(f"| [`{each.name}`](#{anchor(each.title)}) | {' | '.join(cells)} |\n")
    parts.append(MEANING)
    parts += [section(each) for each in FORMATS]
    return "".join(parts)


def section(each: Format) -> str:
    """One format: what it says of itself, a record, and what is shown of it."""
    doc = inspect.getdoc(sys.modules[type(each).__module__]) or ""
    paragraphs = doc.split("\n\n")
    found = [paragraph.partition(": ")[0] for paragraph in paragraphs]
    missing = [name for name in PARTS if name not in found]
    if missing:
        raise SystemExit(f"the docstring of {type(each).__module__} lacks: {', '.join(missing)}")
    example = EXAMPLES[each.name]
    folder = samples_dir() / each.name
    lines = [f"\n## {each.title}\n", *(f"\n{filled(paragraph)}\n" for paragraph in paragraphs)]
    lines += [f"\nA record, shortened (`{each.name}/{example.file}`):\n", block(record(folder, example), "json")]
    lines += ["\nIn the list of runs, and as a tree:\n", block(shown(folder / example.folder, example.run))]
    return "".join(lines)


def labelled(doc: str) -> dict[str, str]:
    """The lines ``Name: value`` of a docstring, with what goes on below them indented."""
    found = re.findall(r"^(\w+): (.+(?:\n {2,}.+)*)", doc, re.MULTILINE)
    return {name: " ".join(value.split()) for name, value in found}


def filled(paragraph: str) -> str:
    """A paragraph of a docstring as Markdown; what it is about stands out."""
    words = " ".join(paragraph.split())
    about, colon, rest = words.partition(": ")
    if colon and about in (*PARTS, "Quirks"):
        words = f"**{about}**: {rest}"
    return textwrap.fill(markdown(words), 124, break_long_words=False, break_on_hyphens=False)


def markdown(words: str) -> str:
    """Code in a docstring has two backticks."""
    return words.replace("``", "`")


def anchor(title: str) -> str:
    """The name that a heading has in links."""
    return re.sub(r"[^\w-]", "", title.lower().replace(" ", "-"))


def block(content: str, language: str = "") -> str:
    """Text as it is, which may hold a fence itself."""
    fence = "````" if "```" in content else "```"
    return f"\n{fence}{language}\n{content}\n{fence}\n"


def record(folder: Path, example: Example) -> str:
    """A record of a sample, a member a line, with what is long cut short."""
    content = (folder / example.file).read_text(encoding="utf-8")
    value = json.loads(content if example.line is None else content.splitlines()[example.line - 1])
    members = [
        f"  {json.dumps(name)}: {json.dumps(shortened(held), ensure_ascii=False)}" for name, held in value.items()
    ]
    return "{\n" + ",\n".join(members) + "\n}"


def shortened(value: object, depth: int = 0) -> object:
    """A value with long texts, lists and deep objects cut; the cut is marked."""
    if isinstance(value, str):
        return value if len(value) <= 40 else value[:36] + "…"
    if isinstance(value, list):
        return [shortened(item, depth + 1) for item in value[:1]] + ["…"] * (len(value) > 1)
    if isinstance(value, dict):
        most = 5 if depth < 2 else 2
        held = {name: shortened(item, depth + 1) for name, item in list(value.items())[:most]}
        return held if len(value) <= most else {**held, "…": "…"}
    return value


def shown(path: Path, run: str) -> str:
    """What the commands print of a run: its row, and the beginning of its tree."""
    meant = identities(path)[0] if run == "latest" else run
    table = answer("list", path)
    row = table[1 + identities(path).index(meant)]
    tree = answer("view", meant, "--in", path)[4:]
    more = [f"  … {len(tree) - TREE_LINES} more lines"] if len(tree) > TREE_LINES + 1 else []
    kept = tree[:TREE_LINES] if more else tree
    return "\n".join([table[0], row, "", *kept, *more])


def identities(path: Path) -> list[str]:
    """The ids of the runs in the order in which they are listed."""
    return [str(run["id"]) for run in json.loads("\n".join(answer("list", path, "--json")))["runs"]]


def answer(command: str, *arguments: str | Path) -> list[str]:
    """The lines that a command prints, wherever and whenever it is asked."""
    out, err = io.StringIO(), io.StringIO()
    given = [command, *map(str, arguments), "--as-of", AS_OF, "--tz", "UTC"]
    with settled(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = tracetui.cli.main(given)
    if status:
        raise SystemExit(f"tracetui {' '.join(given)}: {err.getvalue()}")
    return [line.rstrip() for line in out.getvalue().splitlines()]


@contextlib.contextmanager
def settled() -> Iterator[None]:
    """A terminal of one width and kind, in one zone."""
    before = dict(os.environ)
    os.environ |= {"COLUMNS": str(WIDTH), "LC_ALL": "C.UTF-8", "TZ": "UTC", "TERM": "xterm"}
    time.tzset()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        time.tzset()


def main() -> None:
    """Write the file."""
    PATH.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
