"""Runs that belong together: shown on the page of a run and of the span that started one, followed, and left again."""

import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.helpers import lines, make_app, opened, press, settled, text
from tests.tui.repaired import write_related
from tests.tui.test_trouble import app_of, go_to, selected_name


def open_named(pilot: Pilot[Any], name: str) -> None:
    main = app_of(pilot).main
    main.take_over()
    main.open_run(next(run.row for run in main.session.store.runs if run.name == name))


def span_name(pilot: Pilot[Any], row: int) -> str:
    store = app_of(pilot).session.store
    return store.strings[store.spans.name[row]]


def opened_name(pilot: Pilot[Any]) -> str:
    main = app_of(pilot).main
    assert main.opened is not None
    return main.session.store.runs[main.opened].name


async def about(pilot: Pilot[Any], name: str) -> None:
    """The page of a run, maximised, the cursor on its related run."""
    open_named(pilot, name)
    await press(pilot, "i", "z")


async def test_i_shows_the_run_and_esc_its_span_again(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path)])) as pilot:
        open_named(pilot, "worker")
        await press(pilot, "i")
        assert app_of(pilot).main.detail.shown == ("run", app_of(pilot).main.opened)
        await press(pilot, "escape")
        assert app_of(pilot).main.detail.shown == ("span", app_of(pilot).main.selection.rows[0])


async def test_a_child_leads_to_the_span_of_its_parent_that_started_it(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path)])) as pilot:
        await about(pilot, "worker")
        assert any("started by" in line and "nightly_eval" in line and "spawn_worker" in line for line in lines(pilot))
        await go_to(pilot, "started by")
        await press(pilot, "enter")
        assert (opened_name(pilot), selected_name(pilot)) == ("nightly_eval", "spawn_worker")


async def test_a_parent_leads_to_its_child(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path)])) as pilot:
        await about(pilot, "nightly_eval")
        await go_to(pilot, "✓ worker")
        await press(pilot, "enter")
        assert opened_name(pilot) == "worker"


async def test_back_leads_to_the_page_one_came_from(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path)])) as pilot:
        await about(pilot, "worker")
        await go_to(pilot, "started by")
        await press(pilot, "enter", "{")
        main = app_of(pilot).main
        assert (opened_name(pilot), main.detail.shown, main.active) == ("worker", ("run", main.opened), "detail")


@pytest.mark.parametrize(("key", "word"), [("{", "back"), ("}", "forward")])
async def test_without_a_jump_there_is_nowhere_to_go(tmp_path: Path, key: str, word: str) -> None:
    async with opened(make_app([write_related(tmp_path)])) as pilot:
        await press(pilot, key)
        assert f"nowhere to go {word} to" in lines(pilot)[0]


async def test_a_run_that_is_not_here_is_told_and_leads_nowhere(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path)])) as pilot:
        await about(pilot, "stray")
        assert any("started by" in line and "not in this folder" in line for line in lines(pilot))
        await go_to(pilot, "started by")
        await press(pilot, "enter")
        assert opened_name(pilot) == "stray"
        assert "not in this folder" in lines(pilot)[0]


async def test_the_span_that_started_a_run_leads_to_it(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path)])) as pilot:
        open_named(pilot, "nightly_eval")
        await press(pilot, "g", "j", "tab", "z")
        assert selected_name(pilot) == "spawn_worker"
        await go_to(pilot, "✓ worker")
        await press(pilot, "enter")
        assert opened_name(pilot) == "worker"


async def test_other_spans_tell_of_no_related_runs(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path)])) as pilot:
        open_named(pilot, "nightly_eval")
        await press(pilot, "g", "tab", "z")
        assert "Related runs" not in text(pilot)


async def test_a_repair_on_the_page_of_a_run_leads_to_the_report(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path)]), (120, 50)) as pilot:
        await about(pilot, "nightly_eval")
        await go_to(pilot, "orphans: 1")
        await press(pilot, "enter")
        assert "━ Repair report ━" in text(pilot)


HOSTILE = "\x1b]52;c;aGk=\x07\x9b31m[red]\u202e\r\nx"


async def test_hostile_names_ids_and_reasons_stay_text(tmp_path: Path) -> None:
    records = [
        {"tracetui": 1, "type": "header", "seq": 0, "run": HOSTILE, "name": HOSTILE, "parent_run": HOSTILE + "p"},
        {"type": "gap", "seq": 1, "lost": 1, "reason": HOSTILE},
        {"type": "span_end", "seq": 2, "span": "1", "parent": "9", "name": HOSTILE, "time": 5, "start": 1},
    ]
    data = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    (tmp_path / "run.jsonl").write_bytes(data + HOSTILE.encode() + b"\n")
    async with opened(make_app([tmp_path])) as pilot:
        await press(pilot, "i", "z")
        assert any("started by" in line and "[red]" in line for line in lines(pilot))
        for keys in (("G", "enter"), ("R",), ("j", "enter"), ("G", "enter"), ("escape",)):
            await press(pilot, *keys)
            assert all(line.isprintable() for line in lines(pilot))


async def test_a_jump_lifts_the_filter_that_hides_where_it_leads(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path)]), (160, 40)) as pilot:
        main = app_of(pilot).main
        open_named(pilot, "nightly_eval")
        await press(pilot, "f", *"kind:llm", "enter")
        spawn = next(row for row in range(len(main.session.store.spans)) if span_name(pilot, row) == "spawn_worker")
        main.jumping.jump(main.session.store.spans.run[spawn], spawn)
        await settled(pilot)
        assert (main.filtering.text, selected_name(pilot)) == ("", "spawn_worker")
        assert "filter lifted: kind:llm" in lines(pilot)[0]


async def test_a_jump_to_another_run_lifts_what_hides_it_there(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path)]), (160, 40)) as pilot:
        main = app_of(pilot).main
        spawn = next(row for row in range(len(main.session.store.spans)) if span_name(pilot, row) == "spawn_worker")
        for keys in (("f", *"kind:llm", "enter"), ("1",)):
            open_named(pilot, "worker")
            await press(pilot, *keys)
            main.jumping.jump(main.session.store.spans.run[spawn], spawn)
            await settled(pilot)
            assert (main.filtering.text, main.chips.active, selected_name(pilot)) == ("", set(), "spawn_worker")


async def test_a_jump_to_what_the_filter_leaves_keeps_it(tmp_path: Path) -> None:
    async with opened(make_app([write_related(tmp_path)]), (160, 40)) as pilot:
        main = app_of(pilot).main
        spawn = next(row for row in range(len(main.session.store.spans)) if span_name(pilot, row) == "spawn_worker")
        open_named(pilot, "worker")
        await press(pilot, "f", *"dur>0s", "enter")
        main.jumping.jump(main.session.store.spans.run[spawn], spawn)
        await settled(pilot)
        assert (main.filtering.text, selected_name(pilot)) == ("dur>0s", "spawn_worker")
