"""Search in names and in bodies on disk: the engine of ``tracetui grep`` and of ``/``.

``Needle`` says what is looked for, ``Search`` where; ``Search.hits`` yields what is found as it is found. Names are looked up
in the store. Bodies are read from disk in blocks: a fast pass over raw bytes finds the records that may hold the needle, and
only those are parsed and looked at exactly. ``docs/commands.md`` (``tracetui grep``) says what counts as found.
"""

from tracetui.core.search.engine import Search, Unsearched
from tracetui.core.search.hits import Hit, Part
from tracetui.core.search.needle import BadPattern, Needle, SlowPattern

__all__ = ["BadPattern", "Hit", "Needle", "Part", "Search", "SlowPattern", "Unsearched"]
