"""The console sink: one line for each start, end and event, never a control sequence of the content, never too wide."""

import io
import os
import re
import sys

import pytest

from tests.core.recording.by_hand import RUN, Hand, a_run, sample
from tracetui.core.recording.records import Record
from tracetui.core.recording.sinks.console import ConsoleSink
from tracetui.core.text import cell_width

OTHER = "f" * 32
HOSTILE = (
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\x1b]52;c;aGk=\x07",
    "a\nb\r\nc",
    "\x9b31m",
    "\u202eright to left",
    "\x00\x08\x7f",
    "x" * 10_000,
    "\u0301" * 500,
    "漢字" * 200,
    "[bold]markup[/bold]",
)


def printed(*records: Record, **options: object) -> list[str]:
    stream = io.StringIO()
    sink = ConsoleSink(stream, **options)  # type: ignore[arg-type]
    for record in records:
        sink.emit(record)
    return stream.getvalue().splitlines()


def test_a_run_is_printed_as_indented_starts_events_and_ends_with_their_figures() -> None:
    assert printed(*a_run()) == [
        "0       » run nightly  0af76519",
        "+1.0s     ● start agent scan",
        "+2.0s       ● start tool search  q=x",
        "+2.5s         ¶ info note  half way",
        "+3.0s       ✓ ok tool search 3.0s 5→2 tok $0.50",
        "+4.0s     ✗ error agent scan 4.0s  E: no",
        "+5.0s   ✗ error run nightly 5.0s",
    ]


def test_each_line_is_there_as_soon_as_its_record_came() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, "utf-8")
    sink = ConsoleSink(stream)
    for number, record in enumerate(a_run(), 1):
        sink.emit(record)
        assert raw.getvalue().count(b"\n") == number


@pytest.mark.parametrize("name", ["market_watch", "research_agent", "support_bot"])
def test_every_record_of_a_recording_is_one_line_of_80_cells_at_most(name: str) -> None:
    records = list(sample(name))
    lines = printed(*records, level="debug")
    assert len(lines) == len(records)
    assert max(map(cell_width, lines)) <= 80


def test_what_is_too_long_is_cut_with_a_mark_and_figures_are_not() -> None:
    hand = Hand()
    usage = {"input": 123_456, "output": 98_765}
    (line,) = printed(hand.end(3, 1, "n" * 500, "llm", usage=usage, cost_usd=1.25, attributes={"a": "b" * 500}))
    assert cell_width(line) == 80
    assert "…" in line
    assert "3.0s 123k→98.8k tok $1.25" in line


def test_a_span_far_down_is_indented_no_further_than_can_be_read_and_says_its_depth() -> None:
    hand = Hand()
    records = [hand.header()]
    for depth in range(1, 31):
        records.append(hand.start(1, depth, f"level {depth}", parent=f"{depth - 1:016x}"))
    lines = printed(*records)
    assert lines[10].endswith(" " * 20 + "● start step level 10")
    assert lines[30].endswith("30: ● start step level 30")
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("width", [10, 40, 60, 200])
def test_no_line_is_wider_than_the_width_asked_for_but_40_cells_are_taken(width: int) -> None:
    assert max(map(cell_width, printed(*sample("research_agent"), width=width))) <= max(width, 40)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_no_content_reaches_the_stream_as_a_control_sequence(text: str, encoding: str) -> None:
    hand = Hand(run=f"{text}{RUN}", name=text)
    error = {"type": text, "message": text, "traceback": text}
    records = [
        hand.header(meta={text: text}),
        hand.start(1, 1, text, text, input=text, model=text, attributes={text: text}),
        hand.start(1, 2, text, text, input=[{"role": text, "content": text}]),
        hand.event(1, text, 1, name=text, level=text, text=text, attributes={text: [text]}),
        hand.event(1, "log", 1, name=text, level="warning", text=text),
        hand.end(2, 1, text, text, error=error, status=text),
        hand.end(2, 2, text, text, error=error, status="error"),
        hand.record("gap", 2, lost=3, reason=text),
        hand.run_end(2, "error", error=error),
    ]
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding)
    sink = ConsoleSink(stream)
    for record in records:
        sink.emit(record)
    lines = raw.getvalue().decode(encoding).splitlines()
    assert len(lines) == len(records)
    assert not [char for line in lines for char in line if not char.isprintable()]
    assert max(map(cell_width, lines)) <= 80


def test_values_of_the_wrong_type_cost_nothing_but_themselves() -> None:
    hand = Hand()
    wrong: dict[str, object] = {"name": 7, "kind": [], "input": 3.5, "attributes": "a", "usage": [], "cost_usd": "x"}
    assert len(printed(hand.start(1, 1, "x"), hand.record("span_start", 1, span=5, parent={}, **wrong))) == 2
    assert len(printed(hand.record("span_end", 1, error="plain", duration_ns="long", status=3, **wrong))) == 1


def test_what_the_text_of_an_event_says_is_not_said_again_by_its_attributes() -> None:
    attributes = {"chosen": "a", "alternatives": ["a", "b"], "reason": "cheaper"}
    (line,) = printed(Hand().event(0, "decision", name="router", text="a: cheaper", attributes=attributes))
    assert line == '0       → decision router  a: cheaper alternatives=["a","b"]'


def test_two_runs_that_write_at_once_name_themselves_and_one_alone_does_not() -> None:
    one, two = Hand(), Hand(OTHER, "other")
    lines = printed(one.header(), one.start(1, 1, "a"), two.header(), two.start(1, 1, "b"), one.end(2, 1, "a"))
    assert [line[8:12] for line in lines] == ["» ru", "  ● ", "ffff", "ffff", "0af7"]


