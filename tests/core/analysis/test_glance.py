"""What is asked first of a run: each answer in a line, with the section that tells more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.analysis.recorded import Recording, analysed, analysis_of, opened
from tests.core.analysis.test_planted import calls
from tracetui.core.analysis.folder import analyse_folder
from tracetui.core.analysis.glance import (
    BOTTLENECKS,
    ERRORS,
    LOOPS,
    MODELS,
    NOT_KNOWN,
    TOOLS,
    Glance,
    folder_glance,
    run_glance,
)
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


def test_of_a_format_that_is_not_understood_nothing_is_denied(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"type": "exec", "exit_code": 1}\n' * 3)
    assert {each.text for each in run_glance(analysed(path), Cost(), UNICODE)} == {NOT_KNOWN}


def test_of_several_runs_it_is_said_how_many_tell_nothing(tmp_path: Path) -> None:
    recording = Recording()
    recording.span("tool", "read", 0, 1)
    recording.ends(1)
    recording.write(tmp_path)
    (tmp_path / "x.jsonl").write_text('{"type": "exec", "exit_code": 1}\n' * 3)
    loaded, summaries = opened(tmp_path)
    runs = [analysis_of(loaded, summaries, number) for number in range(2)]
    costs = {run.row: summaries.cost(run) for run in loaded.runs}
    told = folder_glance(analyse_folder(loaded.store, runs, costs), Cost(), summaries.ids, UNICODE)
    assert [each.text for each in told if each.label == "not known"] == ["of 1 run: read as plain events"]


def test_where_no_tool_was_called_no_more_is_denied_than_was_looked_for(tmp_path: Path) -> None:
    recording = Recording()
    for number in range(4):
        recording.span("step", "review", number, number + 1)
    recording.ends(4)
    assert told(recording, tmp_path, Cost())["loops"].text == "none: no repeated tool calls"
