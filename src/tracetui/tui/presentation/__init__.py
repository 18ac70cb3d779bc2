"""From the model to styled text: pure functions that make pieces, and the three ways of drawing pieces.

A piece is text and the name of its style. The functions of this package make pieces without knowing a theme or an app, so
that they are tested with plain tables; `Styles` turns names into styles of the theme that is on; `strip()` is for
widgets on the line API, `content()` for those that render.

A name of a style is a colour word, attributes, or both: `status-error bold`, `muted`, `strong underline`. The words are
the theme's own colours (`kind-llm`, `status-open`, `code-key` …), any kind, event class or status behind `kind-` or
`status-`, and `text` (the foreground), `selected` (reverse video), `hit` (a search hit), `beside` (the selection of a pane
without focus). Attributes are `bold dim italic underline reverse strike`.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.content import Content, Span
from textual.strip import Strip
from textual.style import Style as ContentStyle

from tracetui.core.symbols import EVENT_CLASSES
from tracetui.core.text import safe
from tracetui.tui.themes import OWN_COLOURS, own_colours

if TYPE_CHECKING:
    from textual.app import App

Piece = tuple[str, str]
"""Text, and the name of its style."""

ATTRIBUTES: Final = frozenset(("bold", "dim", "italic", "underline", "reverse", "strike"))

_SAME_COLOUR: Final[Mapping[str, str]] = MappingProxyType(
    {
        "text": "foreground",
        "kind-retriever": "kind-retrieval",
        "kind-embedding": "kind-retrieval",
        "kind-reranker": "kind-retrieval",
        "kind-guardrail": "kind-check",
        "kind-evaluator": "kind-check",
        "kind-chain": "kind-step",
        "kind-span": "kind-step",
        **{f"kind-{event_class}": "muted" for event_class in (*EVENT_CLASSES, "other")},
        "kind-error": "status-error",
        "kind-retry": "status-warning",
        "status-running": "status-open",
        "status-stalled": "status-warning",
        "status-unfinished": "status-warning",
        "status-slow": "status-warning",
        "status-retry": "status-warning",
        "status-unknown": "muted",
        "status-skipped": "muted",
        "status-ok": "muted",
        "status-unset": "muted",
    }
)

_SPECIAL: Final = frozenset(("selected", "hit", "beside"))
_SHOWN_IN_BLANKS: Final = _SPECIAL | {"underline", "reverse", "strike"}


class Styles(Mapping[str, Style]):
    """Name of a style to the style in one theme; each is worked out once.

    With `no_color` nothing has a colour: a status, `strong` and `accent` are bold, `muted` and `rule` dim. In a theme
    of the terminal's own colours (`ansi`) the same weights stand for the colours that are the default one.
    """

    def __init__(self, variables: Mapping[str, str], ansi: bool = False, no_color: bool = False) -> None:
        self._colours = {name: Color.parse(variables[name]) for name in OWN_COLOURS if name in variables}
        self._plain = no_color
        self._default = no_color or ansi
        self._styles: dict[str, Style] = {}
        self._content_styles: dict[str, ContentStyle] = {}

    def __getitem__(self, name: str) -> Style:
        """The style for text on the theme's background; raises `KeyError` for a word that is none."""
        style = self._styles.get(name)
        if style is None:
            foreground, background, attributes = self._look(name)
            if background is None and not self._default:
                background = self._colours["background"]
            style = self._styles[name] = Style(
                color=foreground and foreground.rich_color,
                bgcolor=background and background.rich_color,
                **dict.fromkeys(attributes, True),  # type: ignore[arg-type]  # names of attributes, all of them flags
            )
        return style

    def __iter__(self) -> Iterator[str]:
        return iter(words())

    def __len__(self) -> int:
        return len(words())

    def for_content(self, name: str) -> ContentStyle:
        """The same for Textual's `Content`, which has the background of its widget."""
        style = self._content_styles.get(name)
        if style is None:
            foreground, background, attributes = self._look(name)
            style = self._content_styles[name] = ContentStyle(
                foreground=foreground,
                background=background,
                **dict.fromkeys(attributes, True),  # type: ignore[arg-type]  # names of attributes, all of them flags
            )
        return style

    def _look(self, name: str) -> tuple[Color | None, Color | None, frozenset[str]]:
        """Colour, background and attributes; None is the terminal's or the widget's own."""
        words = name.split() or ["text"]
        attributes = frozenset(word for word in words if word in ATTRIBUTES)
        colours = [word for word in words if word not in ATTRIBUTES] or ["text"]
        foreground: Color | None = None
        background: Color | None = None
        for word in colours:
            if word in _SPECIAL:
                foreground, background, weights = self._special(word)
            else:
                foreground, weights = self._colour(_SAME_COLOUR.get(word, word))
            attributes |= weights
        return foreground, background, attributes

    def _colour(self, word: str) -> tuple[Color | None, frozenset[str]]:
        colour = self._colours[word]
        if not self._default:
            return colour, frozenset()
        if not self._plain and colour.ansi != -1:
            return colour, frozenset()
        if word in ("muted", "rule"):
            return None, frozenset(("dim",))
        bold = word in ("strong", "accent") or (self._plain and word.startswith("status-"))
        return None, frozenset(("bold",) if bold else ())

    def _special(self, word: str) -> tuple[Color | None, Color | None, frozenset[str]]:
        if word == "beside":
            return self._colour("strong")[0], None, frozenset(("bold", "underline"))
        if self._plain or (self._default and word == "selected"):
            return None, None, frozenset(("bold", "reverse"))
        shown = self._colours["foreground" if word == "selected" else "status-warning"]
        if self._default:
            return shown, None, frozenset(("bold", "reverse"))
        return self._colours["background"], shown, frozenset(("bold",))


