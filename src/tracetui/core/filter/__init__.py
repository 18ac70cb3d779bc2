"""The filter language: text to a filter (``parsing``) and back (``printing``), and which spans it selects (``select``).

One language for commands and screen. Importing this package costs nothing; lark is imported with the first text that is
parsed, numpy with the first filter that is answered (``tracetui.core.filter.select``).
"""

from tracetui.core.errors import FilterError
from tracetui.core.filter.nodes import And, Node, Not, Op, Or, Term, all_of, any_of, negated, terms
from tracetui.core.filter.parsing import caret_lines, parse
from tracetui.core.filter.printing import printed

__all__ = [
    "And",
    "FilterError",
    "Node",
    "Not",
    "Op",
    "Or",
    "Term",
    "all_of",
    "any_of",
    "caret_lines",
    "negated",
    "parse",
    "printed",
    "terms",
]
