"""A price file of one's own: which it is, what it says, and where it is wrong."""

from pathlib import Path

import pytest

from tests.core.pricing.test_costs import call, stored
from tracetui.core.errors import UnreadableSettings
from tracetui.core.model import Usage
from tracetui.core.pricing import Cost, Costs, Prices
from tracetui.core.pricing.place import price_path
from tracetui.core.pricing.price_file import PriceFile

MARCH_1 = 1_772_323_200_000_000_000


def written(folder: Path, text: str | bytes, name: str = "prices.toml") -> PriceFile:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return PriceFile.read(str(path))


def cost(file: PriceFile, model: str, *, start: int = MARCH_1) -> Cost:
    """A call with a million tokens of input and of output."""
    store = stored(call("a", Usage(input=1_000_000, output=1_000_000), model, start=start, end=start))
    return Costs(store, Prices(file)).of_span(0)


OWN = '[[prices]]\nmodel = "house-*"\ninput = 0.5\noutput = 1.5\n'


def test_a_model_of_ones_own_has_the_price_of_the_file(tmp_path: Path) -> None:
    assert cost(written(tmp_path, OWN), "house-model-1") == Cost(computed=2.0, origin="prices file")
    assert cost(written(tmp_path, OWN), "House-Model-1").computed == 2.0
    assert cost(written(tmp_path, OWN), "my-house-model") == Cost()


def test_the_same_can_be_written_as_json(tmp_path: Path) -> None:
    entry = '{"model": "house-*", "input": 0.5, "output": 1.5, "from": "2026-03-01"}'
    for text in (f'{{"prices": [{entry}]}}', f"[{entry}]"):
        assert cost(written(tmp_path, text, "prices.json"), "house-1").computed == 2.0


def test_prices_of_ones_own_win_over_the_librarys(tmp_path: Path) -> None:
    file = written(tmp_path, '[[prices]]\nmodel = "gpt-4o"\ninput = 1\noutput = 1\n')
    assert cost(file, "gpt-4o") == Cost(computed=2.0, origin="prices file")
    assert cost(file, "gpt-4o-mini").origin.startswith("genai-prices ")


def test_a_model_that_runs_at_home_costs_nothing_only_if_the_file_says_so(tmp_path: Path) -> None:
    file = written(tmp_path, '[[prices]]\nmodel = "*:7b"\ninput = 0\noutput = 0\n')
    assert cost(file, "mistral:7b") == Cost(computed=0.0, origin="prices file")
    assert cost(file, "mistral:13b") == Cost()


def test_the_first_entry_that_fits_counts(tmp_path: Path) -> None:
    text = OWN + '[[prices]]\nmodel = "*"\ninput = 100\noutput = 100\n'
    assert cost(written(tmp_path, text), "house-1").computed == 2.0
    assert cost(written(tmp_path, text), "other").computed == 200.0


def test_an_entry_holds_from_a_date_to_before_another_and_the_librarys_prices_around_it(tmp_path: Path) -> None:
    text = '[[prices]]\nmodel = "gpt-4o"\ninput = 1\noutput = 1\nfrom = 2026-03-01\nuntil = 2026-03-02T00:00:00Z\n'
    file = written(tmp_path, text)
    for start, origin in ((MARCH_1 - 1, "genai"), (MARCH_1, "prices"), (MARCH_1 + 86_400 * 10**9, "genai")):
        assert cost(file, "gpt-4o", start=start).origin.startswith(origin)


def test_cached_written_and_reasoning_tokens_have_prices_of_their_own(tmp_path: Path) -> None:
    file = written(tmp_path, OWN + "cached = 0.05\ncache_write = 0.6\nreasoning = 3\n")
    usage = Usage(input=1_000_000, output=1_000_000, cached=600_000, cache_write=100_000, reasoning=500_000)
    found = Costs(stored(call("a", usage, "house-1")), Prices(file)).of_span(0)
    assert found.computed == pytest.approx(0.3 * 0.5 + 0.6 * 0.05 + 0.1 * 0.6 + 0.5 * 1.5 + 0.5 * 3)


