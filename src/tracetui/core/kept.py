"""Works out, for all runs at once, the figures that are kept with an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetui.core.store.kept import Kept

if TYPE_CHECKING:
    from tracetui.core.store import Store


def kept_figures(store: Store) -> Kept:
    """These figures of a store as it is now."""
    from tracetui.core.pricing.table import told_costs
    from tracetui.core.repairs import counted
    from tracetui.core.summary import quick_causes, token_totals

    causes = {run.row: quick_causes(store, run) for run in store.live_runs() if run.error_count}
    return Kept(counted(store), causes, token_totals(store), told_costs(store))
