"""The page as a parser takes it apart: one style, one script, data in which nothing is markup."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.core.exporting.exported import Page, each_sample, recorded, samples, strings, written
from tests.hostile.payloads import PAYLOADS, controls
from tracetui.core.exporting import html
from tracetui.core.exporting.job import Job

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>",
    '"><img src=x onerror=alert(1)>',
    "</title><svg onload=alert(1)>",
    "</noscript><iframe src=//x>",
    "{{data}}{{script}}",
    "\u2028\u2029&amp;&lt;",
    "__proto__",
    "constructor",
)
TAGS = {"html", "head", "meta", "title", "style", "body", "noscript", "h1", "p", "pre", "div", "script"}
NAMES = {
    *(("html", "lang"), ("meta", "charset"), ("meta", "http-equiv"), ("meta", "content"), ("meta", "name")),
    *(("script", "type"), ("script", "class"), ("div", "id"), ("div", "hidden")),
}


@pytest.mark.parametrize("job", each_sample())
def test_a_page_has_a_row_and_a_body_for_each_span(job: Job) -> None:
    page = Page(written(job, "html"))
    facts = list(job.view.facts(full=True, events=True))
    assert len(page.rows) == len(page.bodies) == len(facts)
    assert [row[0] for row in page.rows] == [each["depth"] for each in facts]
    assert [body["id"] for body in page.bodies] == [each["id"] for each in facts]
    assert page.data["run"][0]["status"] == job.summaries.status(job.run)[0]


def test_the_policy_allows_this_style_and_this_script_and_nothing_else() -> None:
    page = Page(written(samples()[0], "html"))
    assert page.policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{page.hash_of('style')}'",
        f"script-src 'sha256-{page.hash_of('script')}'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]


def test_the_script_makes_text_and_no_markup() -> None:
    script = (Path(html.__file__).parent / "page" / "page.js").read_text()
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        'setAttribute("style',
    ):
        assert word not in script
    for word in ("fetch(", "XMLHttpRequest", "WebSocket", "import(", "http:", "https:", "window.open", "location"):
        assert word not in script


def test_nothing_that_was_recorded_is_an_element_or_an_attribute(tmp_path: Path) -> None:
    for number, text in enumerate((*HOSTILE, *PAYLOADS.values(), "".join(HOSTILE))):
        folder = tmp_path / str(number)
        folder.mkdir()
        error = {"type": text, "message": text, "traceback": text}
        message = {
            "role": text,
            "content": text,
            "tool_calls": [{"function": {"name": text, "arguments": {text: text}}}],
        }
        job = recorded(
            folder,
            {
                "name": text,
                "input": {text: text},
                "output": text,
                "attributes": {text: [text]},
                "status": "error",
                "error": error,
            },
            {"name": text, "kind": "llm", "model": text, "input": [message]},
            name=text,
            meta={text: text},
        )
        whole = written(job, "html")
        page = Page(whole)
        assert set(page.tags) == TAGS
        assert {(tag, name) for tag, name, _ in page.attributes} == NAMES
        assert page.tags.count("script") == 4
        assert controls(whole) == []
        assert not [each for each in strings(page.data) if controls(each)]


def test_a_text_arrives_as_it_was_recorded(tmp_path: Path) -> None:
    text = '</script> & <b> "quoted" 漢字 é {{style}}'
    job = recorded(tmp_path, {"name": text, "output": text})
    page = Page(written(job, "html"))
    assert page.rows[1][6] == text
    assert page.bodies[1]["output"] == text


def test_bodies_are_cut_to_a_total_and_short_ones_stay_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "BODY_CHARACTERS", 50_000)
    job = recorded(tmp_path, *({"output": "y" * (30_000 if number < 5 else 300)} for number in range(20)))
    whole = written(job, "html")
    page = Page(whole)
    assert len(whole) < 50_000 + 60_000
    lengths = [len(body.get("output", "")) for body in page.bodies[1:]]
    assert lengths[5:] == [300] * 15
    assert all(5_000 < length < 12_000 for length in lengths[:5])
    assert page.bodies[1]["output"].endswith("…[cut: 30000 characters]")
    assert ["note", "5 long values were cut; --to json and jsonl have all"] in page.data["run"][0]["about"]


def test_without_script_there_is_a_summary_and_the_tree(tmp_path: Path) -> None:
    job = recorded(tmp_path, {"name": "<b>search</b>", "kind": "tool"})
    text = Page(written(job, "html")).texts
    assert "tool <b>search</b>" in text["pre"]
    assert "2 spans" in text["p"]


def test_a_span_that_broke_first_is_named(tmp_path: Path) -> None:
    failed = {
        "name": "search",
        "status": "error",
        "error": {"type": "Timeout", "message": "after 3 s", "traceback": ""},
    }
    page = Page(written(recorded(tmp_path, {}, failed, status="error"), "html"))
    assert page.data["run"][0]["firstCause"] == 2
    assert page.rows[2][3] & html.CAUSE
    assert page.bodies[2]["error"] == ["Timeout", "after 3 s", ""]


def test_large_runs_come_in_pieces(tmp_path: Path) -> None:
    page = Page(written(recorded(tmp_path, *({} for _ in range(600))), "html"))
    assert [len(piece) for piece in page.data["rows"]] == [256, 256, 89]
    assert [len(piece) for piece in page.data["bodies"]] == [256, 256, 89]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not there")
def test_the_script_is_one() -> None:
    script = Path(html.__file__).parent / "page" / "page.js"
    done = subprocess.run(["node", "--check", str(script)], capture_output=True, text=True, check=False)  # noqa: S607
    assert (done.returncode, done.stderr) == (0, "")


def test_the_data_is_ascii_in_which_no_character_is_markup() -> None:
    for job in samples()[::10]:
        data = written(job, "html").split("</noscript>\n", 1)[1].split("<noscript><pre>", 1)[0]
        assert data.isascii()
        for line in data.splitlines():
            inside = line.split(">", 1)[1].rsplit("</script>", 1)[0]
            assert not set("<>&") & set(inside)
            json.loads(inside)
