"""The whole run in one line."""

import pytest

from tracetui.core.model import SpanDetail
from tracetui.core.store import Store
from tracetui.core.symbols import ASCII, UNICODE
from tracetui.core.testing import SECOND, build_run
from tracetui.tui.presentation import plain
from tracetui.tui.presentation.run_strip import StripMarks, levels_of, strip_cells, strip_pieces
from tracetui.tui.session import Session
from tracetui.tui.widgets.gap_jumps import Gap, GapJumps
from tracetui.tui.widgets.span_data import SpanData

WHOLE = 761 * SECOND
HELD = """
agent a 0..100
  tool b 0..20
  tool c 30..40
  step d 70..80
    tool e 70..80
"""


def open_run(text: str) -> SpanData:
    from tracetui.core.store.run_tree import RunTree

    store = Store()
    store.apply(build_run(text))
    session = Session(store, bodies=None)  # type: ignore[arg-type]  # nothing is read
    return SpanData(session, RunTree(store, 0), store.runs[0], {})


class Shelf:
    """Bodies that say nothing but an id."""

    def size_of(self, row: int) -> int:
        return row

    def span_detail(self, row: int) -> SpanDetail:
        return SpanDetail(id=str(row))


def name_of(data: SpanData, gap: Gap | None) -> str:
    assert gap is not None
    store = data.session.store
    return store.strings[store.spans.name[gap.row]]


@pytest.mark.parametrize(
    ("running", "levels"),
    [([0.0, 1.0, 2.0, 4.0], [0, 2, 4, 8]), ([0.01, 0.5], [1, 1]), ([8.0, 16.0, 1.0], [4, 8, 1])],
)
def test_a_column_of_two_eighths_is_one_span_up_to_four(running: list[float], levels: list[int]) -> None:
    assert levels_of(running, [value > 0 for value in running]) == levels


@pytest.mark.parametrize("symbols", [UNICODE, ASCII])
def test_the_line_has_its_cells_and_a_blank_at_the_end(symbols) -> None:
    cells = strip_cells(60, WHOLE, symbols)
    assert len(plain(strip_pieces([1] * cells, StripMarks(), WHOLE, symbols))) == 59


def test_the_line_marks_failures_and_the_part_that_is_shown() -> None:
    line = strip_pieces([2, 2, 2, 2, 2, 2, 0, 8], StripMarks({7}, 3, (2, 4)), WHOLE, UNICODE)
    assert plain(line) == "   0 ▂[▂▂▂] ✗ 12m41s"
    assert ("▂", "selected") in line


def test_the_line_in_ascii() -> None:
    assert plain(strip_pieces([1, 2, 8, 0], StripMarks({1}), WHOLE, ASCII)) == "   0 .x@  12m41s"


def test_a_pane_too_narrow_has_no_line() -> None:
    assert strip_cells(20, WHOLE, UNICODE) == 0


def test_the_line_shows_work_and_not_what_holds_it() -> None:
    shown = plain(open_run(HELD).strip.pieces(3 + 2 + 20 + 1 + len("1m40s") + 1, None))
    assert shown == "   0 ▂▂▂▂  ▂▂      ▂▂     1m40s"


def test_a_large_run_that_changes_while_it_is_looked_at_is_looked_at_again(monkeypatch) -> None:
    monkeypatch.setattr("tracetui.tui.widgets.run_strip.MANY_SPANS", 0)
    strip = open_run(HELD).strip
    key = strip.waits(60)
    assert key is not None
    job = strip.job(key)
    assert strip.waits(60) is None
    strip.forget()
    strip.put(key, job())
    assert strip.waits(60) == key


def test_the_longest_gap_comes_first_and_then_the_next() -> None:
    data, jumps = open_run(HELD), GapJumps()
    first = jumps.next(data, 0)
    assert (name_of(data, first), first and first.length) == ("d", 30 * SECOND)
    second = jumps.next(data, first.row if first else 0)
    assert (name_of(data, second), second and second.number) == ("d", 2)
    assert name_of(data, jumps.next(data, second.row if second else 0)) == "c"


def test_a_span_without_gaps_leads_to_those_around_it() -> None:
    data = open_run(HELD)
    gap = GapJumps().next(data, 4)
    assert gap is not None
    assert gap.holder == 0


def test_where_nothing_was_idle_there_is_no_gap() -> None:
    assert GapJumps().next(open_run("agent a 0..10\n  tool b 0..10"), 1) is None


def test_what_is_zoomed_comes_to_the_gap() -> None:
    from tracetui.tui.presentation.time_window import Window

    data = open_run(HELD)
    data.axis.show(Window(0, 50 * SECOND))
    GapJumps().next(data, 0)
    assert data.axis.window == Window(30 * SECOND, 50 * SECOND)


def test_the_detail_of_a_span_says_how_long_it_was_idle_and_when_most() -> None:
    from tracetui.tui.presentation.detail import Look
    from tracetui.tui.presentation.overview import overview
    from tracetui.tui.presentation.span_facts import span_facts

    data = open_run(HELD)
    told = {
        row: "\n".join(
            plain(line)
            for section in overview(
                span_facts(data.session.store, Shelf(), row, now=0),  # type: ignore[arg-type]
                Look(80, symbols=UNICODE),
            )
            for line in section.rows
        )
        for row in (0, 3)
    }
    assert "idle      1m00s  in 3 gaps, longest 30.0s at +40.0s" in told[0]
    assert "idle" not in told[3]


def test_the_tools_that_a_call_began_are_no_idle_time_of_the_agent_above_it() -> None:
    from tracetui.tui.presentation.span_facts import span_facts

    data = open_run("agent a 0..10\n  llm ask 0..4\n    tool long 4..8\n  llm answer 8..10")
    facts = span_facts(data.session.store, Shelf(), 0, now=0)  # type: ignore[arg-type]
    assert (facts.own, facts.gaps) == (0, ())
