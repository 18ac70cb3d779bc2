"""What is read by a process of its own: large files, many files, folders too wide to look through; nothing else."""

from pathlib import Path

import pytest

from tracetui.core.reading import choosing
from tracetui.core.reading.choosing import is_much


def sized(path: Path, size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    return path


def test_a_large_file_is_much_and_a_small_one_is_not(tmp_path: Path) -> None:
    assert is_much([str(sized(tmp_path / "large.jsonl", choosing.MUCH_BYTES))])
    assert not is_much([str(sized(tmp_path / "small.jsonl", 1_000_000))])


def test_files_in_folders_add_up(tmp_path: Path) -> None:
    for number in range(4):
        sized(tmp_path / f"{number}" / "deep" / "a.jsonl", choosing.MUCH_BYTES // 4)
    assert is_much([str(tmp_path)])
    assert not is_much([str(tmp_path / "1"), str(tmp_path / "2")])


def test_a_compressed_file_counts_for_what_may_be_in_it(tmp_path: Path) -> None:
    assert is_much([str(sized(tmp_path / "a.jsonl.gz", choosing.MUCH_BYTES // 4))])


def test_many_small_files_are_much(tmp_path: Path) -> None:
    for number in range(choosing.MANY_FILES):
        (tmp_path / f"{number}.jsonl").touch()
    assert is_much([str(tmp_path)])


def test_a_folder_with_too_many_entries_to_look_at_is_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "ENTRIES", 10)
    for number in range(12):
        (tmp_path / f"{number}").mkdir()
    assert is_much([str(tmp_path)])


def test_folders_that_are_not_read_do_not_count(tmp_path: Path) -> None:
    sized(tmp_path / "node_modules" / "large.jsonl", choosing.MUCH_BYTES)
    assert not is_much([str(tmp_path)])


def test_what_is_not_there_is_not_much(tmp_path: Path) -> None:
    assert not is_much([str(tmp_path / "nothing")])
