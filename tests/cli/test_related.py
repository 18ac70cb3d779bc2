"""What `stats` and `view` say of runs that belong together and of what had to be put right."""

from pathlib import Path

from tests.cli.conftest import Run
from tests.tui.repaired import CHILD, ELSEWHERE, PARENT, write_related


def test_stats_tells_relations_from_both_ends(run: Run, tmp_path: Path) -> None:
    runs = {each["name"]: each for each in run("stats", write_related(tmp_path), "--json").json["runs"]}
    span = f"{2:016x}"
    assert runs["worker"]["links"] == [{"kind": "parent", "run": PARENT, "span": span, "here": True}]
    assert runs["nightly_eval"]["links"] == [{"kind": "child", "run": CHILD, "span": span, "here": True}]
    assert runs["stray"]["links"] == [{"kind": "parent", "run": ELSEWHERE, "span": f"{7:016x}", "here": False}]


def test_notes_are_what_and_how_often(run: Run, tmp_path: Path) -> None:
    runs = {each["name"]: each for each in run("stats", write_related(tmp_path), "--json").json["runs"]}
    assert runs["worker"]["notes"] == []
    assert runs["nightly_eval"]["notes"] == [
        "unreadable records: 1",
        "records lost by the writer: 4",
        "orphans: 1",
        "spans told twice: 1",
        "ends without a start: 1",
        "spans that start before their parent: 1",
        "spans that end after their parent: 1",
        "times that go back by more than 1 s: 1",
    ]


def test_repairs_are_the_notes_as_figures(run: Run, tmp_path: Path) -> None:
    runs = {each["name"]: each for each in run("stats", write_related(tmp_path), "--json").json["runs"]}
    repairs = {each["what"]: (each["count"], each["details"]) for each in runs["nightly_eval"]["repairs"]}
    assert (repairs["lost"], repairs["orphans"]) == ((4, ["queue full"]), (1, []))


def test_the_text_of_stats_has_the_details_too(run: Run, tmp_path: Path) -> None:
    shown = run("stats", write_related(tmp_path)).out
    assert "records lost by the writer: 4 (queue full)" in shown
    assert f"started by {ELSEWHERE}  span {7:016x}  not in this folder" in shown


def test_view_names_the_related_runs(run: Run, tmp_path: Path) -> None:
    write_related(tmp_path)
    assert f"started {CHILD}" in run("view", "nightly_eval", "--in", tmp_path).out
    assert f"started by {PARENT}" in run("view", "worker", "--in", tmp_path).out


def test_list_has_the_same_notes(run: Run, tmp_path: Path) -> None:
    write_related(tmp_path)
    notes = [
        {each["name"]: each["notes"] for each in run(word, tmp_path, "--json").json["runs"]}
        for word in ("list", "stats")
    ]
    assert notes[0] == notes[1]
