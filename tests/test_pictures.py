"""The pictures of README and tour are what the app paints, the tour names the keys that lead to them, and both show them."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_picture", ROOT / "scripts" / "make_picture.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


SCRIPT = _script()
TOUR = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
PROSE = re.sub(r"^    .*$", "", TOUR, flags=re.MULTILINE)
SAID = {"escape": "esc"}
"""Keys as the documents call them."""


def shown_in(text: str) -> list[str]:
    """The pictures that a document shows."""
    return re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)


@pytest.mark.parametrize("walk", SCRIPT.WALKS, ids=lambda walk: walk.name)
async def test_a_picture_says_what_the_app_paints_now(walk) -> None:
    differing = [
        stop.name
        async for stop, svg in SCRIPT.paint(walk)
        if SCRIPT.text_of(stop.path.read_text(encoding="utf-8")) != SCRIPT.text_of(svg) or "<text" not in svg
    ]
    assert differing == [], "scripts/make_picture.py writes them anew"


def test_the_readme_shows_pictures_that_are_there() -> None:
    links = shown_in((ROOT / "README.md").read_text(encoding="utf-8"))
    assert {"docs/pictures/failed.svg", "docs/pictures/live.svg"} <= set(links)
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_the_tour_shows_every_picture_once() -> None:
    assert sorted(shown_in(TOUR)) == sorted(f"pictures/{stop.path.name}" for stop in SCRIPT.STOPS)


def test_the_tour_names_the_keys_that_lead_from_picture_to_picture() -> None:
    said = re.findall(r"^Keys: (.+?)$.+?\(pictures/(\w+)\.svg\)", TOUR, flags=re.MULTILINE | re.DOTALL)
    keys = {name: re.findall(r"`([^`]+)`", line) for line, name in said}
    walked = SCRIPT.WALKS[0].stops
    assert {stop.name: keys[stop.name] for stop in walked} == {
        stop.name: [SAID.get(key, key) for key in stop.keys] for stop in walked
    }


def test_every_key_of_the_tour_is_in_the_table_of_keys() -> None:
    rows = re.findall(r"^\| (`.+`) \| .+ \| `\w+\.\w+` \|$", (ROOT / "docs" / "screen.md").read_text(), re.MULTILINE)
    bound = {key.replace(r"\|", "|") for row in rows for key in re.findall(r"`([^`]+)`", row)}
    typed = {key for stop in SCRIPT.STOPS for key in stop.keys if len(key) > 1}
    named = {key for key in re.findall(r"`([^`\n]+)`", PROSE) if len(key) == 1 or "+" in key} | {"enter", "esc", "down"}
    assert len(named) > 20
    assert named - bound - typed == set()


def test_every_link_of_the_tour_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", TOUR)
    assert links
    assert [link for link in links if not (ROOT / "docs" / link).is_file()] == []


def test_every_picture_is_made_by_the_script() -> None:
    assert {path.name for path in SCRIPT.FOLDER.iterdir()} == {stop.path.name for stop in SCRIPT.STOPS}


def test_a_picture_needs_nothing_from_elsewhere() -> None:
    for stop in SCRIPT.STOPS:
        text = stop.path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        text = re.sub(r"<text .*?</text>", "", text)
        assert re.search(r"url\(|://|@import|href|<script", text) is None, stop.name


def test_the_traces_of_the_tour_can_be_written_to_walk_along(tmp_path: Path) -> None:
    SCRIPT.write_traces(tmp_path / "tour")
    written = {path.name for path in (tmp_path / "tour").iterdir()}
    assert {"research_agent.jsonl", "research_agent_the_night_before.jsonl", SCRIPT.LIVE} <= written
