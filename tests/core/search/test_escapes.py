"""Whatever a text is and however its writer escaped it, it is found: in its span, field and line."""

import json
import tempfile
from functools import partial
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.search.looking import escaped, found, lines, read, search, span_name, written
from tracetui.core.search import Needle, Part

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
SEEDS = st.integers(0, 1 << 32)
SPICY = st.text(st.sampled_from('aZ9é"\\/\n\t\x00\x1b 東😀İſKßẞΣςσ<'), min_size=1, max_size=8)


def made(value: object, seed: int = 0) -> Path:
    """A recording whose third line has a value, escaped as it comes."""
    record = lines({"attributes": {"deep": [{"text": value}]}})
    path = Path(tempfile.mkdtemp()) / "run.jsonl"

    any_form = Random(seed).getrandbits
    data = [
        json.dumps(each) if number != 2 else escaped(each, lambda: any_form(8)) for number, each in enumerate(record)
    ]
    path.write_bytes("".join(line + "\n" for line in data).encode("utf-8", "surrogatepass"))
    return path


@settings(max_examples=40)
@given(before=SPICY, wanted=TEXTS | SPICY, after=SPICY, seed=SEEDS, case=st.booleans())
def test_a_text_is_found_however_it_is_escaped(before: str, wanted: str, after: str, seed: int, case: bool) -> None:
    loaded = read(made(f"##{before}{wanted}{after}##", seed))
    hits = list(search(loaded, Needle.text(wanted, case), names=False).hits())
    (hit,) = [hit for hit in hits if hit.field == "attributes.deep[0].text"]
    assert (hit.line, span_name(loaded, hit), hit.part) == (3, "fetch", Part.body)
    assert hit.match == wanted or case
    whole = hit.before + hit.match + hit.after
    assert whole == f"##{before}{wanted}{after}##"


@settings(max_examples=40)
@given(text=TEXTS | SPICY, wanted=SPICY, seed=SEEDS)
def test_a_text_that_is_not_there_is_not_found(text: str, wanted: str, seed: int) -> None:
    hits = found(made(text, seed), Needle.text(wanted, ignores_case=False), names=False)
    assert any(hit.field == "attributes.deep[0].text" for hit in hits) == (wanted in text)


@settings(max_examples=40)
@given(wanted=SPICY, seed=SEEDS)
def test_json_in_a_text_is_searched_as_json(wanted: str, seed: int) -> None:
    inner = escaped({"city": f"-{wanted}-", "n": 1}, lambda: Random(seed).getrandbits(8))
    hits = found(made(inner, seed), Needle.text(f"-{wanted}-"), names=False)
    (hit,) = hits
    assert hit.field in ("attributes.deep[0].text.city", "attributes.deep[0].text")
    assert hit.match.lower() == f"-{wanted}-".lower()


@settings(max_examples=40)
@given(wanted=TEXTS | SPICY, seed=SEEDS)
def test_a_text_is_found_in_a_line_that_is_cut(wanted: str, seed: int) -> None:
    path = made(f"__{wanted}__", seed)
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[:2]) + whole[2].rstrip(b"\n")[:-3] + b"\n" + b"".join(whole[3:]))
    hits = found(path, Needle.text(f"__{wanted}__", ignores_case=False), names=False)
    (hit,) = hits
    assert (hit.part, hit.line, hit.match) == (Part.unreadable, 3, f"__{wanted}__")
    assert hit.field == "attributes.deep[0].text"


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("straße", "die STRAßE"),
        ("straße", "die StraẞE"),
        ("éclair", "ÉCLAIR"),
        ("ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"),
        ("жук", "ЖУК"),
        ("web_search", "WEB_Search"),
    ],
)
def test_a_needle_without_capitals_finds_both_cases(wanted: str, text: str) -> None:
    for dump in (json.dumps, partial(json.dumps, ensure_ascii=False)):
        path = Path(tempfile.mkdtemp()) / "run.jsonl"
        path.write_bytes(written(lines({"input": text}), dump))
        assert [hit.field for hit in found(path, wanted, names=False)] == ["input"]


@pytest.mark.parametrize(("wanted", "text"), [("Fetch", "fetch it"), ("É", "é"), ("k", "\u212a"), ("s", "\u017f")])
def test_another_letter_is_not_found(wanted: str, text: str) -> None:
    path = Path(tempfile.mkdtemp()) / "run.jsonl"
    path.write_bytes(written(lines({"attributes": {"x": text}})))
    assert not [hit for hit in found(path, wanted, names=False) if hit.field == "attributes.x"]
