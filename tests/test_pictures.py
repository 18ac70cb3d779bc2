"""The pictures of the README are what the app paints, and the README shows them."""

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
PICTURES = SCRIPT.PICTURES


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
async def test_a_picture_says_what_the_app_paints_now(picture) -> None:
    shown = SCRIPT.text_of(picture.path.read_text(encoding="utf-8"))
    assert len(shown) == picture.size[1]
    assert shown == SCRIPT.text_of(await SCRIPT.paint(picture)), "scripts/make_picture.py writes them anew"


def test_the_readme_shows_pictures_that_are_there() -> None:
    links = re.findall(r"!\[[^]]+\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).is_file()] == []
    assert {ROOT / link for link in links} >= {picture.path for picture in PICTURES[:2]}


def test_every_picture_is_made_by_the_script() -> None:
    assert {path.name for path in SCRIPT.FOLDER.iterdir()} == {picture.path.name for picture in PICTURES}


def test_a_picture_needs_nothing_from_elsewhere() -> None:
    for picture in PICTURES:
        assert "url(" not in picture.path.read_text(encoding="utf-8").replace("url(#", "")
