"""The rows of a comparison whose texts somebody asks for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tracetui.core.comparing.alignment import NONE, Note
from tracetui.core.comparing.comparison import Comparison
from tracetui.core.errors import NotFound
from tracetui.core.model import Kind


def call_rows(comparison: Comparison) -> list[int]:
    """Rows of model calls that both sides have."""
    rows = comparison.alignment
    pairs = np.flatnonzero((rows.a != NONE) & (rows.b != NONE))
    calls = comparison.other.kind[rows.b[pairs]] == Kind.llm
    found: list[int] = pairs[calls].tolist()
    return found


def named_rows(comparison: Comparison, word: str, span_id: Callable[[int, int], str]) -> list[int]:
    """Rows of the spans with a name, else with an id. ``span_id`` says the id of a span row of a side.

    Raises:
        NotFound: There is none.
    """
    rows = comparison.alignment
    chosen = np.flatnonzero((rows.notes & Note.group) == 0).tolist()
    sides = ((comparison.one, rows.a), (comparison.other, rows.b))
    found = [row for row in chosen if any(at[row] != NONE and side.name(int(at[row])) == word for side, at in sides)]
    if not found:
        found = [
            row
            for row in chosen
            if any(
                at[row] != NONE and span_id(number, side.row(int(at[row]))) == word
                for number, (side, at) in enumerate(sides)
            )
        ]
    if not found:
        raise NotFound(f"no span of the two runs is called {word!r}, and none has it as its id")
    return found
