"""What is remembered between two starts."""

import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from tracetui.tui.state import MOST_BYTES, State


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    assert State(tmp_path / "new").write("views", {"a": [1, "x"]}) == ""
    assert State(tmp_path / "new").read("views") == {"a": [1, "x"]}


def test_without_a_folder_nothing_is_remembered() -> None:
    assert State().write("views", 1) == ""
    assert State().read("views") is None


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    State(tmp_path / "new").write("views", 1)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "views.json").stat().st_mode) == 0o600


def test_nothing_but_the_value_is_left_in_the_folder(tmp_path: Path) -> None:
    State(tmp_path).write("views", 1)
    assert os.listdir(tmp_path) == ["views.json"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1,]", b"x" * (MOST_BYTES + 1), b"[" * 100_000])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "views.json").write_bytes(content)
    assert State(tmp_path).read("views") is None


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "views.json")
    assert State(tmp_path).read("views") is None


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "views.json" in State(tmp_path / "file" / "state").write("views", 1)


def test_too_much_is_not_kept(tmp_path: Path) -> None:
    assert "too much" in State(tmp_path).write("views", "x" * MOST_BYTES)
    assert os.listdir(tmp_path) == []


def test_a_name_of_a_file_that_is_no_utf8_is_kept(tmp_path: Path) -> None:
    name = os.fsdecode(b"/traces/\xff")
    assert State(tmp_path).write("folders", [name, "/other"]) == ""
    assert State(tmp_path).read("folders") == [name, "/other"]


def test_two_threads_that_write_at_once_leave_one_of_the_values(tmp_path: Path) -> None:
    switching, said = sys.getswitchinterval(), []
    sys.setswitchinterval(1e-6)
    try:
        threads = [
            threading.Thread(target=lambda: said.extend(State(tmp_path).write("views", 1) for _ in range(40)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switching)
    assert set(said) == {""}
    assert os.listdir(tmp_path) == ["views.json"]
