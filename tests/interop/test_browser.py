"""The page of an export in headless Chromium: it folds, finds, asks nobody for anything, and nothing of a trace acts.

Needs `playwright` (in the group `interop`) and a Chromium: Debian's package, or `playwright install chromium`.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.core.exporting.exported import jobs, recorded, samples, written
from tests.core.exporting.test_export_html import HOSTILE
from tests.hostile.payloads import PAYLOADS
from tests.hostile.recordings import Fields, write_recordings

pytestmark = pytest.mark.interop

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ACTING = (
    "<script>window.acted = 1</script>",
    "<img src=x onerror='window.acted = 1'>",
    "<svg/onload=window.acted=1>",
    "</script><script>window.acted=1</script>",
    "<iframe srcdoc='<script>parent.acted=1</script>'></iframe>",
    "javascript:window.acted=1",
    '" onmouseover="window.acted=1',
    "<style>*{display:none}</style>",
    "<form action=http://x.example><input autofocus onfocus=window.acted=1>",
    *HOSTILE,
)
LARGE = 30_000
"""Spans of a run that is still to be usable."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    place = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with playwright.sync_playwright() as started:
        # Without a sandbox only where there can be none.
        quiet = ["--disable-gpu", "--disable-background-networking", "--no-first-run"]
        options = {"args": [*quiet, *(["--no-sandbox"] if os.geteuid() == 0 else [])]}
        try:
            found = started.chromium.launch(**options, **({"executable_path": place} if place else {}))
        except playwright.Error as error:
            pytest.skip(f"no Chromium: {str(error).splitlines()[0]}")
        yield found
        found.close()


