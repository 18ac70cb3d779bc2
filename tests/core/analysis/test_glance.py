"""What is asked first of a run: each answer in a line, with the section that tells more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.analysis.recorded import Recording, analysed, opened
from tests.core.analysis.test_planted import calls
from tracetui.core.analysis.glance import BOTTLENECKS, ERRORS, LOOPS, MODELS, TOOLS, Glance, run_glance
from tracetui.core.pricing.cost import Cost
from tracetui.core.symbols import UNICODE


def told(recording: Recording, folder: Path, spent: Cost, *, pending: bool = False) -> dict[str, Glance]:
    about = analysed(recording.write(folder))
    return {each.label: each for each in run_glance(about, spent, UNICODE, pending=pending)}


@pytest.fixture
def busy(tmp_path: Path) -> dict[str, Glance]:
    """A run with two models, tools of which one is slow and one is often called, an error and a loop."""
    recording = Recording()
    recording.span("llm", "plan", 0, 2, model="big", usage={"input": 900, "output": 100}, cost_usd=0.3)
    recording.span("llm", "check", 2, 3, model="small", usage={"input": 90, "output": 10}, cost_usd=0.1)
    for number in range(20):
        recording.span("tool", "read", number, number + 4.5, input={"page": number})
    recording.span("tool", "fetch", 30, 60, input="https://example.org", error="TimeoutError: no answer")
    calls(recording, "search", 5, input={"q": "steel"}, output="nothing")
    recording.ends(90)
    return told(recording, tmp_path, Cost(0.4))


def test_the_total_cost_stands_with_the_model_that_cost_most(busy: dict[str, Glance]) -> None:
    assert (busy["cost"].text, busy["cost"].section) == ("$0.40, 1.1k tokens, the most by big: $0.30", MODELS)


def test_the_slowest_tool_is_the_one_with_the_longest_call_and_the_busiest_stands_beside_it(
    busy: dict[str, Glance],
) -> None:
    assert busy["slowest tool"].text == "fetch: 30.0s; more in all: read, 1m30s in 20 calls"
    assert busy["slowest tool"].section == TOOLS


def test_errors_bottlenecks_and_loops_are_counted_and_named(busy: dict[str, Glance]) -> None:
    assert (busy["errors"].text, busy["errors"].section) == (
        "1 cause in 1 group: TimeoutError: no answer",
        ERRORS,
    )
    assert (busy["bottlenecks"].text, busy["bottlenecks"].section) == ("1: fetch", BOTTLENECKS)
    assert (busy["loops"].text, busy["loops"].section) == ("1: search ×5 (wasted 4.0s)", LOOPS)


def test_what_there_is_none_of_is_said(tmp_path: Path) -> None:
    recording = Recording()
    recording.span("tool", "read", 0, 1)
    recording.ends(1)
    found = told(recording, tmp_path, Cost())
    assert "cost" not in found
    assert {label: found[label].text for label in ("errors", "bottlenecks", "loops")} == dict.fromkeys(
        ("errors", "bottlenecks", "loops"), "none"
    )
    assert not found["loops"].section


@pytest.mark.parametrize(
    ("pending", "words"), [(True, "being looked up…"), (False, "no cost is recorded, no price is known")]
)
def test_a_cost_that_may_yet_come_is_told_from_one_that_is_not_known(tmp_path: Path, pending: bool, words: str) -> None:
    recording = Recording()
    recording.span("llm", "plan", 0, 2, model="big", usage={"input": 900, "output": 100})
    recording.ends(2)
    assert told(recording, tmp_path, Cost(), pending=pending)["cost"].text == f"{words}, 1.0k tokens"


def test_an_agent_with_one_call_has_no_growth_and_is_counted(tmp_path: Path) -> None:
    recording = Recording()
    for name, number in (("twice", 2), ("once", 1)):
        agent = recording.span("agent", name, 0, 9)
        for at in range(number):
            recording.span("llm", "ask", at, at + 1, parent=agent, model="m", usage={"input": 9, "output": 1})
    recording.ends(9)
    loaded, _ = opened(recording.write(tmp_path))
    assert len(loaded.runs) == 1
    about = analysed(tmp_path)
    assert ([each.name for each in about.contexts], about.called_once) == (["twice"], 1)
