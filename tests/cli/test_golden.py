"""What `stats --json` and `view --json` say of each sample is what they said before; `scripts/make_golden.py` takes it anew."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

PATH = Path(__file__).parents[2] / "scripts" / "make_golden.py"


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_golden", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


SCRIPT = _script()


@pytest.mark.parametrize("sample", SCRIPT.samples())
def test_the_commands_say_of_a_sample_what_they_said_before(sample: str) -> None:
    assert SCRIPT.text(sample).splitlines() == SCRIPT.path_of(sample).read_text(encoding="utf-8").splitlines()


def test_a_search_finds_in_the_samples_what_it_found_before() -> None:
    assert SCRIPT.searches().splitlines() == SCRIPT.SEARCHES.read_text(encoding="utf-8").splitlines()


def test_an_analysis_says_of_the_samples_what_it_said_before() -> None:
    assert SCRIPT.analyses().splitlines() == SCRIPT.ANALYSES.read_text(encoding="utf-8").splitlines()


def test_there_is_no_answer_for_a_sample_that_is_no_more() -> None:
    assert sorted(SCRIPT.FOLDER.rglob("*.json")) == sorted(map(SCRIPT.path_of, SCRIPT.samples()))
