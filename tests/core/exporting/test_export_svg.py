"""A picture of the tree: rows, figures, bars; the same each time, and nothing in it comes from elsewhere."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.core.exporting.exported import jobs, recorded, written
from tracetui.core.exporting import picture
from tracetui.resources import samples_dir

FAILED = samples_dir() / "tracetui" / "research_agent.jsonl"
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    document = ElementTree.fromstring(svg)  # noqa: S314 - a picture of our own
    return [element.text or "" for element in document.iter(f"{SVG}text")]


def drawn(path: Path) -> str:
    (job,) = jobs(path)
    return written(job, "svg")


def test_a_picture_has_a_row_for_each_span_with_its_figures() -> None:
    found = texts(drawn(FAILED))
    assert found[0] == "research_agent"
    assert {"gather_sources", "+31.0s", "6m11s", "98.2k", "$0.19"} <= set(found)
    assert found.count("write_paragraph") == 21


def test_a_cause_is_red_and_a_span_with_spans_below_it_is_a_line() -> None:
    rows = drawn(FAILED).splitlines()
    (cause,) = [row for row in rows if "timber-db" in row]
    assert re.search(r'<rect [^>]*height="10" class="error"', cause)
    (parent,) = [row for row in rows if ">gather_sources<" in row]
    assert re.search(r'<rect [^>]*height="2" class="rule"', parent)


def test_a_picture_names_nothing_to_be_fetched() -> None:
    svg = drawn(FAILED)
    own = [url for url in re.findall(r"https?://[^\"]+", svg) if "w3.org/2000/svg" in url]
    assert len(own) == 1
    assert not re.search(r"(?:href|src|url\(|@import|@font-face)", svg.replace("https://", ""))


def test_a_picture_says_how_much_it_has_no_room_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "ROWS", 3)
    job = recorded(tmp_path, *({"name": f"s{number}"} for number in range(5)))
    svg = written(job, "svg")
    shown = sum(f">s{number}<" in svg for number in range(5))
    assert (shown, job.unshown) == (2, job.run.span_count - 3)  # the root is the third row
    assert f"{job.run.span_count - 3} more span" in svg
    assert any("no room" in note for note in job.told())
