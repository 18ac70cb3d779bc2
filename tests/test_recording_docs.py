"""What the pages on recording say is so: their blocks run, their names exist, and each row of their tables can be shown."""

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import tracetui
from tests.core.recording import test_sink_contract as contract
from tracetui.core.recording import settings
from tracetui.core.recording.recorder import PREVIEWS
from tracetui.core.recording.records import Sink
from tracetui.core.recording.spans import RunScope, Span

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/recording.md").read_text(encoding="utf-8")
COMING_FROM = (ROOT / "docs/coming-from.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections(text: str) -> dict[str, str]:
    """Heading -> what stands below it."""
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


# The blocks

PROGRAMS = {
    heading: "".join(blocks) for heading, text in sections(PAGE).items() if (blocks := BLOCK.findall(text)) and blocks
}
CHECKED = """
import runpy, sys
from tracetui import Tracer

tracers, make = [], Tracer.__init__

def made(self, *args, **options):
    make(self, *args, **options)
    tracers.append(self)

Tracer.__init__ = made
runpy.run_path(sys.argv[1], run_name="__main__")
assert tracers, "nothing is recorded"
for tracer in tracers:
    tracer.close()
    assert not tracer.stats.faults, tracer.stats.first_fault
    assert not tracer.stats.lost
"""


def test_every_block_belongs_to_a_section() -> None:
    assert sum(len(BLOCK.findall(text)) for text in sections(PAGE).values()) == PAGE.count("```python") > 20


@pytest.mark.parametrize("heading", PROGRAMS)
def test_the_blocks_of_a_section_are_a_program_that_runs_without_a_fault(
    heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (settings.OFF, settings.FOLDER, settings.LEVEL, settings.SINKS):
        monkeypatch.delenv(name, raising=False)
    script = tmp_path / "program.py"
    script.write_text(PROGRAMS[heading], encoding="utf-8")
    command = [sys.executable, "-W", "error", "-c", CHECKED, str(script)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


# What there is, is described

CODE = "\n".join([*BLOCK.findall(PAGE), *re.findall(r"`[^`\n]+`|^ {4}.*$", PAGE, re.MULTILINE)])
"""All that the page writes as code."""
NOT_FOR_USERS = {"end_by", "leave"}
"""Methods of scopes that only the recorder calls."""


def unnamed(names: Iterator[str] | list[str]) -> list[str]:
    """Those of the names that the page never writes as code; fails if there is no name at all."""
    names = list(names)
    assert names
    return [name for name in names if not re.search(rf"(?<![\w]){re.escape(name)}(?![\w])", CODE)]


def members(kind: type) -> list[str]:
    """Public methods and properties of a class."""
    return [
        name
        for name, value in inspect.getmembers(kind)
        if not name.startswith("_") and (callable(value) or isinstance(value, property))
    ]


def test_every_public_name_is_described() -> None:
    assert unnamed([name for name in tracetui.__all__ if not name.startswith("__")]) == []


@pytest.mark.parametrize("kind", [tracetui.Tracer, Span, RunScope])
def test_everything_that_can_be_done_with_a_tracer_or_span_is_described(kind: type) -> None:
    assert set(unnamed(members(kind))) <= NOT_FOR_USERS


@pytest.mark.parametrize(
    "function",
    [
        tracetui.Tracer,
        tracetui.Redactor,
        tracetui.install,
        tracetui.ConsoleSink,
        tracetui.MemorySink,
        tracetui.LoggingHandler,
        Span.finish,
        Span.decision,
        Span.retry,
        tracetui.Tracer.trace,
        tracetui.Tracer.events,
    ],
)
def test_every_argument_is_described(function: Callable[..., object]) -> None:
    given = inspect.signature(function).parameters.values()
    positional = {"self", "function", "type", "chosen", "attempt", "values", "attributes", "output"}
    assert unnamed([each.name for each in given if each.name not in positional]) == []


def test_every_variable_of_the_environment_is_described() -> None:
    assert unnamed([settings.OFF, settings.FOLDER, settings.LEVEL, settings.SINKS]) == []


def test_the_limits_of_texts_are_those_of_the_table() -> None:
    (row,) = re.findall(r"^\| characters of one text that are kept (.*) \|$", PAGE, re.MULTILINE)
    told = [int(cell.replace(",", "")) for cell in re.findall(r"[\d,]+", row)]
    assert told == list(PREVIEWS.values())


@pytest.mark.parametrize("file", sorted(set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE))))
def test_what_shows_a_promise_is_there(file: str) -> None:
    assert (ROOT / file).exists()


# Links


def anchors(path: Path) -> set[str]:
    """The anchors of a page: its headings as they are linked to."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", ["docs/recording.md", "docs/coming-from.md", "docs/design.md", "CONTRIBUTING.md"])
def test_every_link_leads_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    broken = []
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", text):
        path = (ROOT / page).parent / target if target else ROOT / page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(f"{target}#{anchor}")
    assert broken == []


# Coming from other systems

ROWS = [
    (heading, *(cell.strip() for cell in line.strip("|").split(" | ")))
    for heading, text in sections(COMING_FROM).items()
    for line in text.splitlines()
    if line.startswith("| ") and not line.startswith("| there ")
]


@cache
def names_in(name: str) -> set[str]:
    """Names of the tests in the file of that name, which is the only one of it."""
    (path,) = (ROOT / "tests").rglob(name)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, kinds) and node.name.startswith("test_")}


def is_shown(shown: str) -> bool:
    """Whether what is to show a row is there: a test, a line of an example, or the word planned."""
    if shown == "planned":
        return True
    if found := re.fullmatch(r"`(test_\w+\.py)::(test_\w+)`", shown):
        return found[2] in names_in(found[1])
    if found := re.fullmatch(r"`examples/(\w+\.py)`: `(.+)`", shown):
        return any(found[2] in line for line in (ROOT / "examples" / found[1]).read_text(encoding="utf-8").splitlines())
    return False


@pytest.mark.parametrize(
    "system", ["design-research-agents", "ai-decision-tracer", "hillstar", "ddeutil-workflow", "RAGFlow"]
)
def test_every_row_of_a_system_is_shown_by_a_test_an_example_or_said_to_be_planned(system: str) -> None:
    rows = [row for row in ROWS if row[0] == system]
    assert len(rows) > 20
    assert [row for row in rows if len(row) != 4 or not all(row)] == []
    assert [row for row in rows if not is_shown(row[3])] == []


# The recipe for a sink

RECIPE = next(block for block in BLOCK.findall(CONTRIBUTING) if "def emit" in block)


def sink_of_the_recipe(folder: Path) -> Sink:
    """The recipe's sink, in a folder."""
    namespace: dict[str, object] = {}
    exec(RECIPE, namespace)  # noqa: S102  our own page
    made: Sink = namespace["GzipSink"](folder / "runs.jsonl.gz")  # type: ignore[operator]
    return made


CONTRACT = [value for name, value in vars(contract).items() if name.startswith("test_")]


@pytest.mark.parametrize("test", CONTRACT, ids=lambda test: test.__name__)
def test_the_sink_of_the_recipe_keeps_the_contract(
    test: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(contract.SINKS, "recipe", sink_of_the_recipe)
    sink = sink_of_the_recipe(tmp_path)
    given = {"sink": sink, "readable": sink, "name": "recipe", "tmp_path": tmp_path}
    test(**{name: given[name] for name in inspect.signature(test).parameters})


def test_what_the_sink_of_the_recipe_wrote_is_read_back(tmp_path: Path) -> None:
    tracer = tracetui.Tracer("nightly", sinks=[sink_of_the_recipe(tmp_path)], link_children=False)
    with tracer.run(), tracer.step("scan"):
        pass
    with tracer.run("second"):
        pass
    assert tracer.stats.faults == 0, tracer.stats.first_fault
    assert [run.name for run in tracetui.list_runs(tmp_path)] == ["second", "nightly"]
    assert tracer.summary()["name"] == "second"