def test_an_entry_of_a_provider_is_for_its_calls_alone(tmp_path: Path) -> None:
    file = written(tmp_path, OWN + 'provider = "house-*"\n')
    assert file.periods("House-Gateway", "house-1")
    assert not file.periods("", "house-1")


def test_a_file_without_entries_is_fine(tmp_path: Path) -> None:
    assert written(tmp_path, "prices = []\n").entries == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[prices]\n", "not TOML: Expected ']]'"),
        ("", "it has no prices"),
        ("currency = 1\n", "'currency' is no key of a price file"),
        ("prices = 3\n", "`prices` has to be a list"),
        ("prices = [3]\n", "entry 1 is no table"),
        (OWN + "[[prices]]\nmodel = 'b'\ncashed = 1\ninput = 1\n", "line 7: entry 2, 'cashed': there is no such key"),
        ("[[prices]]\ninput = 1\n", "line 1: entry 1, 'model': it has to be a name"),
        ('[[prices]]\nmodel = ""\ninput = 1\n', "line 2: entry 1, 'model'"),
        ("[[prices]]\nmodel = 'a'\n", "line 1: entry 1: it says neither `input` nor `output`"),
        ("\n[[prices]]\nmodel = 'a'\ninput = -1\n", "line 4: entry 1, 'input': it has to be a number from 0"),
        ("[[prices]]\nmodel = 'a'\ninput = inf\n", "line 3: entry 1, 'input'"),
        ("[[prices]]\nmodel = 'a'\ninput = nan\n", "line 3: entry 1, 'input'"),
        ("[[prices]]\nmodel = 'a'\ninput = true\n", "line 3: entry 1, 'input'"),
        ("[[prices]]\nmodel = 'a'\ninput = '3'\n", "line 3: entry 1, 'input'"),
        ("[[prices]]\nmodel = 'a'\ninput = 1\nprovider = 3\n", "line 4: entry 1, 'provider'"),
        ("[[prices]]\nmodel = 'a'\ninput = 1\nfrom = 'soon'\n", "line 4: entry 1, 'from': it has to be a date"),
        ("[[prices]]\nmodel = 'a'\ninput = 1\nfrom = 7\n", "line 4: entry 1, 'from'"),
        ("[[prices]]\nmodel = 'a'\ninput = 1\nfrom = 2026-03-01\nuntil = 2026-03-01\n", "line 5: entry 1, 'until'"),
        (b"[[prices]]\nmodel = '\xff'\n", "line 2: not UTF-8"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_key(text: str | bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableSettings) as raised:
        written(tmp_path, text)
    assert said in str(raised.value)
    assert "prices.toml" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"prices": [\n,', "line 2: Expecting value"),
        ('{"prices": [{"model": "a", "input": 1, "cost": 2}]}', "entry 1, 'cost': there is no such key"),
        ("[" * 100_000, "not JSON"),
        ("[1" + "0" * 10_000 + "]", "not JSON"),
    ],
)
def test_what_is_wrong_with_json_is_said_as_well(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableSettings, match=r"prices\.json") as raised:
        written(tmp_path, text, "prices.json")
    assert said in str(raised.value)


def test_a_file_that_is_not_there_or_a_folder_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(UnreadableSettings, match=path.name):
            PriceFile.read(str(path))


def test_the_file_is_that_of_the_environment_else_the_one_in_the_users_folder(tmp_path: Path) -> None:
    env = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": "/nowhere"}
    assert price_path(env) is None
    folder = tmp_path / "tracetui"
    folder.mkdir()
    (folder / "prices.json").write_text("[]")
    assert price_path(env) == str(folder / "prices.json")
    (folder / "prices.toml").write_text("prices = []")
    assert price_path(env) == str(folder / "prices.toml")
    env["TRACETUI_PRICES"] = "/elsewhere.toml"
    assert price_path(env) == "/elsewhere.toml"


def test_a_pattern_that_could_try_many_ways_is_matched_in_bounded_time(tmp_path: Path) -> None:
    file = written(tmp_path, '[[prices]]\nmodel = "' + "*a" * 60 + 'b"\ninput = 1\n')
    assert file.periods("", "a" * 256) == ()
