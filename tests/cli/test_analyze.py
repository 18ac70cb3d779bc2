"""`tracetui analyze` as its user sees it: the first lines, the lists, --fail-on, many runs together."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import click
import pytest

from tests.cli.conftest import PAYLOADS, Run, recording
from tests.core.analysis.recorded import Recording
from tests.core.analysis.test_planted import calls, claude_session, deep_failure
from tracetui.core.analysis.page import Page
from tracetui.core.text import cell_width
from tracetui.resources import samples_dir

SAMPLES = samples_dir() / "tracetui"


@pytest.fixture(autouse=True)
def columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_the_first_ten_lines_of_a_failed_run_say_what_broke_where_when_what_it_said_and_what_was_going_on(
    run: Run, tmp_path: Path
) -> None:
    answer = run("analyze", deep_failure().write(tmp_path), "--tz", "UTC")
    assert answer.lines[:10] == [
        "✗ error  nightly  15m00s  8 spans  1 cause",
        "  4 failed spans",
        "  broke first  ■ fetch_page  https://example.org/a",
        "  where        planner › gather › reader › fetch_page",
        "  when         failed at +5m00s (00:05:00), took 3m20s, then 10m00s to the end",
        "  said         TimeoutError: upstream timed out after 30 s",
        "  raised at    fetch.py:88 in get_page",
        "  before it    ◇ choose was ok, took 35.0s",
        "  beside it    writer › draft, for 1m40s by then",
        "  led to       reader, gather, planner and the run failed",
    ]


def test_a_run_without_an_end_says_where_it_stopped(run: Run) -> None:
    lines = run("analyze", SAMPLES / "crash_kill.jsonl", "--tz", "UTC").lines
    assert lines[2:6] == [
        "  stopped in   · look_up_rate",
        "  where        auditor › audit INV-7005 › convert_currency › look_up_rate",
        "  since        +9m43s (13:09:43), open for 11.0s",
        "  before it    ■ read_invoice was ok, took 31.0s, until +9m43s",
    ]


def test_a_stalled_run_says_what_it_waits_for(run: Run, tmp_path: Path) -> None:
    import os

    path = tmp_path / "a.jsonl"
    path.write_text(recording(ended=False), encoding="utf-8")
    os.utime(path, (1_767_225_604, 1_767_225_604))
    answer = run("analyze", path, "--as-of", "2026-01-01T00:10:00Z", "--fail-on", "stalled")
    assert answer.lines[0].startswith("◌ stalled  agent")
    assert answer.lines[2].startswith("  stalled in   ◆ agent")
    assert answer.code == 1


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for arguments in (
        [SAMPLES / "research_agent.jsonl"],
        [samples_dir() / "claude-code"],
        [samples_dir() / "otlp-json"],
    ):
        lines = run("analyze", *arguments).lines
        assert max(map(cell_width, lines)) <= max(width, 60), max(lines, key=cell_width)


def test_ascii_is_ascii(run: Run) -> None:
    assert run("analyze", SAMPLES, "--ascii").out.isascii()
    assert run("analyze", SAMPLES / "research_agent.jsonl", "--ascii").out.isascii()


def test_what_was_cut_from_a_list_is_counted_and_a_longer_list_can_be_asked_for(run: Run) -> None:
    short = run("analyze", SAMPLES / "research_agent.jsonl", "--limit", "2").out
    long = run("analyze", SAMPLES / "research_agent.jsonl", "--limit", "1000").out
    assert "… 1 more group (--limit 3)" in short
    assert "--limit" not in long
    assert long.count("\n") > 200


def test_a_loop_and_polling_are_told_apart_in_the_text(run: Run, tmp_path: Path) -> None:
    recorded = Recording()
    agent = recorded.span("agent", "a", 0, 90)
    calls(recorded, "web_search", 12, parent=agent, asked=True, input={"q": "steel"}, output="nothing")
    other = recorded.span("agent", "b", 0, 90)
    calls(recorded, "poll_job", 6, parent=other, every=6.0, took=0.1, input={"job": 1}, output="not ready")
    recorded.ends(90)
    out = run("analyze", recorded.write(tmp_path)).out
    assert "the same arguments 12 times" in out
    assert "wasted 15.4s" in out
    assert "answers say it is pending, no loop" in out


def test_many_runs_are_summed_up_and_the_worst_come_first(run: Run, tmp_path: Path) -> None:
    for number in range(6):
        text = recording(run=f"{number:032x}", name=f"agent_{number}", start=number * 3_600.0, failed=number in (2, 4))
        (tmp_path / f"{number:032x}.1.jsonl").write_text(text, encoding="utf-8")
    answer = run("analyze", tmp_path, "--tz", "UTC")
    assert answer.lines[0] == "6 runs  ✗ 2 error  ✓ 4 ok"
    assert "  ✗    2 TimeoutError: no answer after # s" in answer.lines
    assert "         in 2 runs: agent_2 1, agent_4 1  ended 2 of them" in answer.lines
    runs = [line for line in answer.lines if line.startswith(("  ✗ agent_", "  ✓ agent_"))]
    assert [line.split()[1] for line in runs[:2]] == ["agent_4", "agent_2"]
    whole = run("analyze", tmp_path, "--json").json["whole"]
    assert sum(piece["failed"] for piece in whole["pieces"]) == 2
    assert whole["errors"][0]["runs"] == 2


def test_one_of_many_runs_can_be_chosen(run: Run) -> None:
    assert "research_agent" in run("analyze", SAMPLES, "--run", "research_agent").lines[0]
    assert len(run("analyze", SAMPLES, "--run", "failed", "--json").json["runs"]) == 1
    assert run("analyze", SAMPLES, "--run", "nobody").code == 2


def test_where_chooses_runs(run: Run) -> None:
    found = run("analyze", SAMPLES, "--where", "status:error", "--json").json["runs"]
    assert {each["run"]["status"] for each in found} == {"error"}


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("error", 1),
        ("stalled", 0),
        ("unfinished,loop", 0),
        ("cost>0.2", 1),
        ("cost>100", 0),
        ("dur>10m", 1),
        ("dur>10h,tokens>1k", 1),
        ("retries>1", 1),
        ("retries>2", 0),
        ("errors>=8", 1),
        ('name:"research_agent"', 1),
    ],
)
def test_fail_on_sets_the_exit_status_and_says_why(run: Run, condition: str, code: int) -> None:
    answer = run("analyze", SAMPLES / "research_agent.jsonl", "--fail-on", condition)
    assert answer.code == code
    assert ("--fail-on" in answer.err) == bool(code)


def test_a_loop_fails_where_that_is_asked_for(run: Run, tmp_path: Path) -> None:
    recorded = Recording()
    calls(recorded, "web_search", 12, input={"q": "steel"}, output="nothing")
    assert run("analyze", recorded.write(tmp_path), "--fail-on", "loop").code == 1
    assert run("analyze", recorded.write(tmp_path), "--fail-on", "loops>1").code == 0


@pytest.mark.parametrize(
    ("condition", "said"),
    [("eror", "'eror' is no condition"), ("cost>", "cost>"), ("", "no condition"), ("error,dur>abc", "abc")],
)
def test_a_wrong_condition_is_wrong_usage_that_points(run: Run, condition: str, said: str) -> None:
    answer = run("analyze", SAMPLES, "--fail-on", condition)
    assert answer.code == 2
    assert said in answer.err


def test_only_words_that_were_meant_as_conditions_are_told_of_commas(run: Run) -> None:
    told = {text: run("analyze", SAMPLES, "--fail-on", text).err for text in ("error stalled", "cost > x")}
    assert {text: "separated by commas" in err for text, err in told.items()} == {
        "error stalled": True,
        "cost > x": False,
    }


def test_figures_are_those_of_stats(run: Run) -> None:
    stats = {each["id"]: each for each in run("stats", samples_dir(), "--json").json["runs"]}
    for each in run("analyze", samples_dir(), "--json").json["runs"]:
        told, known = each["run"], stats[each["run"]["id"]]
        assert told == {name: known[name] for name in told}
        assert each["errors"]["causes"] == len(known["causes"])
        assert sum(name["count"] for name in each["names"]) == known["spans"]
        assert sum(retry["events"] for retry in each["retries"]) == known["retries"]
        assert each["tool_results"]["of"] == known["spans_by_kind"].get("tool", 0)
        if each["time"] is not None:
            assert sum(part["ns"] for part in each["time"]["parts"]) == round(known["duration_ms"] * 1_000_000)
        for name in ("input", "output", "cached"):
            assert each["tokens"]["tokens"][name] == known["tokens"][name] or known["format"] == "claude-code"


def test_a_session_with_29_flagged_tool_results_says_29(run: Run, tmp_path: Path) -> None:
    out = run("analyze", claude_session(tmp_path, 29)).out
    assert "29 of 29 calls flagged as failed" in out


def test_nothing_of_a_trace_controls_the_terminal(run: Run, tmp_path: Path) -> None:
    for number, payload in enumerate(PAYLOADS):
        recorded = Recording(f"run{number}")
        agent = recorded.span("agent", payload, 0, 9, error=f"E{payload}: {payload}")
        calls(recorded, payload, 4, parent=agent, input={"q": payload}, output=payload)
        recorded.span("tool", payload, 2, 3, parent=agent, input=payload, error=f"{payload}: {payload}")
        recorded.event("decision", payload, 1, agent, chosen=payload, reason=payload, alternatives=[payload])
        recorded.ends(9, "error")
        path = recorded.write(tmp_path)
        for out in (run("analyze", path).out, run("analyze", path, "--json").out):
            assert not [char for char in out if not char.isprintable() and char != "\n"]


def test_every_run_of_every_format_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Each in full and by itself, those without spans too; one reading for all."""
    from tracetui.cli import analyze
    from tracetui.cli._answer import Asked, read
    from tracetui.cli._output import Printer

    with click.Context(analyze.command).scope():
        asked = Asked.of("2026-11-21", UTC, None, None)
        loaded = read([str(samples_dir())])
        summaries = asked.summaries(loaded)
        printer = Printer(only_ascii=False)
        page = Page(80, printer.symbols, 5)
        for run in loaded.runs:
            (about,) = analyze._analyses(loaded, summaries, [run], asked, None, 5)
            capsys.readouterr()
            analyze._print(printer, page, asked, loaded, summaries, [about])
            lines = capsys.readouterr().out.splitlines()
            assert lines[0].startswith(printer.symbols[about.status])
            assert max(map(cell_width, lines)) <= 80


def test_a_gate_that_did_not_see_everything_does_not_pass(run: Run, tmp_path: Path) -> None:
    seen = deep_failure().write(tmp_path)
    answer = run("analyze", seen, tmp_path / "missing", "--fail-on", "stalled")
    assert answer.code == 3
    assert "missing" in answer.err


def test_a_run_that_meets_several_conditions_is_told_with_all_of_them(run: Run, tmp_path: Path) -> None:
    answer = run("analyze", deep_failure().write(tmp_path), "--fail-on", "error,dur>1m")
    assert answer.code == 1
    assert "--fail-on error, dur>1m: " in answer.err
