"""A store written to an index and read again is the same store, and goes on from there."""

import marshal
from dataclasses import fields
from pathlib import Path

import pytest

from tracetui.core.index.layout import NotAnIndex, Sections, write
from tracetui.core.index.packing import _PACKS, FOLDING, LOOKING, PASSING, TABLES, packed_store, unpacked_store
from tracetui.core.loading import load
from tracetui.core.store import Run, Store
from tracetui.resources import samples_dir


def through_a_file(store: Store, path: Path) -> Store:
    write(path.as_posix(), *packed_store(store))
    return unpacked_store(Sections(path.as_posix()))


@pytest.fixture(scope="module")
def samples() -> Store:
    return load([str(samples_dir())]).store


def test_every_piece_of_a_stores_state_is_named() -> None:
    assert set(vars(Store())) == {*TABLES, *LOOKING, *FOLDING, *PASSING}


def test_every_field_of_a_run_can_be_written(samples: Store) -> None:
    for run in samples.runs:
        for field in fields(Run):
            value = getattr(run, field.name)
            is_special = field.name in _PACKS and value is not None
            marshal.dumps(_PACKS[field.name][0](value) if is_special else value)


def test_runs_are_the_same_again(samples: Store, tmp_path: Path) -> None:
    assert through_a_file(samples, tmp_path / "index").runs == samples.runs


@pytest.mark.parametrize("table", TABLES)
def test_columns_are_the_same_again(samples: Store, tmp_path: Path, table: str) -> None:
    before, after = getattr(samples, table), getattr(through_a_file(samples, tmp_path / "index"), table)
    for name in type(before).__slots__:
        if not name.startswith("_"):
            assert before.np(name).tobytes() == after.np(name).tobytes()


def test_every_span_is_found_by_its_key_again(samples: Store, tmp_path: Path) -> None:
    after = through_a_file(samples, tmp_path / "index")
    assert [after.index.get(key) for key in samples.spans.key] == list(range(len(samples.spans)))


def test_texts_keep_their_numbers(samples: Store, tmp_path: Path) -> None:
    after = through_a_file(samples, tmp_path / "index")
    assert after.strings.texts() == samples.strings.texts()
    assert after.strings.find(samples.strings[5]) == 5


def test_what_is_mapped_is_of_this_process_alone(samples: Store, tmp_path: Path) -> None:
    path = tmp_path / "index"
    through_a_file(samples, path).spans.start[0] = 7
    assert unpacked_store(Sections(str(path))).spans.start[0] == samples.spans.start[0]


def test_an_index_can_be_read_by_its_owner_alone(samples: Store, tmp_path: Path) -> None:
    path = tmp_path / "cache" / "index"
    write(str(path), *packed_store(samples))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_an_index_that_others_can_write_is_not_used(samples: Store, tmp_path: Path) -> None:
    path = tmp_path / "index"
    write(str(path), *packed_store(samples))
    path.chmod(0o666)
    with pytest.raises(NotAnIndex, match="owner"):
        Sections(str(path))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5, 0.9, 0.999])
def test_an_index_that_was_cut_off_is_none(samples: Store, tmp_path: Path, share: float) -> None:
    path = tmp_path / "index"
    write(str(path), *packed_store(samples))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(NotAnIndex):
        unpacked_store(Sections(str(path)))


def test_damage_in_what_is_parsed_is_noticed(samples: Store, tmp_path: Path) -> None:
    path = tmp_path / "index"
    values, columns = packed_store(samples)
    write(str(path), {"runs": values["runs"]}, {})
    data = bytearray(path.read_bytes())
    for at in range(0, len(data), 97):
        damaged = data.copy()
        damaged[at] ^= 0x20
        path.write_bytes(damaged)
        try:
            assert Sections(str(path)).value("runs") == values["runs"]  # the bytes between sections mean nothing
        except NotAnIndex:
            continue
    assert columns
