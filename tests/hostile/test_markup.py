"""Text that looks like markup, in every place where the screen paints text: it is painted as it is, and nothing fails."""

import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path

from textual.keys import _character_to_key

from tests.hostile.payloads import MARKUP, MARKUP_PIECES
from tests.tui.helpers import lines, make_app, opened, press, text
from tracetui.core.text import safe

START = 1_795_210_000_000_000_000
WIDE = 240


class Strings:
    """Markup-like strings, numbered so that each is found again: the known nasty ones, then random ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.made: list[str] = []

    def next(self) -> str:
        """One more, short enough to be shown whole; no blank at its ends, which columns pad."""
        number = len(self.made)
        if number < len(MARKUP):
            body = MARKUP[number]
        else:
            body = "".join(self._random.choices(MARKUP_PIECES, k=self._random.randint(1, 8)))
        # Not an address: of those a row shows the telling part only.
        self.made.append(f"{number};{body};".replace("://", ":/") if number >= len(MARKUP) else f"{number};{body};")
        return self.made[-1]

    def not_in(self, shown: str) -> list[str]:
        """Those that are not painted as they are."""
        return [each for each in self.made if safe(each) not in shown]


def write(path: Path, name: str, records: Iterable[dict[str, object]]) -> None:
    header = {"tracetui": 1, "type": "header", "seq": 0, "run": path.stem, "name": name, "time": START}
    path.write_text("".join(json.dumps(record) + "\n" for record in (header, *records)))


def span(number: int, name: str, **more: object) -> dict[str, object]:
    key = f"{number:016x}"
    record = {"type": "span_end", "seq": number, "time": START + number + 1, "span": key, "name": name, "kind": "tool"}
    return {**record, "start": START + number, "duration_ns": 1, "status": "ok", **more}


async def test_names_and_subjects_of_spans_are_painted_as_they_are(
    tmp_path: Path, rounds: Callable[[int, int], int]
) -> None:
    for seed in range(rounds(1, 40)):
        strings = Strings(seed)
        spans = [span(number, strings.next(), input=strings.next()) for number in range(1, 251)]
        write(tmp_path / "run.jsonl", "run", spans)
        async with opened(make_app([tmp_path]), (WIDE, 300)) as pilot:
            await press(pilot, "z")
            assert strings.not_in(text(pilot)) == []


async def test_texts_of_errors_and_events_are_painted_as_they_are(
    tmp_path: Path, rounds: Callable[[int, int], int]
) -> None:
    for seed in range(rounds(1, 10)):
        strings = Strings(seed)
        records: list[dict[str, object]] = []
        for number in range(1, 61):
            records.append(span(number, "step", status="error", error={"type": "E", "message": strings.next()}))
            event = {"type": "event", "seq": number, "time": START + number, "span": f"{number:016x}"}
            records.append({**event, "class": "error", "name": "failed", "text": strings.next()})
        write(tmp_path / "run.jsonl", "run", records)
        async with opened(make_app([tmp_path]), (WIDE, 260)) as pilot:
            await press(pilot, "z", "0", "A", "A")
            shown = text(pilot)
            assert [each for each in strings.made[1::2] if safe(each) not in shown] == []


async def test_all_that_the_detail_says_is_painted_as_it_is(tmp_path: Path, rounds: Callable[[int, int], int]) -> None:
    for seed in range(rounds(1, 20)):
        strings = Strings(seed)
        attributes = {strings.next(): strings.next() for _ in range(60)}
        overview = Strings(seed + 1_000)
        one = span(
            1,
            overview.next(),
            model=overview.next(),
            status="error",
            error={"type": overview.next(), "message": overview.next(), "traceback": overview.next()},
            input=overview.next(),
            output=overview.next(),
            attributes=attributes,
        )
        write(tmp_path / "run.jsonl", "run", [one])
        async with opened(make_app([tmp_path]), (WIDE, 200)) as pilot:
            await press(pilot, "enter", "z")
            shown = text(pilot)
            await press(pilot, "right_square_bracket")
            values = text(pilot)
            shown += values
            for _ in range(2):
                await press(pilot, "right_square_bracket")
                shown += text(pilot)
        assert overview.not_in(shown) == []
        assert strings.not_in(values) == []


async def test_names_of_runs_are_painted_as_they_are(tmp_path: Path, rounds: Callable[[int, int], int]) -> None:
    for seed in range(rounds(1, 10)):
        strings = Strings(seed)
        for number in range(60):
            write(tmp_path / f"run{number}.jsonl", strings.next(), [span(1, "step")])
        async with opened(make_app([tmp_path]), (WIDE, 90)) as pilot:
            await press(pilot, "u", "z")
            assert strings.not_in(text(pilot)) == []


async def test_names_of_files_and_reasons_are_painted_as_they_are(
    tmp_path: Path, rounds: Callable[[int, int], int]
) -> None:
    for seed in range(rounds(1, 10)):
        strings = Strings(seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        for number in range(60):
            alone = folder / str(number)  # more of one folder would be one row
            alone.mkdir()
            (alone / strings.next().replace("/", "|")).write_text(f"no trace {number}")
        write(folder / "run.jsonl", "run", [span(1, "step")])
        async with opened(make_app([folder]), (WIDE, 90)) as pilot:
            await press(pilot, "R")
            shown = text(pilot)
        assert [each for each in strings.made if safe(each.replace("/", "|")) not in shown] == []


async def test_what_is_typed_and_searched_for_is_painted_as_it_is(
    tmp_path: Path, rounds: Callable[[int, int], int]
) -> None:
    write(tmp_path / "run.jsonl", "run", [span(number, each) for number, each in enumerate(MARKUP, 1)])
    async with opened(make_app([tmp_path]), (120, 40)) as pilot:
        for each in MARKUP[: rounds(4, len(MARKUP))]:
            await press(pilot, "slash", *map(_character_to_key, each))
            assert each in lines(pilot)[-1]
            await press(pilot, "enter", "escape")