class Watched:
    """A page, with everything that it said and asked for."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: (self.said.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("popup", lambda popup: self.said.append(f"popup {popup.url}"))
        page.on("request", lambda request: self.asked.append(request.url))

    def rows(self) -> list[str]:
        """Names of the rows that are drawn."""
        texts: list[str] = self.page.locator(".row .name").all_inner_texts()
        return texts

    def selected(self) -> str:
        text: str = self.page.locator(".row.selected .name").inner_text()
        return text

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def find(self, text: str) -> str:
        """Search for a text; what the page says of it."""
        self.press("/")
        self.page.keyboard.type(text)
        self.press("Enter")
        self.page.wait_for_function("() => /of|not/.test(document.querySelector('#bar .count').textContent)")
        told: str = self.page.locator("#bar .count").inner_text()
        self.press("Escape") if told == "not found" else self.page.locator("#scroll").focus()
        return told


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[[str], Watched]]:
    """`opened(text)`: the page in a file, opened from disk; at the end it must have asked for nothing and said nothing."""
    watched: list[Watched] = []
    context = browser.new_context(viewport={"width": 1400, "height": 800})

    def open_(text: str) -> Watched:
        path = tmp_path / f"page-{len(watched)}.html"
        path.write_text(text, encoding="utf-8")
        found = Watched(context.new_page())
        watched.append(found)
        found.page.goto(path.as_uri())
        return found

    yield open_
    for each in watched:
        assert each.said == []
        assert [url for url in each.asked if not url.startswith("file://")] == []
        assert len(each.asked) == 1
    context.close()


@pytest.fixture
def largest() -> str:
    """The page of the sample with the most spans."""
    return written(max(samples(), key=lambda job: job.run.span_count), "html")


def test_it_opens_on_what_broke_first(opened: Callable[[str], Watched], largest: str) -> None:
    page = opened(largest)
    assert page.selected() == "fetch_page"
    assert "upstream timed out after 30 s" in page.page.locator("#detail").inner_text()
    assert page.page.locator(".row.selected.cause").count() == 1


def test_it_folds_and_unfolds(opened: Callable[[str], Watched], largest: str) -> None:
    page = opened(largest)
    page.press("g")
    before = page.rows()
    page.press("h")
    assert page.rows() == ["research_agent"]
    page.press("l")
    assert page.rows() == before
    page.page.locator(".row .fold").first.click()
    assert page.rows() == ["research_agent"]
    page.press("A")
    assert page.rows() == before


def test_keys_move_and_the_detail_follows(opened: Callable[[str], Watched], largest: str) -> None:
    page = opened(largest)
    page.press("g", "j", "ArrowDown", "k")
    assert page.selected() == "plan"
    assert page.page.locator("#detail h2").inner_text().endswith("plan")
    page.press("G")
    assert page.page.locator(".row").last.get_attribute("aria-selected") == "true"
    page.press("e")
    assert page.page.locator(".row.selected.cause").count() == 1


def test_it_finds_names_and_bodies_and_opens_what_is_folded(opened: Callable[[str], Watched], largest: str) -> None:
    page = opened(largest)
    page.press("g", "h")
    assert page.find("upstream timed out") == "1 of 1"
    assert "upstream timed out" in page.page.locator("#detail").inner_text()
    assert page.find("http_get").endswith(" of 7")
    assert page.page.locator("#detail mark").count() > 0
    first = page.page.locator(".row.selected").get_attribute("id")
    page.press("n")
    assert page.page.locator(".row.selected").get_attribute("id") != first
    page.press("N")
    assert page.page.locator(".row.selected").get_attribute("id") == first
    assert page.find("no such words anywhere") == "not found"


def test_kinds_are_filtered_with_what_leads_to_them(opened: Callable[[str], Watched], largest: str) -> None:
    page = opened(largest)
    page.page.locator("#bar button[data-kind=guardrail]").click()
    assert page.rows()[-1] == "citations_present"
    assert page.page.locator(".row:not(.context) .name").all_inner_texts() == ["citations_present"]
    page.press("0")
    assert len(page.rows()) > 20


def test_only_visible_rows_are_drawn_of_a_large_run(opened: Callable[[str], Watched], tmp_path: Path) -> None:
    spans = [{"name": f"span {number}", "kind": "tool", "output": f"answer {number}"} for number in range(LARGE)]
    page = opened(written(recorded(tmp_path, *spans), "html"))
    page.press("l")
    assert page.page.locator(".row").count() < 100
    page.press("G")
    assert page.selected() == f"span {LARGE - 1}"
    assert page.page.locator(".row").count() < 100
    page.press("g")
    assert page.find(f"answer {LARGE // 2}") == "1 of 1"
    assert page.selected() == f"span {LARGE // 2}"
    scrolling = "() => { const begun = performance.now(); document.querySelector('#scroll').scrollTop = 9000; "
    took = page.page.evaluate(f"{scrolling} return performance.now() - begun; }}")
    assert took < 1_000


def test_it_prints_all_rows(opened: Callable[[str], Watched], largest: str) -> None:
    page = opened(largest)
    page.page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    assert page.page.locator(".row").count() == 124
    page.page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    assert page.page.locator(".row").count() < 80


def test_it_is_dark_or_light_as_the_browser_is(browser: Any, tmp_path: Path, largest: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(largest, encoding="utf-8")
    seen = []
    for scheme in ("dark", "light"):
        page = browser.new_page(color_scheme=scheme)
        page.goto(path.as_uri())
        seen.append(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))
        page.close()
    assert seen == ["rgb(18, 18, 18)", "rgb(255, 255, 255)"]


def test_without_script_the_tree_is_there_as_text(browser: Any, tmp_path: Path, largest: str) -> None:
    path = tmp_path / "page.html"
    path.write_text(largest, encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    text = page.locator("body").inner_text()
    assert "research_agent" in text
    assert "fetch_page" in text
    assert "error" in text
    context.close()


def walked(page: Watched) -> None:
    """Look at every span, with everything open."""
    page.press("g", "A")
    for _ in range(60):
        page.press("j")
    page.press("/")
    page.page.keyboard.type("<")
    page.press("Enter", "Enter", "Escape")


ELEMENTS = "() => [...new Set([...document.querySelectorAll('*')].map(one => one.localName))].sort()"
ATTRIBUTES = "() => [...new Set([...document.querySelectorAll('*')].flatMap(one => one.getAttributeNames()))].sort()"


def test_no_text_of_a_trace_becomes_an_element_an_attribute_or_an_act(
    opened: Callable[[str], Watched], tmp_path: Path
) -> None:
    harmless = opened(written(recorded(folder(tmp_path, "a"), *spans_of("text"), name="text"), "html"))
    walked(harmless)
    elements, attributes = (harmless.page.evaluate(what) for what in (ELEMENTS, ATTRIBUTES))
    everything = "".join((*ACTING, *PAYLOADS.values()))
    for number, text in enumerate((*ACTING, everything)):
        page = opened(written(recorded(folder(tmp_path, str(number)), *spans_of(text), name=text), "html"))
        walked(page)
        assert page.page.evaluate("() => window.acted") is None
        assert set(page.page.evaluate(ELEMENTS)) - {"mark"} <= set(elements), text
        assert set(page.page.evaluate(ATTRIBUTES)) <= set(attributes), text


def test_hostile_samples_of_every_format_inject_nothing(opened: Callable[[str], Watched], tmp_path: Path) -> None:
    write_recordings(folder(tmp_path, "traces"), "".join(ACTING), Fields())
    seen = set()
    for job in jobs(tmp_path / "traces", redact=True):
        if job.run.format not in seen and job.run.span_count > 2:
            seen.add(job.run.format)
            page = opened(written(job, "html"))
            walked(page)
            assert page.page.evaluate("() => window.acted") is None
            assert page.page.locator("img, svg, iframe, form, link, object, embed, a").count() == 0
    assert len(seen) > 4


def folder(path: Path, name: str) -> Path:
    (path / name).mkdir()
    return path / name


def spans_of(text: str) -> list[dict[str, Any]]:
    error = {"type": text, "message": text, "traceback": f"{text}\n{text}"}
    message = {"role": text, "content": text, "tool_calls": [{"function": {"name": text, "arguments": {text: text}}}]}
    return [
        {
            "name": text,
            "input": {text: text},
            "output": text,
            "attributes": {text: [text]},
            "status": "error",
            "error": error,
        },
        {"name": text, "kind": "llm", "model": text, "input": [message], "output": message},
    ]
