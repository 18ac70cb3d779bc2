"""Two runs compared, several of them, or a good folder with a bad one.

``compare_runs`` aligns two runs by name path, row by row, for screen and commands; ``parting`` finds where they begin to go
different ways, ``values.differences`` what differs in what a span was given, ``groups`` compares many runs by medians.
numpy comes with this package.
"""

from tracetui.core.comparing.alignment import Note
from tracetui.core.comparing.comparison import Comparison, Delta, Figures, Mark, Noise, Row, compare_runs
from tracetui.core.comparing.divergence import Divergence, Parting, parting

__all__ = [
    "Comparison",
    "Delta",
    "Divergence",
    "Figures",
    "Mark",
    "Noise",
    "Note",
    "Parting",
    "Row",
    "compare_runs",
    "parting",
]
