"""Where an export goes: whole or not at all, for its owner, never over another file."""

import os
from pathlib import Path

import pytest

from tracetui.core.exporting.files import NotWritten, default_name, new_file


def test_a_file_appears_when_all_of_it_is_written_and_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "run.md"
    old = os.umask(0)
    try:
        with new_file(path, force=False) as out:
            out("half")
            assert not path.exists()
            assert [each.stat().st_mode & 0o777 for each in tmp_path.iterdir()] == [0o600]
    finally:
        os.umask(old)
    assert path.read_text() == "half"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_left_of_a_file_that_failed(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_file(tmp_path / "run.md", force=False) as out:
        out(str(1 / 0))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run.md"
    path.write_text("mine")
    with pytest.raises(NotWritten, match="is there already"), new_file(path, force=False):
        pass
    assert path.read_text() == "mine"
    with new_file(path, force=True) as out:
        out("new")
    assert path.read_text() == "new"


def test_a_file_that_came_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "run.md"
    with pytest.raises(NotWritten, match="is there already"), new_file(path, force=False):
        path.write_text("theirs")
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    (tmp_path / "run.md").symlink_to(tmp_path / "kept")
    with new_file(tmp_path / "run.md", force=True) as out:
        out("new")
    assert (tmp_path / "kept").read_text() == "kept"
    assert not (tmp_path / "run.md").is_symlink()


@pytest.mark.parametrize("path", ["missing/run.md", "a\0b", "x" * 400])
def test_what_cannot_be_written_is_said_in_a_sentence(path: str, tmp_path: Path) -> None:
    with pytest.raises(NotWritten, match="cannot write"), new_file(tmp_path / path, force=True):
        pass


@pytest.mark.parametrize(
    ("name", "id", "file"),
    [
        ("nightly eval", "3f2a91c4d5e6", "nightly-eval-3f2a91c4.md"),
        ("../../etc/passwd", "x", "etc-passwd-x.md"),
        ("", "", "run.md"),
        ("\x1b[31m", "\0", "31m.md"),
        (".hidden", "-rf", "hidden-rf.md"),
        ("漢字", "ab", "ab.md"),
        ("same", "same", "same.md"),
        ("y" * 500, "z" * 500, f"{'y' * 60}-zzzzzzzz.md"),
    ],
)
def test_a_run_gives_its_file_a_name_that_leads_nowhere(name: str, id: str, file: str) -> None:
    assert default_name(name, id, ".md") == file
