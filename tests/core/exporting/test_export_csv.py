"""One row for each span, that a spreadsheet only ever shows."""

import csv
import io
import re
from pathlib import Path

import pytest

from tests.core.exporting.exported import recorded, samples, written
from tracetui.core.exporting.csv_rows import COLUMNS, HEADER

NUMBERS = [name for name in COLUMNS if name.endswith(("_tokens", "_usd", "_ms")) or name in ("depth", "events")]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_there_is_a_row_for_each_span_and_a_column_for_each_name() -> None:
    for each in samples()[::5]:
        text = written(each, "csv")
        found = rows(text)
        assert text.count("\r\n") == text.count("\n") == len(found) + 1
        assert text.splitlines()[0] == ",".join(HEADER)
        assert len(found) == sum(1 for _ in each.view.facts(full=False, events=False))
        assert {row["run"] for row in found} <= {each.summaries.ids[each.run.row]}


def test_figures_are_plain_numbers_and_unknown_ones_empty() -> None:
    for each in samples()[::3]:
        for row, facts in zip(rows(written(each, "csv")), each.view.facts(full=True, events=True), strict=True):
            assert (row["cost_usd"] == "") == (facts["cost_usd"] is None)
            assert (row["input_tokens"] == "") == (facts["tokens"]["input"] is None)
            assert all(row[name] == "" or re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", row[name]) for name in NUMBERS)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =cmd|' /C calc'!A0", "\uff1d1"])
def test_a_text_that_a_spreadsheet_would_evaluate_begins_with_an_apostrophe(name: str, tmp_path: Path) -> None:
    _, row = rows(written(recorded(tmp_path, {"name": name}), "csv"))
    assert row["name"].startswith("'")
    assert row["name"][1:].strip().startswith(("=", "+", "-", "@", "\uff1d"))


def test_a_name_that_only_looks_odd_stays_as_it_is(tmp_path: Path) -> None:
    _, row = rows(written(recorded(tmp_path, {"name": 'a "quoted", name = 5'}), "csv"))
    assert row["name"] == 'a "quoted", name = 5'
