"""The main screen over real files: what it opens, where panes are, what keys do in all of them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tui.helpers import lines, look_again, make_app, opened, press, text, write_live
from tracetui.core.store import Change
from tracetui.resources import samples_dir
from tracetui.tui.messages import ProgressChanged, StoreChanged
from tracetui.tui.screens.help import HelpScreen
from tracetui.tui.screens.trouble import TroubleScreen
from tracetui.tui.widgets.empty_view import EXAMPLE


async def test_the_newest_failure_is_opened_at_its_first_cause(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        header, shown = lines(pilot)[0], text(pilot)
    assert "newest failure opened" in header
    assert "✗ error  research_agent" in shown
    assert "first cause" in shown


async def test_the_newest_failure_is_opened_though_all_is_read_before_it_is_told(tmp_path: Path) -> None:
    for number, name in enumerate(("older", "newer")):
        start = {"tracetui": 1, "type": "header", "seq": 0, "run": name, "name": name, "time": number + 1}
        end = {"type": "run_end", "seq": 1, "status": "error", "time": number + 5}
        (tmp_path / f"{name}.jsonl").write_text(f"{json.dumps(start)}\n{json.dumps(end)}\n")
    app = make_app([tmp_path])
    feed = app.session.feed
    assert feed is not None

    def all_at_once() -> None:
        # What a busy screen finds: all is read, and what was read is still on its way to it, the older run first.
        if feed.progress is None or not feed.progress.done:
            return
        for run in sorted(app.session.store.runs, key=lambda run: run.start or 0):
            app.main.post_message(StoreChanged(Change(runs={run.row}, new_runs=[run.row])))
        app.main.post_message(ProgressChanged(is_all_told=True))

    app._was_changed = lambda _change: None  # type: ignore[method-assign]
    app._has_progressed = all_at_once  # type: ignore[method-assign]
    async with opened(app):
        assert app.main.opened is not None
        assert app.session.store.runs[app.main.opened].name == "newer"


def write_failure(folder: Path, name: str, start: int) -> None:
    header = {"tracetui": 1, "type": "header", "seq": 0, "run": name, "name": name, "time": start}
    end = {"type": "run_end", "seq": 1, "status": "error", "time": start + 4}
    (folder / f"{name}.jsonl").write_text(f"{json.dumps(header)}\n{json.dumps(end)}\n")


async def test_the_newest_failure_is_opened_whenever_it_is_read_until_a_key_is_pressed(tmp_path: Path) -> None:
    write_failure(tmp_path, "second", 2)
    app = make_app([tmp_path])
    runs = app.session.store.runs
    async with opened(app) as pilot:
        for name, start, shown in (("third", 3, "third"), ("first", 1, "third")):
            write_failure(tmp_path, name, start)
            await look_again(pilot)
            assert app.main.opened is not None
            assert runs[app.main.opened].name == shown
        await press(pilot, "tab")
        write_failure(tmp_path, "fourth", 4)
        await look_again(pilot)
        assert runs[app.main.opened].name == "third"


async def test_the_header_counts_runs_and_failures(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        assert lines(pilot)[0].startswith(" tracetui  traces/  3 runs  ✗ 1 failed")


async def test_wide_shows_three_panes_side_by_side(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (120, 40)) as pilot:
        rules = lines(pilot)[1]
    assert rules.startswith("─ Runs ─")
    assert "┬━ Spans ━" in rules
    assert "┬─ Detail ─" in rules


async def test_medium_shows_spans_above_detail(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (80, 24)) as pilot:
        shown = lines(pilot)
    assert shown[1].startswith("━ Spans ━")
    assert shown[13].startswith("─ Detail ─")
    assert not any("Runs" in line for line in shown)


async def test_medium_has_the_runs_in_a_drawer(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (80, 24)) as pilot:
        await press(pilot, "u")
        assert lines(pilot)[1].startswith("━ Runs ━")
        assert "status" in lines(pilot)[2]
        await press(pilot, "u")
        assert lines(pilot)[1].startswith("━ Spans ━")


async def test_small_shows_one_pane_at_a_time(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (60, 20)) as pilot:
        seen = []
        for _ in range(3):
            seen.append(lines(pilot)[1].split()[1])
            await press(pilot, "tab")
    assert seen == ["Spans", "Detail", "Runs"]


async def test_too_small_says_so_in_one_line(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (38, 9)) as pilot:
        assert [line for line in lines(pilot) if line] == ["too small: 38x9, needs 40x10"]


async def test_another_size_moves_the_panes(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (120, 40)) as pilot:
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert lines(pilot)[1].startswith("━ Spans ━")
        await pilot.resize_terminal(200, 50)
        await pilot.pause()
        assert lines(pilot)[1].startswith("─ Runs ─")


async def test_a_maximised_pane_is_alone_until_esc(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "z")
        assert "Runs" not in lines(pilot)[1]
        await press(pilot, "escape")
        assert "Runs" in lines(pilot)[1]


async def test_enter_goes_into_the_detail_and_esc_out_again(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        await press(pilot, "enter")
        assert app.main.active == "detail"
        await press(pilot, "escape")
        assert app.main.active == "spans"
        await press(pilot, "escape", "escape")
        assert app.is_running


async def test_the_next_run_is_opened_from_any_pane(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        before = app.main.opened
        await press(pilot, "enter", "J")
        assert app.main.opened != before
        assert app.main.active == "detail"
        await press(pilot, "K")
        assert app.main.opened == before


async def test_moving_in_the_runs_opens_the_run(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        await press(pilot, "escape", "g")
        first = app.main.opened
        await press(pilot, "down")
        assert app.main.opened != first
        assert app.main.opened == app.main.runs.selected_run


async def test_a_chip_shows_only_its_class_and_a_second_press_takes_it_away(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        all_rows = text(pilot)
        await press(pilot, "3")
        assert "[3 ■ tool" in text(pilot)
        assert "only tool" in lines(pilot)[1]
        assert "draft_outline" not in text(pilot)
        await press(pilot, "3")
        assert "draft_outline" in text(pilot)
        assert "draft_outline" in all_rows


async def test_zero_takes_all_chips_away(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        await press(pilot, "2", "3", "0")
        assert app.main.chips.active == set()


async def test_a_search_counts_its_hits_and_n_goes_on(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "slash", *"fetch")
        assert "of 9" in lines(pilot)[-1]
        await press(pilot, "enter")
        first = lines(pilot)[1]
        await press(pilot, "n")
        assert lines(pilot)[1] != first
        assert "of 9" in lines(pilot)[1]


async def test_esc_forgets_a_search(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "slash", *"fetch", "escape")
        assert "of 9" not in text(pilot)
        assert "? help" in lines(pilot)[-1]


async def test_a_search_in_the_runs_filters_them(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        await press(pilot, "u", "slash", *"support")
        assert "1 of 3" in lines(pilot)[-1]
        assert len(app.main.runs.shown_runs) == 1


async def test_a_filter_of_runs_is_said_above_the_runs_only_until_esc(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "u", "slash", *"support", "enter")
        assert "/support esc" in lines(pilot)[1].partition("Spans")[0]
        assert "/support" not in lines(pilot)[1].partition("Spans")[2]
        await press(pilot, "escape")
        assert "/support" not in lines(pilot)[1]


async def test_the_drawer_says_what_its_filter_found_and_what_clears_it(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (80, 24)) as pilot:
        await press(pilot, "u", "slash", *"support", "enter")
        assert "/support  1 of 3  esc clears" in lines(pilot)[1]


async def test_a_filter_of_runs_opens_its_first_hit(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        await press(pilot, "u", "slash", *"support", "enter")
        assert app.main.opened == app.main.runs.shown_runs[0] == app.main.runs.selected_run


@pytest.mark.parametrize(
    ("keys", "said"), [((), "Nov 20 21:32"), (("u", "greater_than_sign"), "by name"), (("u", "z"), "by start")]
)
async def test_above_the_runs_stands_their_order_or_when_the_selected_one_began(
    native_traces: Path, keys: tuple[str, ...], said: str
) -> None:
    async with opened(make_app([native_traces]), (120, 40)) as pilot:
        await press(pilot, *keys)
        assert said in lines(pilot)[1].partition("Spans")[0]


async def test_a_new_run_appears_by_itself(native_traces: Path, tmp_path: Path) -> None:
    later = native_traces / "support_bot.jsonl"
    aside = tmp_path / "aside.jsonl"
    later.rename(aside)
    app = make_app([native_traces])
    async with opened(app) as pilot:
        assert lines(pilot)[0].startswith(" tracetui  traces/  2 runs")
        aside.rename(later)
        await look_again(pilot)
        assert lines(pilot)[0].startswith(" tracetui  traces/  3 runs")


async def test_the_selected_run_stays_selected_when_runs_come(native_traces: Path, tmp_path: Path) -> None:
    later = native_traces / "market_watch.jsonl"
    aside = tmp_path / "aside.jsonl"
    later.rename(aside)
    app = make_app([native_traces])
    async with opened(app) as pilot:
        selected = app.main.runs.selected_run
        aside.rename(later)
        await look_again(pilot)
        assert app.main.runs.selected_run == selected
        assert app.main.opened == selected


async def test_an_empty_folder_teaches(tmp_path: Path) -> None:
    async with opened(make_app([tmp_path]), (80, 24)) as pilot:
        shown = text(pilot)
    assert "No traces in traces/ yet." in shown
    assert "The folder exists and is empty." in shown
    assert "from tracetui import Tracer" in shown
    assert "q quit" in shown


async def test_the_two_lines_of_the_empty_folder_record_an_agent_into_traces(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", EXAMPLE], cwd=tmp_path, check=True, timeout=60)
    async with opened(make_app([tmp_path / "traces"])) as pilot:
        shown = text(pilot)
    assert "✓ ok  my_agent" in shown


async def test_an_empty_folder_offers_those_of_other_agents(tmp_path: Path, home: Path) -> None:
    place = home / ".claude" / "projects" / "demo"
    place.mkdir(parents=True)
    (place / "session.jsonl").write_text("{}\n")
    async with opened(make_app([tmp_path]), (80, 24)) as pilot:
        shown = text(pilot)
    assert "~/.claude/projects" in shown
    assert "1 file " in shown
    assert "enter open" in shown


async def test_unreadable_lines_are_counted_and_listed(native_traces: Path) -> None:
    with (native_traces / "support_bot.jsonl").open("ab") as file:
        file.write(b"{ this is no record\n")
    async with opened(make_app([native_traces])) as pilot:
        assert "1 unreadable line" in lines(pilot)[0]
        await press(pilot, "R")
        assert isinstance(pilot.app.screen, TroubleScreen)
        assert "support_bot.jsonl:" in text(pilot)
        await press(pilot, "escape")
        assert pilot.app.screen is pilot.app.main  # type: ignore[attr-defined]


async def test_files_that_no_format_reads_are_listed_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no trace at all\n")
    async with opened(make_app([tmp_path]), (80, 24)) as pilot:
        assert "1 file not recognised" in text(pilot)
        await press(pilot, "R")
        assert "notes.txt" in text(pilot)
        assert "not recognised" in text(pilot)


async def test_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    async with opened(make_app([tmp_path / "nowhere"]), (80, 24)) as pilot:
        assert "nowhere" in text(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 20)])
async def test_the_help_shows_the_keys_of_the_pane_first(native_traces: Path, size: tuple[int, int]) -> None:
    async with opened(make_app([native_traces]), size) as pilot:
        await press(pilot, "question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        assert "This pane: spans" in text(pilot)
        await press(pilot, "escape")
        assert not isinstance(pilot.app.screen, HelpScreen)


async def test_the_help_says_that_there_is_more_than_fits(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (80, 24)) as pilot:
        await press(pilot, "question_mark")
        assert "pgdn more" in lines(pilot)[-1]


async def test_no_key_and_no_action_is_cut_in_the_help(native_traces: Path) -> None:
    async with opened(make_app([native_traces]), (120, 50)) as pilot:
        await press(pilot, "question_mark")
        assert "…" not in text(pilot).replace("…        still being read", "")


async def test_typing_in_the_help_finds_an_action_and_enter_does_it(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        await press(pilot, "question_mark", *"maximise", "enter")
        assert app.main.maximised


async def test_esc_unmarks_all_runs_and_marking_again_unmarks_one_in_its_place(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        await press(pilot, "u", "home", "space", "space", "up", "space")
        assert (len(app.main.runs.marked), app.main.runs.cursor) == (1, 1)
        assert "esc unmark all" in lines(pilot)[-1]
        await press(pilot, "escape")
        assert not app.main.runs.marked
        assert "unmarked 1 run" in lines(pilot)[0]


async def test_the_palette_acts_and_digits_jump_to_a_row(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        await press(pilot, "colon", "2", "enter")
        assert app.main.tree_view.cursor == 1


async def test_a_sign_that_is_called_a_digit_is_no_row(native_traces: Path) -> None:
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "colon", "\N{SUPERSCRIPT TWO}")
        assert "nothing fits" in text(pilot)


@pytest.mark.parametrize("word", ["error", "failure", "broken"])
async def test_the_palette_finds_causes_by_the_words_that_people_use(native_traces: Path, word: str) -> None:
    async with opened(make_app([native_traces])) as pilot:
        await press(pilot, "colon", *word)
        assert "next cause" in text(pilot)


async def test_while_nothing_is_read_that_is_said(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        feed = app.session.feed
        assert feed is not None
        feed.progress = None
        app.main.tree_view.show_nothing()
        await pilot.pause()
        assert "Reading." in text(pilot)


async def test_a_theme_is_shown_while_the_cursor_is_on_it_and_esc_puts_the_old_one_back(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        await press(pilot, "T", "down")
        assert app.theme == "light"
        light = app.screen.styles.background
        await press(pilot, "escape")
        assert app.theme == "dark"
        assert app.screen.styles.background != light


async def test_a_theme_that_is_chosen_stays(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        await press(pilot, "T", *"light")
        light = app.screen.styles.background
        await press(pilot, "enter")
        assert (app.theme, "theme light" in lines(pilot)[0]) == ("light", True)
        assert app.screen.styles.background == light


async def test_the_newest_answer_to_a_key_stands_at_once_and_a_warning_comes_back_after_it(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        header, said = app.main.header, []
        header.mention("a bad file", "warning")
        header.mention("another bad file", "warning")
        for words in ("marked", "unmarked"):
            header.say(words)
            await pilot.pause()
            said.append(lines(pilot)[0].split("  ")[-1].strip())
        for _ in range(2):
            header._next_notice()
            await pilot.pause()
            said.append(lines(pilot)[0].split("  ")[-1].strip())
        assert said == ["marked", "unmarked", "! a bad file", "! another bad file"]


async def test_ascii_sends_nothing_else(native_traces: Path) -> None:
    async with opened(make_app([native_traces], plain=True)) as pilot:
        chrome = [lines(pilot)[at] for at in (0, 1, -1, -2, -3)]
    assert all(line.isascii() for line in chrome)


async def test_picking_a_span_ends_with_its_id(native_traces: Path) -> None:
    from tracetui.tui.run import ScreenOptions

    app = make_app([native_traces], options=ScreenOptions(pick=True))
    async with opened(app) as pilot:
        await press(pilot, "enter")
    assert isinstance(app.return_value, str)
    assert len(app.return_value) == 16


async def test_a_run_is_picked_by_the_id_that_the_commands_print(tmp_path: Path) -> None:
    from tracetui.tui.run import ScreenOptions

    other = (samples_dir() / "otlp-json" / "carrier_timeout.jsonl").read_text()
    id = re.findall(r'"trace_?[iI]d": ?"([0-9a-f]{32})"', other)[0]
    (tmp_path / "other.jsonl").write_text(other)
    own = (samples_dir() / "tracetui" / "support_bot.jsonl").read_text()
    (tmp_path / "own.jsonl").write_text(own.replace("af1cfc1a90b3e92595f5c86d899aa095", id))
    app = make_app([tmp_path], options=ScreenOptions(pick=True))
    async with opened(app) as pilot:
        await press(pilot, "u", "enter")
    assert app.return_value in (f"{id}@tracetui", f"{id}@otlp-json")


async def test_what_is_gone_from_its_file_is_not_picked_and_ends_nothing(native_traces: Path) -> None:
    from tracetui.tui.run import ScreenOptions

    app = make_app([native_traces], options=ScreenOptions(pick=True))
    async with opened(app, (240, 40)) as pilot:  # the path of a test's folder may be long
        file = native_traces / "research_agent.jsonl"
        file.write_bytes(b"x" * file.stat().st_size)
        app.session.bodies.forget()
        await press(pilot, "enter")
        assert "was replaced, truncate" in lines(pilot)[0]
    assert app.return_value is None


async def test_q_quits(native_traces: Path) -> None:
    app = make_app([native_traces])
    async with opened(app) as pilot:
        await pilot.press("q")
    assert app.return_code == 0


async def test_another_run_is_shown_in_the_detail_at_once_even_if_it_is_followed(native_traces: Path) -> None:
    app = make_app([native_traces], now_ns=write_live(native_traces, 165), writers_run=True)
    async with opened(app) as pilot:
        await press(pilot, "K")
        assert app.main.tree_view.following
        assert app.main.detail.shown is not None
        assert "agent second_opinion" in text(pilot)
