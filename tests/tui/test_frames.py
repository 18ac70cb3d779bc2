"""What is sent to the terminal: only what differs, and the same screen as Textual's own frames would leave."""

import os
import random
from collections.abc import Iterator, Sequence
from itertools import pairwise, product

import pyte
import pytest
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region, Size
from textual.strip import Strip

from tests.tui.helpers import make_app
from tracetui.tui.frames import PLAIN, Frames, Look, _change

STYLES = [
    None,
    Style.parse("#ff5f5f on #121212"),
    Style.parse("#8a8a8a on #121212"),
    Style.parse("bold #ffffff on #121212"),
    Style.parse("#121212 on #d0d0d0 bold"),
    Style.parse("underline bold #ffffff on #121212"),
    Style.parse("reverse"),
    Style.parse("strike #123456 on #ffd75f"),
    Style.parse("bright_red"),
    Style.parse("italic cyan on blue"),
]
WORDS_ONE_CELL = ["", " ", "   ", "span", "tool fetch_page", "│", "▐███▌", "━━━━", "◆ agent", "12m41s"]
WORDS = [*WORDS_ONE_CELL, "世界", "⚠", "ⓘ한", "ｱ한글"]
"""Characters whose width the emulator and Rich agree on; marks that combine wrap too early in the emulator."""
TRUE = ColorSystem.TRUECOLOR
CONSOLE = Console(color_system="truecolor", force_terminal=True)
FRAMES = 10_000 if os.environ.get("TRACETUI_LONG") else 250


def filled(chance: random.Random, width: int, words: Sequence[str]) -> Strip:
    """A strip of exactly this width."""
    segments: list[Segment] = []
    while sum(segment.cell_length for segment in segments) < width:
        segments.append(Segment(chance.choice(words) * chance.randint(1, 3) or " ", chance.choice(STYLES)))
    return Strip(segments).adjust_cell_length(width)