def words() -> tuple[str, ...]:
    """Every colour word there is."""
    return (*OWN_COLOURS, *_SAME_COLOUR, *sorted(_SPECIAL))


def styles_for(app: "App[object]") -> Styles:
    """The styles of the theme that `app` shows, made once for each theme."""
    own = tuple(own_colours(app.current_theme).items())
    return _styles(own, app.native_ansi_color, app.no_color)


@lru_cache(16)
def _styles(own: tuple[tuple[str, str], ...], ansi: bool, no_color: bool) -> Styles:
    return Styles(dict(own), ansi, no_color)


def strip(pieces: Iterable[Piece], width: int, styles: Styles) -> Strip:
    """A line of exactly `width` cells: pieces of one style are joined, what is too long is cropped, the rest blank.

    The text should have gone through `safe()` where it entered; it goes through again here, the last gate before the
    terminal.
    """
    segments: list[Segment] = []
    used, name = 0, ""
    for text, name in _joined(pieces):
        text = text if text.isascii() and text.isprintable() else safe(text)
        cells = cell_len(text)
        if used + cells > width:
            text = set_cell_size(text, width - used)
            cells = width - used
        if cells > 0:
            segments.append(Segment(text, styles[name]))
            used += cells
        if used >= width:
            break
    if used < width:
        blanks = " " * (width - used)
        if segments and _is_flat(name):
            segments[-1] = Segment(segments[-1].text + blanks, segments[-1].style)
        else:
            segments.append(Segment(blanks, styles["text"]))
    return Strip(segments, max(width, 0))


def content(pieces: Iterable[Piece], styles: Styles) -> Content:
    """The pieces as Textual's `Content`, never as markup; newlines in them stay."""
    texts: list[str] = []
    spans: list[Span] = []
    at = 0
    for text, name in _joined(pieces):
        text = safe(text, newlines=True)
        texts.append(text)
        spans.append(Span(at, at + len(text), styles.for_content(name)))
        at += len(text)
    return Content("".join(texts), spans)


def plain(pieces: Iterable[Piece]) -> str:
    """Only the text, for tests and for commands."""
    return "".join(text for text, _ in pieces)


def _joined(pieces: Iterable[Piece]) -> Iterable[Piece]:
    """The pieces with neighbours of one style made one, since each change of style costs bytes on the link.

    Blanks look the same in every style that only has a colour or weight, so they go with a neighbour of that sort.
    """
    held, style = "", ""
    for text, name in pieces:
        if name == style or not text or (_is_blank(text) and _is_flat(style)):
            held += text
        elif _is_blank(held) and _is_flat(style) and _is_flat(name):
            held, style = held + text, name
        else:
            if held:
                yield held, style
            held, style = text, name
    if held:
        yield held, style


def _is_blank(text: str) -> bool:
    return not text.strip(" ")


@lru_cache(1024)
def _is_flat(style: str) -> bool:
    """Whether a blank in `style` shows nothing."""
    return _SHOWN_IN_BLANKS.isdisjoint(style.split())
