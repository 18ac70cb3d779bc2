"""What a run cost: as recorded, else computed from a price table at the time of each call, else unknown.

``Costs`` answers for spans and runs of a store, ``Prices`` knows what models cost. Importing this package costs nothing: numpy
comes with the first of these names that is asked for, the price table with the first call that has tokens, a model and no
recorded cost. What the figures mean stands in ``docs/cost.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetui.core.pricing.cost import Cost

if TYPE_CHECKING:
    from tracetui.core.pricing.costs import Costs
    from tracetui.core.pricing.prices import Prices

__all__ = ["Cost", "Costs", "Prices"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{name.lower()}"), name)
