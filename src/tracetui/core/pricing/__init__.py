"""What a run cost: as recorded, else computed from a price table at the time of each call, else unknown.

``Costs`` answers for spans and runs of a store, ``Prices`` knows what models cost. numpy comes with this package, the price
table with the first call that has tokens, a model and no recorded cost. What the figures mean stands in ``docs/cost.md``.
"""

from tracetui.core.pricing.cost import Cost
from tracetui.core.pricing.costs import Costs
from tracetui.core.pricing.prices import Prices

__all__ = ["Cost", "Costs", "Prices"]
