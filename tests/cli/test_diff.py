"""`tracetui diff`: two runs, several of them, two folders; as text and as JSON."""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PAYLOADS, Run, recording
from tracetui.core.text import cell_width
from tracetui.resources import samples_dir

GOLDEN = Path(__file__).with_name("golden_diff.txt")


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Three runs that went well, and three of the same agent of which two failed."""
    for folder, failing in (("good", 0), ("bad", 2)):
        (tmp_path / folder).mkdir()
        for number in range(3):
            run = f"{folder.encode().hex()[:6]}{number}" + "0" * 25
            text = recording(run=run, name="agent", start=number * 60, failed=number < failing)
            (tmp_path / folder / f"{number}.jsonl").write_text(text)
    return tmp_path


def test_two_runs_are_compared_row_by_row(run: Run, traces: Path) -> None:
    answer = run("diff", "good", "bad", "--in", traces)
    assert answer.code == 0
    assert any("search" in line and "ok → error" in line for line in answer.lines)
    assert any(line.startswith("First divergence") for line in answer.lines)
    assert any("TimeoutError: no answer after 30 s" in line for line in answer.lines)


def test_a_run_and_itself_do_not_differ(run: Run, traces: Path) -> None:
    answer = run("diff", traces / "good.jsonl", traces / "good.jsonl", "--json").json
    assert answer["states"] == {"same": 3, "changed": 0, "only_a": 0, "only_b": 0, "moved": 0}
    assert answer["divergence"]["row"] is None
    assert answer["by_name"] == []


def test_two_recordings_of_one_run_stay_two(run: Run, tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text(recording())
    (tmp_path / "other.jsonl").write_text(recording(failed=True))
    answer = run("diff", tmp_path / "one.jsonl", tmp_path / "other.jsonl", "--json").json
    assert (answer["a"]["status"], answer["b"]["status"]) == ("ok", "error")


def test_the_json_tells_where_runs_part(run: Run, traces: Path) -> None:
    found = run("diff", "good", "bad", "--in", traces, "--json").json["divergence"]
    assert (found["name"], found["why"], found["path"]) == ("search", "status", ["bad"])


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("more", [[], ["--all"], ["--prompts"]])
def test_no_line_is_wider_than_the_terminal(
    more: list[str], width: int, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    answer = run("diff", "dea67dd4aa9d5013305abe1e6422f7d4", "5e03", "--in", samples_dir() / "otlp-json", *more)
    assert answer.code == 0
    assert [line for line in answer.lines if cell_width(line) > width] == []


def test_several_runs_are_a_table_against_the_first(run: Run, traces: Path) -> None:
    answer = run("diff", "good", "bad", "cut", "--in", traces)
    assert [line.split()[0] for line in answer.lines if line and line[0] in "ABC"] == [
        "A",
        "B",
        "B",
        "C",
        "C",
        "B",
        "C",
    ]
    document = run("diff", "good", "bad", "cut", "--in", traces, "--json").json
    assert [each["run"]["name"] for each in document["runs"]] == ["good", "bad", "cut"]
    assert [each["delta"] and each["delta"]["errors"] for each in document["runs"]] == [None, 2, 0]


def test_two_folders_are_compared_by_medians(run: Run, folders: Path) -> None:
    answer = run("diff", folders / "good", folders / "bad")
    assert any("tool search" in line for line in answer.lines)
    assert any("failed in 2 (67%)" in line for line in answer.lines)
    document = run("diff", folders / "good", folders / "bad", "--json").json
    first = min((path for path in document["paths"] if path["rank"]), key=lambda path: path["rank"])
    assert (first["path"], first["a"]["failed"], first["b"]["failed"]) == (["agent", "search"], 0, 2)


def test_texts_of_a_span_are_compared_when_asked_for(run: Run, tmp_path: Path) -> None:
    for name, url in (("one", "v1"), ("other", "v2")):
        lines = [json.loads(line) for line in recording().splitlines()]
        lines[4]["input"] = {"url": url, "timeout": 30}
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = ["diff", tmp_path / "one.jsonl", tmp_path / "other.jsonl"]
    assert {'  − "url": "v1"', '  + "url": "v2"'} <= set(run(*words).lines)
    (texts,) = run(*words, "--span", "search", "--json").json["texts"]
    assert texts["input"]["differences"] == [{"path": "url", "kind": "changed", "a": "v1", "b": "v2"}]
    assert run(*words, "--span", "nothing").code == 2


@pytest.mark.parametrize("words", [[], ["good"]])
def test_less_than_two_runs_are_wrong_usage(words: list[str], run: Run, traces: Path) -> None:
    answer = run("diff", *words, "--in", traces)
    assert (answer.code, answer.out) == (2, "")


def test_a_folder_of_several_runs_is_not_one_run(run: Run, traces: Path) -> None:
    answer = run("diff", traces, "good", "--in", traces)
    assert answer.code == 2
    assert "holds 3 runs" in answer.err


def test_a_path_without_a_run_is_nothing_readable(run: Run, traces: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert run("diff", traces / "good.jsonl", tmp_path / "empty").code == 3


def test_nothing_in_a_trace_reaches_the_terminal(run: Run, tmp_path: Path) -> None:
    for number, name in enumerate(("one", "other")):
        lines = [json.loads(line) for line in recording(failed=bool(number)).splitlines()]
        for line in lines:
            line["name"] = "".join(PAYLOADS) + (line.get("name") or "")
            line["input"] = {"".join(PAYLOADS): f"{number}\n".join(PAYLOADS)}
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for more in ([], ["--all"], ["--prompts", "--full"], ["--json"]):
        out = run("diff", tmp_path / "one.jsonl", tmp_path / "other.jsonl", *more).out
        assert all(char == "\n" or char.isprintable() for char in out)


def test_in_ascii_everything_is_ascii(run: Run, traces: Path) -> None:
    assert run("diff", "good", "bad", "--in", traces, "--all", "--ascii").out.isascii()


def test_the_samples_differ_as_they_did_before() -> None:
    spec = importlib.util.spec_from_file_location(
        "make_golden", Path(__file__).parents[2] / "scripts" / "make_golden.py"
    )
    assert spec is not None
    assert spec.loader is not None
    script: Any = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = script
    spec.loader.exec_module(script)
    assert script.differences().splitlines() == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_the_hint_at_unreadable_records_names_where_they_are(run: Run, traces: Path) -> None:
    with (traces / "good.jsonl").open("a") as file:
        file.write("{broken\n")
    assert f"tracetui stats {traces} --json" in run("diff", "good", "bad", "--in", traces).err
