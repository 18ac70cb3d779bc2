"""Everything that docs/cost.md shows: its price files are read and mean what it says of them."""

import re
from pathlib import Path

import pytest

from tests.core.pricing.test_costs import call, stored
from tracetui.core.model import Usage
from tracetui.core.pricing import Cost, Costs, Prices
from tracetui.core.pricing.library import library
from tracetui.core.pricing.price_file import PriceFile
from tracetui.core.pricing.prices import MOST_NAMES

PAGE = (Path(__file__).parent.parent / "docs" / "cost.md").read_text(encoding="utf-8")
FILES = re.findall(r"```(toml|json)\n(.*?)```", PAGE, re.DOTALL)


def read(number: int, folder: Path) -> PriceFile:
    kind, text = FILES[number]
    path = folder / f"prices.{kind}"
    path.write_text(text, encoding="utf-8")
    return PriceFile.read(str(path))


def cost(file: PriceFile, model: str, provider: str = "") -> Cost:
    usage = Usage(input=1_000_000, output=1_000_000)
    return Costs(stored(call("a", usage, model, provider=provider)), Prices(file)).of_span(0)


def test_the_price_files_of_the_page_mean_what_it_says(tmp_path: Path) -> None:
    toml, json = read(0, tmp_path), read(1, tmp_path)
    assert len(FILES) == 2
    assert cost(toml, "House-2") == cost(json, "house-2") == Cost(computed=2.0, origin="prices file")
    assert cost(toml, "mistral:7b").computed == 0.0
    assert cost(toml, "gpt-4o", "azure_openai").origin == "prices file"
    assert cost(toml, "gpt-4o", "openai").origin.startswith("genai-prices")


@pytest.mark.parametrize("name", re.findall(r"`([a-z./]*claude-sonnet-4[^`]*)`", PAGE))
def test_names_that_the_page_calls_known_are(name: str) -> None:
    assert library().rates("", name) is not None


@pytest.mark.parametrize("name", ["llama-3.3-70b", "mistral:7b"])
def test_names_that_the_page_calls_unknown_are(name: str) -> None:
    assert f"`{name}`" in PAGE
    assert library().rates("", name) is None


def test_the_page_says_how_many_names_are_looked_up() -> None:
    assert MOST_NAMES == 1_000
    assert "thousand most frequent names" in PAGE
