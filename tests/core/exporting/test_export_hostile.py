"""Recordings with a payload in every string: no export passes one on, whole documents come of them all the same."""

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.core.exporting.exported import NAMES, Page, jobs, written
from tests.hostile.payloads import PAYLOADS, controls
from tests.hostile.recordings import Fields, write_recordings
from tracetui.core.exporting.job import Job

IN_PLAIN = 3


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> list[Job]:
    folder = tmp_path_factory.mktemp("hostile")
    write_recordings(folder, "".join(PAYLOADS.values()), Fields())
    return sorted(jobs(folder, redact=True), key=lambda job: job.run.format)


@pytest.mark.parametrize("output", NAMES)
@pytest.mark.parametrize("some", ["a few", pytest.param("all", marks=pytest.mark.long)])
def test_no_payload_passes_an_export(some: str, output: str, hostile: list[Job]) -> None:
    assert len(hostile) > 40
    for job in hostile if some == "all" else hostile[:: len(hostile) // IN_PLAIN]:
        text = written(job, output)
        assert controls(text, "\r\n" if output == "csv" else "\n") == []
        check(text, output)


def elements(svg: str) -> set[str]:
    """Names of the elements of a picture; raises where it is not whole."""
    document = ElementTree.fromstring(svg)  # noqa: S314 - a picture of our own
    return {element.tag.rpartition("}")[2] for element in document.iter()}


def check(text: str, output: str) -> None:
    """Raises for what is not whole."""
    if output == "json":
        json.loads(text)
    elif output in ("jsonl", "otlp"):
        for line in text.splitlines() if output == "jsonl" else [text]:
            json.loads(line)
    elif output == "csv":
        assert {len(row) for row in csv.reader(io.StringIO(text, newline=""))} == {25}
    elif output == "svg":
        assert not {"script", "image", "a", "foreignObject", "use"} & elements(text)
    elif output == "html":
        page = Page(text)
        assert page.tags.count("script") == 2 + len(page.data["rows"]) * 2 if "rows" in page.data else True


def test_a_folders_path_is_text_too(tmp_path: Path) -> None:
    folder = tmp_path / "".join(PAYLOADS.values()).replace("/", "").replace("\0", "")[:60]
    folder.mkdir()
    (folder / "x.jsonl").write_text('{"a": 1}\n{"a": 2}\n')
    (job,) = jobs(folder, redact=True)
    for output in NAMES:
        assert controls(written(job, output), "\r\n" if output == "csv" else "\n") == []
