"""The one table of symbols: what stands on the screen for a kind, an event, a status, a bar or a mark.

Both sets live here, Unicode and ASCII, so that no other module holds a glyph. Every glyph is one cell wide in every
terminal: none has the Unicode property Emoji (some terminals draw those two cells wide). Within one column of the
screen no glyph has two meanings; `COLUMNS` says which words meet in a column and the tests check it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from tracetui.core.model import EventClass, Kind

KINDS: Final = tuple(kind.name for kind in Kind)
"""The kinds of a span, in the order of legends."""

EVENT_CLASSES: Final = tuple(event_class.name for event_class in EventClass)
"""The classes of an event, in the order of legends."""

SPAN_STATUSES: Final = ("error", "open", "skipped", "slow", "warning", "ok", "unset")
"""What the lane of a span row can say; `ok` and `unset` are blank there."""

RUN_STATUSES: Final = ("error", "running", "stalled", "unfinished", "unknown", "ok")
"""The statuses of a run."""

COLUMNS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = MappingProxyType(
    {
        "kind": (*((kind,) for kind in KINDS), *((c,) for c in EVENT_CLASSES[:5]), ("token", "event", "other")),
        "span lane": (("error",), ("open",), ("skipped",), ("slow", "warning")),
        "run lane": tuple((status,) for status in RUN_STATUSES),
        "fold": (("fold_open",), ("fold_closed",)),
        "gutter": (("gutter_focused",), ("gutter",)),
        "difference": (("changed",), ("added",), ("removed",)),
        "bar": (
            ("bar_thin",),
            ("bar_medium",),
            ("bar_full",),
            ("bar_least",),
            ("silence", "idle"),
            ("now",),
            ("gone",),
            ("cut_before",),
            ("cut_after",),
            ("error",),
            ("decision",),
            ("log",),
            ("message",),
            ("retry",),
            ("token", "event"),
        ),
        "density": tuple((f"share_{part}",) for part in ("model", "tool", "retrieval", "own", "idle")),
    }
)
"""Words that may meet in one column of the screen; words in one group mean the same and share a glyph."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """One set of symbols; `symbols["llm"]` is the glyph for a word, `"llm" in symbols` whether it has one."""

    name: str
    """`unicode` or `ascii`."""
    glyphs: Mapping[str, str] = field(repr=False)
    """Word to glyph, one cell each: kinds, event classes, statuses, folds, rules, bars."""
    eighths: tuple[str, ...]
    """Left part of a cell filled, from one eighth to eight; ASCII has only a mark and a full cell."""
    columns: tuple[str, ...]
    """Lower part of a cell filled, from one eighth to eight; empty in ASCII (the plot is left out)."""
    density: tuple[str, ...]
    """How much of something there is, from a little to much, in eight steps."""
    cut: str
    """Where text was cut."""
    none: str
    """Not recorded; never 0."""
    at_least: str
    """In front of a figure that misses a part."""
    computed: str
    """In front of a figure that was worked out here."""
    reading: str
    """A figure that is still being read."""
    micro: str
    """The µ of microseconds."""
    times: str
    """The × of factors and counts."""

    def __getitem__(self, word: str) -> str:
        return self.glyphs[word]

    def __contains__(self, word: object) -> bool:
        return word in self.glyphs

    def get(self, word: str, default: str = " ") -> str:
        """The glyph of `word`, or `default` for a word without one."""
        return self.glyphs.get(word, default)

    @property
    def is_ascii(self) -> bool:
        """Whether only ASCII may be sent to this terminal."""
        return self.name == "ascii"


# word: (Unicode, ASCII)
_TABLE: Final[Mapping[str, tuple[str, str]]] = {
    # kinds of a span
    "agent": ("◆", "@"),
    "llm": ("◇", "*"),
    "tool": ("■", "#"),
    "retriever": ("▽", "<"),
    "embedding": ("≡", "="),
    "reranker": ("△", "^"),
    "guardrail": ("‡", "G"),
    "evaluator": ("±", "%"),
    "chain": ("»", "&"),
    "step": ("›", ":"),
    "span": ("·", "."),
    # classes of an event
    "decision": ("→", "?"),
    "log": ("¶", ";"),
    "message": ('"', '"'),
    "retry": ("↻", "r"),
    "event": ("∙", "'"),
    "token": ("∙", "'"),
    "other": ("∙", "'"),
    # statuses of a span and of a run; `error` is an event class too
    "error": ("✗", "x"),
    "open": ("●", "o"),
    "running": ("●", "o"),
    "stalled": ("◌", "!"),
    "unfinished": ("◐", "/"),
    "unknown": ("?", "?"),
    "ok": ("✓", "."),
    "unset": (" ", " "),
    "skipped": ("○", "s"),
    "slow": ("!", "!"),
    "warning": ("!", "!"),
    # tree, panes and lists
    "fold_open": ("▾", "-"),
    "fold_closed": ("▸", "+"),
    "gutter_focused": ("▌", ">"),
    "gutter": ("▏", "|"),
    "rule_focused": ("━", "="),
    "rule": ("─", "-"),
    "divider": ("│", "|"),
    "junction": ("┬", "-"),
    "quote": ("▏", "|"),
    "crumb": ("›", ">"),
    "bullet": ("•", "*"),
    "dot": ("·", "-"),
    "more": ("↓", "v"),
    "result": ("↳", ">"),
    "marked": ("*", "*"),
    # comparing two runs
    "changed": ("≠", "!"),
    "added": ("+", "+"),
    "removed": ("−", "-"),
    # waterfall; `gone` is the ASCII of `unfinished`, since `?` is a decision in that column
    "bar_thin": ("─", "-"),
    "bar_medium": ("━", "="),
    "bar_medium_start": ("╺", "="),
    "bar_full": ("█", "#"),
    "bar_full_start": ("▐", "#"),
    "bar_least": ("▏", "|"),
    "silence": ("╌", "."),
    "idle": ("╌", "."),
    "now": ("▸", ">"),
    "gone": ("?", "/"),
    "cut_before": ("‹", "{"),
    "cut_after": ("›", "}"),
    # time by kind: parts differ by density as well as hue
    "share_model": ("█", "#"),
    "share_tool": ("▓", "%"),
    "share_retrieval": ("▒", ":"),
    "share_own": ("░", "."),
    "share_idle": ("╌", "-"),
}

UNICODE: Final = Symbols(
    name="unicode",
    glyphs=MappingProxyType({word: pair[0] for word, pair in _TABLE.items()}),
    eighths=("▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"),
    columns=("▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"),
    density=("▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"),
    cut="…",
    none="–",
    at_least="≥",
    computed="~",
    reading="…",
    micro="µ",
    times="×",
)

ASCII: Final = Symbols(
    name="ascii",
    glyphs=MappingProxyType({word: pair[1] for word, pair in _TABLE.items()}),
    eighths=("|", "|", "|", "#", "#", "#", "#", "#"),
    columns=(),
    density=(".", ":", "-", "=", "+", "*", "#", "@"),
    cut="~",
    none="-",
    at_least=">=",
    computed="~",
    reading="..",
    micro="u",
    times="x",
)


def choose(env: Mapping[str, str] | None = None, *, setting: str = "auto") -> Symbols:
    """The set for this terminal: `setting` if it says `unicode` or `ascii`, else by the locale in `env`.

    The locale is the first of `LC_ALL`, `LC_CTYPE`, `LANG` that is not empty, as POSIX has it; none is the C locale.
    """
    if setting in ("ascii", "unicode"):
        return ASCII if setting == "ascii" else UNICODE
    env = os.environ if env is None else env
    locale = next((env[name] for name in ("LC_ALL", "LC_CTYPE", "LANG") if env.get(name)), "C")
    return UNICODE if "utf8" in locale.lower().replace("-", "") else ASCII
