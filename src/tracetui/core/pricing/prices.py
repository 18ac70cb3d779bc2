"""Which prices hold for a model: those of the user's own file first, then the library's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tracetui.core.pricing.library import library
from tracetui.core.pricing.rates import Rates

if TYPE_CHECKING:
    from tracetui.core.pricing.price_file import PriceFile

MOST_NAMES: Final = 1_000
"""Models that are looked up: a hostile recording may name another one in each call, and each costs up to a millisecond."""


class Prices:
    """All prices that there are. Making it loads nothing.

    Args:
        file: The user's own prices, which win over the library's.
    """

    def __init__(self, file: PriceFile | None = None) -> None:
        self.file = file
        self._found: dict[tuple[str, str], Rates | None] = {}

    def rates(self, provider: str, model: str) -> Rates | None:
        """Prices of a model by its recorded name and provider ("": not recorded); None: unknown, or a name too many."""
        key = provider, model
        if key not in self._found:
            if len(self._found) >= MOST_NAMES:
                return None
            self._found[key] = self._look_up(provider, model)
        return self._found[key]

    def _look_up(self, provider: str, model: str) -> Rates | None:
        own = () if self.file is None else self.file.periods(provider, model)
        if any(period.is_always for period in own):
            return Rates(own)
        theirs = library().rates(provider, model)
        if not own:
            return theirs
        return Rates(own) if theirs is None else Rates((*theirs.periods, *own), theirs.otherwise)
