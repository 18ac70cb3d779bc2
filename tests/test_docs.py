"""Everything a user can name is described: a command, format, theme or key without documentation fails here.

The names come from the registries themselves, so nothing has to be listed a second time for this test.
"""

import importlib
import itertools
import pkgutil
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import tracetui.tui
from tracetui import Tracer, list_runs
from tracetui.cli import cli
from tracetui.core.formats import FORMATS
from tracetui.resources import samples_dir, themes_dir
from tracetui.tui.keymaps import key_words
from tracetui.tui.widgets.empty_view import EXAMPLE

ROOT = Path(__file__).parent.parent
TEXT = "\n".join(
    path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
)


def undocumented(names: Iterable[str], pattern: str = "`{}`") -> list[str]:
    """Those of the names that README.md and docs/ never mention as the pattern says; fails if there is no name at all."""
    names = list(names)
    assert names
    return [name for name in names if not re.search(pattern.format(re.escape(name)), TEXT)]


def bindings() -> Iterator[Binding]:
    """The bindings with an id of every class of the screen: the keys that are ours and can be remapped."""
    for module in pkgutil.walk_packages(tracetui.tui.__path__, "tracetui.tui."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, DOMNode) and value.__module__ == module.name:
                own = vars(value).get("BINDINGS", [])
                yield from (binding for binding in own if isinstance(binding, Binding) and binding.id)


def test_every_command_is_documented() -> None:
    assert isinstance(cli, click.Group)
    assert not undocumented(cli.list_commands(click.Context(cli)), r"`tracetui {}\b")


def test_every_format_is_documented() -> None:
    assert not undocumented(format.name for format in FORMATS)


def test_every_format_has_a_sample() -> None:
    folders = {path.name for path in samples_dir().iterdir() if path.is_dir()}
    assert not {format.name for format in FORMATS} - folders


def test_every_theme_is_documented() -> None:
    assert not undocumented(path.stem for path in themes_dir().glob("*.toml"))


def test_every_key_is_documented_under_its_id() -> None:
    assert not undocumented(binding.id for binding in bindings() if binding.id)


def test_every_key_says_what_it_does() -> None:
    assert not [binding.id for binding in bindings() if not binding.description]


LINKS = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", (ROOT / "README.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("target", LINKS)
def test_the_readme_links_only_to_what_is_there(target: str) -> None:
    assert (ROOT / target).exists()


README = (ROOT / "README.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading of the README, cell by cell, without its head."""
    lines = README.split(f"## {heading}\n", 1)[1].splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("|---"))
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines[first + 1 :])
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def test_every_key_of_the_readme_is_bound() -> None:
    bound = {key_words(key.strip()) for binding in bindings() for key in binding.key.split(",")} | set("123456789")
    named = [key for row in table("Keys") for key in re.findall(r"`([^`]+)`", row[0])]
    assert len(named) > 30
    assert [key for key in named if key not in bound] == []


def test_the_readme_lists_the_formats_in_the_order_in_which_they_are_asked() -> None:
    assert [row[0].strip("`") for row in table("Formats")] == [format.name for format in FORMATS]


def test_the_two_lines_of_a_recording_in_the_readme_are_those_of_the_empty_folder() -> None:
    assert "".join(f"    {line}\n" for line in EXAMPLE.splitlines()) in README


def test_what_the_readme_says_of_recording_runs_and_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    block = README.split("    tracer = Tracer(", 1)[1].split("\n\n", 1)[0]
    given = {"Tracer": Tracer, "messages": "What now?", "ask": str.upper, "rows": [1, 2]}
    exec(textwrap.dedent("    tracer = Tracer(" + block), given)  # noqa: S102  # the point of it
    tracer = given["tracer"]
    assert isinstance(tracer, Tracer)
    assert tracer.stats.faults == 0
    (run,) = list_runs(tmp_path / "traces")
    assert (run.name, run.status, run.spans, run.tokens["input"]) == ("trading_agent", "ok", 3, 812)
