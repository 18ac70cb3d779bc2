"""Everything that docs/filter.md shows: examples find something in the samples, commands print what stands there."""

import re
from pathlib import Path

import pytest

from tests.core.filter.plain import NOW
from tracetui.cli import main
from tracetui.core.filter import parse, printed
from tracetui.core.filter.fields import FIELDS, OPERATORS
from tracetui.core.filter.parsing import DEEPEST, LONGEST
from tracetui.core.filter.select import Selector, Setting
from tracetui.core.loading import Loaded, load
from tracetui.core.run_status import StatusRules
from tracetui.core.summary import Summaries
from tracetui.resources import samples_dir

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "filter.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"(?:^    .*\n|^\n(?=    ))+", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL), re.MULTILINE)
LINES = [line[4:] for block in BLOCKS if "    tracetui " not in block for line in block.splitlines() if line]
EXAMPLES = [re.sub(r"\s+#.*", "", line) for line in LINES]
COMMANDS = re.findall(r"^    tracetui ([^\n]+)\n\n```\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
ROWS = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in PAGE.splitlines() if line.startswith("| `")]


@pytest.fixture(scope="module")
def samples() -> Loaded:
    return load([str(samples_dir())])


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_finds_something_in_the_samples(example: str, samples: Loaded) -> None:
    summaries = Summaries(samples.store, samples.reader.sources, samples.bodies, NOW, StatusRules())
    selector = Selector(parse(example), samples.store, Setting(summaries, samples.bodies_of, NOW))
    found = len(selector.spans()) or sum(len(selector.events(run.row)) for run in samples.runs)
    assert found
    assert selector.runs(samples.runs)
    assert parse(printed(parse(example))) == parse(example)


def test_there_are_examples_and_commands() -> None:
    assert len(EXAMPLES) > 15
    assert len(COMMANDS) == 3


@pytest.mark.parametrize(("command", "shown"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_a_command_prints_what_the_page_shows(
    command: str, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "80")
    arguments = [part.strip("'") for part in re.findall(r"'[^']*'|\S+", command)]
    main([*arguments, "--as-of", "2026-11-21T00:00:00Z"])
    out, err = capsys.readouterr()
    assert (out or err).rstrip() == shown.rstrip()


def test_the_page_has_every_field_with_its_operators() -> None:
    told = {}
    for fields, _, operators in (row for row in ROWS if len(row) == 3):
        for name in re.findall(r"`([a-z]+)(?:\.PATH)?`", fields):
            told[name] = re.findall(r"`([^`]+)`", operators) or list(OPERATORS[FIELDS["attr"].values])
    assert told == {name: [str(op) for op in OPERATORS[field.values]] for name, field in FIELDS.items()}


def test_the_page_has_every_word_of_a_field() -> None:
    for field in FIELDS.values():
        (row,) = (row for row in ROWS if len(row) == 3 and f"`{field.name}" in row[0]) if field.words else ([],)
        assert set(field.words) <= set(re.findall(r"[a-z]+", row[1] if row else ""))


def test_the_page_has_the_limits() -> None:
    assert f"at most {LONGEST:,} characters and {DEEPEST} brackets" in PAGE
