"""docs/formats.md is what the formats say of themselves and what their samples show."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from tracetui.core.formats import FORMATS

ROOT = Path(__file__).parent.parent


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_format_docs", ROOT / "scripts" / "make_format_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


SCRIPT = _script()


def test_the_page_on_formats_is_what_the_script_makes_of_them_now() -> None:
    assert SCRIPT.PATH.read_text(encoding="utf-8").splitlines() == SCRIPT.text().splitlines()


def test_the_page_has_a_row_and_a_section_for_each_format_in_the_order_in_which_they_are_asked() -> None:
    page = SCRIPT.PATH.read_text(encoding="utf-8")
    places = [page.index(f"| [`{each.name}`](#{SCRIPT.anchor(each.title)})") for each in FORMATS]
    places += [page.index(f"\n## {each.title}\n") for each in FORMATS]
    assert places == sorted(places)