def test_after_a_run_has_ended_the_other_one_needs_no_name() -> None:
    one, two = Hand(), Hand(OTHER, "other")
    lines = printed(one.header(), two.header(), two.run_end(1), one.start(2, 1, "a"))
    assert lines[-1] == "+2.0s     ● start step a"


def test_a_forked_process_is_named_by_its_number() -> None:
    child = Hand(pid=4712, child=True)
    lines = printed(Hand().header(), child.header(), child.start(1, 1, "a"))
    assert lines[1] == "0       0af7:4712 » run nightly  0af76519 process 4712".replace("0af7:4712", ":4712")
    assert lines[2].startswith("+1.0s   :4712 ")


def test_what_interleaves_is_indented_by_its_own_parents() -> None:
    hand = Hand()
    lines = printed(
        hand.start(0, 1, "one"),
        hand.start(0, 2, "two"),
        hand.start(0, 3, "below one", parent=f"{1:016x}"),
        hand.end(1, 1, "one"),
        hand.start(1, 4, "below two", parent=f"{2:016x}"),
        hand.event(1, "decision", 4, name="router", text="a"),
    )
    assert [len(line[8:]) - len(line[8:].lstrip()) for line in lines] == [2, 2, 4, 2, 4, 6]


def of_all_levels() -> list[Record]:
    hand = Hand()
    return [
        hand.header(),
        hand.start(0, 1, "one"),
        hand.record("span_update", 0, span=f"{1:016x}", model="m"),
        hand.event(0, "token", 1, text="to"),
        *(hand.event(0, "log", 1, level=level, text=level) for level in ("debug", "info", "warning", "error")),
        hand.event(0, "retry", 1),
        hand.event(0, "decision", 1, name="router"),
        hand.end(1, 1, "one"),
        hand.end(1, 2, "two", status="error"),
        hand.record("gap", 1, lost=2, reason="disk full"),
        hand.run_end(1),
    ]


@pytest.mark.parametrize(
    ("level", "count"), [("debug", 14), ("info", 11), ("warning", 5), ("error", 2), ("critical", 0)]
)
def test_the_level_leaves_out_what_is_less_important(level: str, count: int) -> None:
    assert len(printed(*of_all_levels(), level=level)) == count


def test_a_level_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="debug, info, warning, error, critical"):
        ConsoleSink(level="loud")


def test_losses_are_told_with_their_reason() -> None:
    (line,) = printed(Hand().record("gap", 1, lost=2, reason="No space left on device"))
    assert line == "0       ! lost 2 records could not be written: No space left on device"


def test_without_a_stream_the_standard_error_of_the_moment_is_written_to(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = ConsoleSink()
    later = io.StringIO()
    sink.emit(Hand().header())
    monkeypatch.setattr(sys, "stderr", later)
    sink.emit(Hand().header())
    assert capsys.readouterr().err.count("\n") == later.getvalue().count("\n") == 1


def test_a_program_without_a_console_is_not_disturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    ConsoleSink().emit(Hand().header())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def colours(stream: io.StringIO, color: bool | None = None) -> bool:
    sink = ConsoleSink(stream, color=color)
    sink.emit(Hand().end(1, 1, "x", status="error"))
    return "\x1b[" in stream.getvalue()


def test_colours_are_for_terminals_without_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    assert colours(Terminal())
    assert not colours(io.StringIO())
    assert colours(io.StringIO(), color=True)
    assert not colours(Terminal(), color=False)
    monkeypatch.setenv("TERM", "dumb")
    assert not colours(Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colours(Terminal())
    assert colours(Terminal(), color=True)


def test_colours_change_nothing_but_the_colour() -> None:
    plain, coloured = printed(*sample("market_watch")), printed(*sample("market_watch"), color=True)
    assert [re.sub(r"\x1b\[\d+m", "", line).rstrip() for line in coloured] == plain


def test_the_width_of_a_terminal_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wide(Terminal):
        def fileno(self) -> int:
            return 99

    monkeypatch.setattr(os, "get_terminal_size", lambda descriptor: os.terminal_size((120, 30)))
    stream = Wide()
    ConsoleSink(stream, color=False).emit(Hand().start(1, 1, "n" * 500))
    assert cell_width(stream.getvalue().rstrip("\n")) == 120


def test_a_stream_that_is_not_utf_8_is_sent_nothing_but_ascii() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, "latin-1")
    for record in (*a_run(), Hand().start(1, 9, "é漢")):
        ConsoleSink(stream).emit(record)
    assert raw.getvalue().isascii()


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_a_stream_that_fails_raises_in_emit_and_nothing_is_lost_of_the_depths() -> None:
    sink = ConsoleSink(Broken())
    hand = Hand()
    with pytest.raises(BrokenPipeError):
        sink.emit(hand.start(0, 1, "one"))
    sink._stream = good = io.StringIO()
    sink.emit(hand.start(0, 2, "two", parent=f"{1:016x}"))
    assert good.getvalue() == "0           ● start step two\n"


def test_a_stream_is_not_closed_and_more_may_follow() -> None:
    stream = io.StringIO()
    sink = ConsoleSink(stream)
    sink.emit(Hand().header())
    sink.close()
    sink.close()
    sink.after_fork()
    sink.emit(Hand().header())
    assert len(stream.getvalue().splitlines()) == 2
    assert not stream.closed
