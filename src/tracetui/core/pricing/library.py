"""Prices from the library genai-prices: which of its models a recorded name means, and its prices as plain numbers.

Only what is installed with the library is used: its updater is never started, so nothing is asked over a network. Importing the
library takes longer than reading a small folder, so it is imported with the first name that is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from tracetui.core.pricing.rates import Period, Price, Rate, Rates

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice

NAME_AT_MOST: Final = 256
"""Characters of a model's or provider's name; what is longer is none that anybody sells."""
_ALIASES: Final = {
    "az.ai.inference": "azure",
    "azure.ai.inference": "azure",
    "azure_ai": "azure",
    "fireworks_ai": "fireworks",
    "gcp.gen_ai": "google",
    "x_ai": "x-ai",
}
"""Providers as OpenTelemetry and LiteLLM call them, where the library does not know that name."""
_NO_PROVIDERS: Final = frozenset(
    ("", "langchain", "litellm", "litellm_proxy", "llama_index", "llamaindex", "pydantic_ai", "unknown", "_other")
)
"""What instrumentations write that name a framework instead of a provider."""
_LOCAL: Final = re.compile(r":(?:latest|e?\d[\d.]{0,8}[bm](?:[-_.].*)?)$", re.ASCII)
"""How Ollama tags what runs on the machine itself (``mistral:7b-instruct``); providers that sell it have no such names."""
_ON_BEDROCK: Final = re.compile(r"(?:[a-z-]{2,8}\.)?(?:ai21|amazon|anthropic|cohere|deepseek|meta|mistral)\.", re.ASCII)
_CALL: Final = "requests_kcount"
_DAY_NS: Final = 86_400_000_000_000


class Library:
    """The price table that is installed with genai-prices."""

    def __init__(self) -> None:
        self._table: DataSnapshot | None = None
        self._origin = ""

    def rates(self, provider: str, model: str) -> Rates | None:
        """Prices of a model by its recorded name, of a provider's as it is recorded ("": not); None: unknown."""
        name, seller = model.strip().lower(), provider.strip().lower()
        if not name or max(len(name), len(seller)) > NAME_AT_MOST or not (name + seller).isprintable():
            return None
        found = self._model(_ALIASES.get(seller, seller), name)
        return None if found is None else self._rates(found)

    @property
    def origin(self) -> str:
        """What its prices are called."""
        if not self._origin:
            from importlib.metadata import version

            self._origin = f"genai-prices {version('genai-prices')}"
        return self._origin

    def _snapshot(self) -> DataSnapshot:
        if self._table is None:
            from genai_prices.data import providers
            from genai_prices.data_snapshot import DataSnapshot

            # A snapshot of our own: the library's may be replaced by whoever else uses it in this process.
            self._table = DataSnapshot(providers=providers, from_auto_update=False)
        return self._table

    def _model(self, provider: str, model: str) -> ModelInfo | None:
        for seller, name in self._meanings(provider, model):
            try:
                return self._snapshot().find_provider_model(name, None, seller, None)[1]
            except LookupError:
                continue
        return None

    def _meanings(self, provider: str, model: str) -> Iterator[tuple[str | None, str]]:
        """Whose model a name may mean, and its name there, most telling first."""
        is_told = provider not in _NO_PROVIDERS
        if is_told:
            if not self._sells(provider):
                return
            yield provider, model
        prefix, slash, rest = model.partition("/")
        if slash:
            prefix = _ALIASES.get(prefix, prefix)
            if self._sells(prefix):
                yield prefix, rest
                yield "openrouter", model
        if _ON_BEDROCK.match(model):
            yield "aws", model
        if not _LOCAL.search(model) or is_told:
            yield None, model

    def _sells(self, provider: str) -> bool:
        try:
            self._snapshot().find_provider(None, provider, None)
        except LookupError:
            return False
        return provider not in _NO_PROVIDERS

    def _rates(self, model: ModelInfo) -> Rates | None:
        prices = model.prices
        if not isinstance(prices, list):
            rate = self._rate(prices)
            return None if rate is None else Rates((), rate)
        periods = [Period(self._rate(entry.prices) or Rate(), *_when(entry.constraint)) for entry in prices]
        # The library's own rule: where no entry holds, the first one does.
        return Rates(tuple(periods), periods[0].rate) if periods else None

    def _rate(self, prices: ModelPrice) -> Rate | None:
        """None: it is not sold by tokens."""
        into, out = _price(prices.input_mtok), _price(prices.output_mtok)
        if into is None and out is None:
            return None
        per_call = _price(getattr(prices, _CALL))
        return Rate(
            into,
            out,
            _price(prices.cache_read_mtok),
            _price(prices.cache_write_mtok),
            _price(prices.output_reasoning_mtok),
            0.0 if per_call is None else per_call.base / 1_000,
            self.origin,
        )


@cache
def library() -> Library:
    """The one table of this process."""
    return Library()


def _price(value: Any) -> Price | None:
    if value is None:
        return None
    if hasattr(value, "tiers"):
        return Price(float(value.base), tuple((int(tier.start), float(tier.price)) for tier in value.tiers))
    return Price(float(value))


def _when(constraint: Any) -> tuple[int | None, int | None, tuple[int, int] | None]:
    """From and until (ns since the epoch), and hours (ns of the day) of an entry's constraint."""
    if constraint is None:
        return None, None, None
    begins = getattr(constraint, "start_date", None)
    if isinstance(begins, date):
        return (begins.toordinal() - date(1970, 1, 1).toordinal()) * _DAY_NS, None, None
    return None, None, (_of_day(constraint.start_time), _of_day(constraint.end_time))


def _of_day(moment: time) -> int:
    """Nanoseconds since midnight, UTC; without a zone it is UTC."""
    if moment.tzinfo is not None:
        moment = datetime.combine(date(1970, 1, 2), moment).astimezone(UTC).time()
    seconds = moment.hour * 3_600 + moment.minute * 60 + moment.second
    return seconds * 1_000_000_000 + moment.microsecond * 1_000
