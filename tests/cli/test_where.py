"""`--where` on the commands that print runs, spans and records."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from tests.cli.conftest import Run, recording, start
from tests.cli.test_schemas import closed, schema
from tracetui.cli._answer import Asked, setting
from tracetui.core.filter import parse
from tracetui.core.filter.select import Selector
from tracetui.core.loading import load
from tracetui.core.run_names import printed_ids
from tracetui.core.testing import EPOCH, SECOND
from tracetui.resources import samples_dir

EVENT = {
    "type": "event",
    "seq": 99,
    "time": EPOCH + 62 * SECOND,
    "class": "log",
    "name": "backoff",
    "text": "waiting 3 s",
}


@pytest.fixture
def logged(traces: Path) -> Path:
    """The folder of traces, with a log event in a tool of the failed run."""
    path = traces / "bad.jsonl"
    lines = path.read_text().splitlines()
    span = next(json.loads(line)["span"] for line in lines if '"search"' in line)
    path.write_text("\n".join([*lines[:-2], json.dumps(EVENT | {"span": span}), *lines[-2:]]) + "\n")
    return traces


# ---------------------------------------------------------------- list and stats


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("status:error", ["bad"]),
        ("not status:error", ["cut", "good"]),
        ("kind:tool status:error", ["bad"]),
        ("kind:tool status:ok", ["cut", "good"]),
        ('text:"no answer"', ["bad"]),
        ("since:2026-01-01T00:00:30Z", ["bad", "cut"]),
        ("errors>0 or name:good", ["bad", "good"]),
        ("model:small cost>=0.25", ["bad", "cut", "good"]),
        ("cost>1", []),
    ],
)
@pytest.mark.parametrize("command", ["list", "stats"])
def test_only_the_runs_that_the_filter_selects_are_printed(
    command: str, expression: str, names: list[str], run: Run, traces: Path
) -> None:
    answer = run(command, traces, "--where", expression, "--json")
    assert answer.code == 0
    assert [each["name"] for each in answer.json["runs"]] == names


def test_the_count_of_runs_is_that_of_the_selected(run: Run, traces: Path) -> None:
    assert run("list", traces, "--where", "not status:error", "--limit", "1", "--json").json["runs_matching"] == 2
    assert run("stats", traces, "--where", "status:error", "--json").json["totals"]["runs"] == 1


def test_a_filter_and_since_both_hold(run: Run, traces: Path) -> None:
    answer = run("list", traces, "--where", "not status:error", "--since", "2026-01-01T00:00:10Z", "--jsonl")
    assert [json.loads(line)["name"] for line in answer.lines] == ["cut"]


def test_where_nothing_is_selected_that_is_said_and_is_no_failure(run: Run, traces: Path) -> None:
    answer = run("list", traces, "--where", "name:nobody")
    assert answer.code == 0
    assert "none of 3 runs is what --where asks for" in answer.err


def test_an_empty_folder_is_still_nothing_readable(run: Run, tmp_path: Path) -> None:
    assert run("list", tmp_path, "--where", "kind:tool").code == 3


# ---------------------------------------------------------------- view


def test_a_view_shows_what_is_found_and_in_brackets_what_leads_to_it(run: Run, traces: Path) -> None:
    answer = run("view", "bad", "--in", traces, "--where", "kind:tool")
    assert "1 span found by --where" in answer.out
    assert "✗ (◆ agent bad)" in answer.out
    assert "✗   ■ tool search" in answer.out
    assert "TimeoutError" in answer.out
    assert "plan" not in answer.out


def test_a_view_without_anything_found_says_so(run: Run, traces: Path) -> None:
    answer = run("view", "bad", "--in", traces, "--where", "kind:retriever")
    assert answer.code == 0
    assert "0 spans found by --where" in answer.out
    assert "agent" not in answer.out


def test_the_json_of_a_view_tells_what_was_found_from_what_leads_to_it(run: Run, traces: Path) -> None:
    document = run("view", "bad", "--in", traces, "--where", "kind:tool", "--json").json
    assert [(span["name"], span["matched"]) for span in document["spans"]] == [("bad", False), ("search", True)]
    assert document["spans"][1]["parent"] == document["spans"][0]["id"]
    assert document["where"] == "kind:tool"
    assert "matched" not in run("view", "bad", "--in", traces, "--json").json["spans"][0]


def test_a_class_of_events_is_shown_because_it_is_asked_for(run: Run, logged: Path) -> None:
    answer = run("view", "bad", "--in", logged, "--where", "kind:log")
    assert "waiting 3 s" in answer.out
    assert "(■ tool search)" in answer.out
    assert "0 spans and 1 event found by --where" in answer.out


def test_events_go_with_their_span_unless_they_are_asked_not_to(run: Run, logged: Path) -> None:
    assert "waiting 3 s" in run("view", "bad", "--in", logged, "--where", "kind:tool", "--events").out
    assert "waiting 3 s" not in run("view", "bad", "--in", logged, "--where", "kind:llm", "--events").out
    assert "waiting 3 s" not in run("view", "bad", "--in", logged, "--where", "kind:tool not kind:log", "--events").out


def test_events_are_not_shown_because_some_are_not_wanted(run: Run, logged: Path) -> None:
    assert "waiting 3 s" not in run("view", "bad", "--in", logged, "--where", "kind:tool not kind:retry").out
    assert "waiting 3 s" not in run("view", "bad", "--in", logged, "--where", "kind!=retry").out
    assert run("list", logged, "--where", "not kind:retry kind:retriever", "--jsonl").out == ""


def test_a_span_is_found_by_what_its_events_say(run: Run, logged: Path) -> None:
    spans = run("view", "bad", "--in", logged, "--where", 'text:"waiting 3"', "--json").json["spans"]
    assert [span["name"] for span in spans if span["matched"]] == ["search"]


def test_depth_and_a_filter_both_hold(run: Run, traces: Path) -> None:
    answer = run("view", "bad", "--in", traces, "--where", "kind:tool", "--depth", "1")
    assert "(◆ agent bad)" in answer.out
    assert "tool search" not in answer.out


# ---------------------------------------------------------------- tail


def types(answer_lines: list[str]) -> list[tuple[str, str | None]]:
    return [(record["type"], record["span"]) for record in map(json.loads, answer_lines)]


def test_a_tail_shows_the_last_records_that_the_filter_selects(run: Run, logged: Path) -> None:
    lines = run("tail", logged, "-n", "2", "--where", "kind:tool", "--jsonl").lines
    assert [json.loads(line)["run_name"] for line in lines] == ["bad", "bad"]
    assert {json.loads(line)["span"] for line in lines} == {"search"}
    (only,) = run("tail", logged, "--where", "kind:log", "--jsonl").lines
    assert json.loads(only)["text"] == "waiting 3 s"


def test_a_tail_looks_back_as_far_as_it_has_to(run: Run, traces: Path) -> None:
    lines = run("tail", traces, "-n", "50", "--where", "name:plan type:span_start", "--jsonl").lines
    assert types(lines) == [("span_start", "plan")] * 3
    last = run("tail", traces, "-n", "1", "--where", "run:good", "--jsonl").lines
    assert types(last) == [("run_end", None)]


def test_a_tail_asks_bodies_too(run: Run, logged: Path) -> None:
    (only,) = run("tail", logged, "-n", "5", "--where", 'kind:log text:"waiting"', "--jsonl").lines
    assert json.loads(only)["type"]


def test_a_tail_that_follows_shows_what_comes_and_is_selected(tmp_path: Path) -> None:
    path = tmp_path / "live.jsonl"
    lines = recording(run="ef" * 16, name="live", failed=True).splitlines(keepends=True)
    path.write_text("".join(lines[:2]))
    process = start("tail", tmp_path, "-f", "--jsonl", "--where", "kind:agent or kind:tool status:error type:span_end")
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["kind"] == "agent"
        with path.open("a") as file:
            file.writelines(lines[2:])
        record = json.loads(process.stdout.readline())
        assert (record["span"], record["type"]) == ("search", "span_end")
    finally:
        process.terminate()
        process.communicate()


# ---------------------------------------------------------------- what all have in common

COMMANDS = [["list"], ["stats"], ["tail"], ["view", "latest"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_wrong_filter_is_wrong_usage_told_with_its_place(
    command: list[str], run: Run, traces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(traces)
    answer = run(*command, "--where", "kind:tool statsu:error")
    assert answer.code == 2
    assert answer.out == ""
    assert "unknown field 'statsu'; did you mean status?" in answer.err
    assert answer.err.splitlines()[-2:] == ["  kind:tool statsu:error", "            ^^^^^^"]


@pytest.mark.parametrize("expression", ["\x1b[2J:x", "kind:\x1b]0;x\x07", "name~\x9b(", "(" * 5_000, "not " * 30_000])
def test_a_hostile_filter_is_told_in_a_few_safe_lines(expression: str, run: Run, traces: Path) -> None:
    answer = run("list", traces, "--where", expression)
    assert answer.code == 2
    assert all(char.isprintable() or char == "\n" for char in answer.err)
    assert len(answer.err) < 2_000


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_is_printed_is_what_the_schema_says(
    command: list[str], run: Run, logged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(logged)
    answer = run(*command, "--where", "kind:tool or kind:log", "--json")
    jsonschema.validate(answer.json, closed(schema(command[0])))
    assert answer.json["where"] == "kind:tool or kind:log"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_without_a_filter_the_answer_does_not_speak_of_one(
    command: list[str], run: Run, traces: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(traces)
    assert "where" not in run(*command, "--json").json


def test_an_expression_that_is_too_slow_for_a_text_ends_the_command(run: Run, traces: Path) -> None:
    path = traces / "bad.jsonl"
    path.write_text(path.read_text().replace("no answer after 30 s", "a" * 300_000))
    answer = run("list", traces, "--where", "text~.*.*x$")
    assert answer.code == 2
    assert "takes too long on a text of the recording" in answer.err


def test_lark_is_loaded_only_for_a_filter(traces: Path) -> None:
    code = (
        "import sys; from tracetui.cli import main; main(sys.argv[1:]); "
        "print('lark' in sys.modules, 'tracetui.core.filter' in sys.modules)"
    )
    told = [
        subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True).stdout
        for arguments in (["list", str(traces)], ["list", str(traces), "--where", "kind:tool"])
    ]
    assert [each.splitlines()[-1] for each in told] == ["False False", "True True"]


# ---------------------------------------------------------------- grep


def selected_spans(folder: Path, expression: str) -> set[tuple[str, str]]:
    """Run and span of each span that a filter selects."""
    asked = Asked.of(None, None, None, None)
    loaded = load([str(folder)])
    summaries = asked.summaries(loaded)
    chosen = Selector(parse(expression), loaded.store, setting(asked, loaded, summaries))
    ids = printed_ids(loaded.store.live_runs())
    return {(ids[loaded.store.spans.run[row]], summaries.span_id(row)) for row in chosen.spans().tolist()}


@pytest.mark.parametrize("sample", ["tracetui", "claude-code", "otlp-json", "hillstar"])
def test_hits_with_a_filter_are_those_that_lie_in_the_spans_it_selects(sample: str, run: Run) -> None:
    folder = samples_dir() / sample
    hits = run("grep", "er", folder, "--json").json["hits"]
    for expression in ("kind:tool", "depth>0 status:error", "not kind:llm dur>1ms", "text:error"):
        spans = selected_spans(folder, expression)
        inside = [hit for hit in hits if (hit["run"], hit["span_id"]) in spans]
        assert run("grep", "er", folder, "--where", expression, "--json").json["hits"] == inside


def test_a_filter_of_runs_leaves_the_other_runs_out(run: Run, traces: Path) -> None:
    answer = run("grep", "--names", "a", traces, "--where", "since:2026-01-01T00:00:45Z", "--json")
    assert {hit["run_name"] for hit in answer.json["hits"]} == {"bad"}
    assert {hit["span"] for hit in answer.json["hits"]} == {None, "bad", "search", "plan"}
    jsonschema.validate(answer.json, closed(schema("grep")))
    assert answer.json["where"] == "since:2026-01-01T00:00:45Z"


def test_a_filter_that_names_a_class_of_events_looks_into_these_events(run: Run, logged: Path) -> None:
    hits = run("grep", "a", logged, "--where", "kind:log", "--json").json["hits"]
    assert [(hit["field"], hit["span"]) for hit in hits] == [("name", "search"), ("text", "search")]
    assert len(run("grep", "a", logged, "--json").json["hits"]) > 1


def test_a_limit_counts_hits_that_the_filter_lets_through(run: Run, traces: Path) -> None:
    answer = run("grep", "s", traces, "-m", "1", "--where", "name:plan", "--json").json
    assert [hit["span"] for hit in answer["hits"]] == ["plan"]


def test_a_filter_that_selects_nothing_finds_nothing_and_says_so(run: Run, traces: Path) -> None:
    answer = run("grep", "plan", traces, "--where", "cost>100")
    assert (answer.code, answer.out) == (1, "")
    assert "no span and no run is what --where asks for" in answer.err