class Drawn:
    """A screen of a few panes, drawn again and again as Textual's compositor does."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.resize()

    def resize(self) -> None:
        chance = self.chance
        self.size = Size(chance.randint(8, 50), chance.randint(3, 10))
        self.words = chance.choice([WORDS, WORDS_ONE_CELL])
        cuts = sorted({0, *(chance.randrange(1, self.size.width) for _ in range(chance.randint(0, 2)))})
        self.ends = [*cuts[1:], self.size.width]
        self.rows = [
            {start: filled(chance, end - start, self.words) for start, end in zip(cuts, self.ends, strict=True)}
            for _ in range(self.size.height)
        ]

    def whole(self) -> CompositorUpdate:
        return LayoutUpdate([list(row.values()) for row in self.rows], Region(0, 0, *self.size))

    def next(self) -> CompositorUpdate:
        chance = self.chance
        if chance.random() < 0.1:  # scrolled
            self.rows = [*self.rows[1:], self.rows[0]]
            return self.whole()
        touched = sorted(chance.sample(range(self.size.height), chance.randint(1, min(4, self.size.height))))
        spans = []
        for y in touched:
            for (start, strip), end in zip(list(self.rows[y].items()), self.ends, strict=True):
                if chance.random() < 0.7:
                    at = chance.randint(0, end - start)
                    new = filled(chance, end - start, self.words)
                    joined = Strip.join([strip.crop(0, at), new.crop(at)]).adjust_cell_length(end - start)
                    self.rows[y][start] = joined if chance.random() < 0.6 else strip
            bounds = (
                sorted(chance.sample(range(self.size.width + 1), 2)) if chance.random() < 0.3 else [0, self.size.width]
            )
            spans.append((y, *bounds))
        return ChopsUpdate([dict(row) for row in self.rows], spans, [self.ends for _ in self.rows])


def cells(screen: pyte.Screen) -> list[list[object]]:
    """Every cell as it looks: a blank has no colour of its own and no weight."""
    return [
        [
            (char.bg,) if char.data == " " and not (char.underscore or char.reverse or char.strikethrough) else char
            for char in (screen.buffer[y][x] for x in range(screen.columns))
        ]
        for y in range(screen.lines)
    ]


def frames(seed: int, count: int) -> Iterator[tuple[Size, CompositorUpdate, bool]]:
    """Frames with the size of the terminal, and whether it was resized before."""
    chance = random.Random(seed)
    drawn = Drawn(chance)
    yield drawn.size, drawn.whole(), True
    for _ in range(count - 1):
        if chance.random() < 0.02:
            drawn.resize()
            yield drawn.size, drawn.whole(), True
        else:
            yield drawn.size, drawn.next(), False


@pytest.mark.parametrize("seed", range(4))
def test_the_terminal_shows_cell_by_cell_what_textual_would_have_drawn(seed: int) -> None:
    shadow = Frames()
    ours = theirs = pyte.Screen(1, 1)
    for number, (size, update, is_resized) in enumerate(frames(seed, FRAMES // 4)):
        if is_resized:
            ours, theirs = pyte.Screen(*size), pyte.Screen(*size)
            our_stream, their_stream = pyte.Stream(ours), pyte.Stream(theirs)
            shadow.forget()
        elif number % 50 == 49:  # somebody else changes the style
            shadow.forget()
            our_stream.feed("\x1b[7;31m")
        stock = update.render_segments(CONSOLE)
        sent = shadow.render(update, size, TRUE)
        assert sent is not None
        our_stream.feed(sent)
        their_stream.feed(stock)
        assert cells(ours) == cells(theirs), number


def test_a_frame_that_shows_nothing_new_sends_nothing() -> None:
    drawn, shadow = Drawn(random.Random(1)), Frames()
    shadow.render(drawn.whole(), drawn.size, TRUE)
    assert shadow.render(drawn.whole(), drawn.size, TRUE) == ""


def test_what_was_forgotten_is_sent_again() -> None:
    drawn, shadow = Drawn(random.Random(1)), Frames()
    first = shadow.render(drawn.whole(), drawn.size, TRUE)
    shadow.forget()
    assert shadow.render(drawn.whole(), drawn.size, TRUE) == first


def row_update(*strips: Strip) -> LayoutUpdate:
    return LayoutUpdate([list(strips)], Region(0, 0, sum(strip.cell_length for strip in strips), 1))


def sent_for(before: str, after: str) -> str | None:
    """What is sent when a line of plain text becomes another one."""
    shadow = Frames()
    shadow.render(row_update(Strip([Segment(before)])), Size(len(before), 1), TRUE)
    return shadow.render(row_update(Strip([Segment(after)])), Size(len(before), 1), TRUE)


def test_all_of_it_is_shown_again_as_it_was() -> None:
    shadow, chance = Frames(), random.Random(7)
    drawn = Drawn(chance)
    drawn.words = WORDS_ONE_CELL
    size = drawn.size = Size(30, 6)
    drawn.ends = [12, 30]
    drawn.rows = [{0: filled(chance, 12, drawn.words), 12: filled(chance, 18, drawn.words)} for _ in range(6)]
    first, second = pyte.Screen(*size), pyte.Screen(*size)
    pyte.Stream(first).feed(shadow.render(drawn.whole(), size, TRUE) or "")
    pyte.Stream(second).feed(shadow.again() or "")
    assert cells(second) == cells(first)


def test_what_is_not_known_or_of_a_width_in_doubt_is_not_shown_again() -> None:
    shadow = Frames()
    assert shadow.again() is None
    shadow.render(LayoutUpdate([[Strip([Segment("世界")])]], Region(0, 0, 4, 1)), Size(4, 1), TRUE)
    assert shadow.again() is None


def test_only_the_cells_that_differ_are_sent() -> None:
    assert sent_for("row 17 of 34 of all", "row 18 of 34 or all") == "\x1b[1;6H8\x1b[8Cr"


def test_a_short_stretch_that_did_not_change_is_sent_again() -> None:
    assert sent_for("ab cd", "xb cy") == "\x1b[Hxb cy"


def test_a_row_whose_width_is_in_doubt_is_sent_from_its_beginning() -> None:
    assert sent_for("⚠ warning 1 ", "⚠ warning 2 ") == "\x1b[H⚠ warning 2 "


def test_what_follows_a_width_in_doubt_is_placed_from_the_edge_of_the_screen() -> None:
    lines = [[Strip([Segment("ab👩‍🚀cd")])], [Strip([Segment("next  ")])]]
    sent = Frames().render(LayoutUpdate(lines, Region(0, 0, 6, 2)), Size(6, 2), TRUE)
    assert sent == "\x1b[H\x1b[mab👩‍🚀cd\x1b[2Hnext  "


@pytest.mark.parametrize("text", ["a\x1b[31mb", "a\nb", "\x07", "é\x9b31m"])
def test_anything_but_text_is_left_to_textual(text: str) -> None:
    shadow = Frames()
    assert shadow.render(row_update(Strip([Segment(text)], 4)), Size(10, 1), TRUE) is None


def test_a_link_is_left_to_textual() -> None:
    strip = Strip([Segment("here", Style(link="https://example.invalid"))])
    assert Frames().render(row_update(strip), Size(10, 1), TRUE) is None


def test_a_piece_outside_the_terminal_is_left_to_textual() -> None:
    assert Frames().render(row_update(Strip([Segment("too long")])), Size(4, 1), TRUE) is None


LOOKS = [
    PLAIN,
    *(
        Look(frozenset(attributes), colour, background)
        for attributes, colour, background in product(
            ((), ("1",), ("2",), ("1", "4"), ("3", "7", "9")), ("", "91", "38;5;203"), ("", "48;5;233")
        )
    ),
]


def applied(sgr: str, look: Look) -> Look:
    """What a terminal shows after one SGR sequence (ECMA-48 and the 256 colours)."""
    assert sgr.startswith("\x1b[")
    assert sgr.endswith("m")
    attributes, colour, background = set(look.attributes), look.colour, look.background
    parameters = iter((sgr[2:-1] or "0").split(";"))
    off = {"22": {"1", "2"}, "23": {"3"}, "24": {"4"}, "27": {"7"}, "29": {"9"}}
    for parameter in parameters:
        if parameter == "0":
            attributes, colour, background = set(), "", ""
        elif parameter in off:
            attributes -= off[parameter]
        elif parameter in ("38", "48"):
            value = ";".join((parameter, next(parameters), next(parameters)))
            colour, background = (value, background) if parameter == "38" else (colour, value)
        elif parameter == "39":
            colour = ""
        elif parameter == "49":
            background = ""
        elif len(parameter) == 1:
            attributes.add(parameter)
        else:
            colour = parameter
    return Look(frozenset(attributes), colour, background)


def test_every_change_of_style_leads_to_the_wanted_one() -> None:
    for old, new in product(LOOKS, LOOKS):
        if old != new:
            assert applied(_change(old, new), old) == new


def test_no_change_of_style_is_longer_than_beginning_anew() -> None:
    for old, new in pairwise(LOOKS):
        assert len(_change(old, new)) <= len("\x1b[0;m") + len(";".join(new.parameters()))


async def test_ctrl_l_draws_everything_again() -> None:
    app = make_app([])
    async with app.run_test() as pilot:
        app._frames._width = 80
        await pilot.press("ctrl+l")
        assert app._frames._width == 0
