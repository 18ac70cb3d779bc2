"""Whether a writer still runs: told from a /proc of the test's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tracetui.core.processes import Processes

BOOT = "5ad2e1c4-0000-4000-8000-000000000001"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    (tmp_path / "sys/kernel/random").mkdir(parents=True)
    (tmp_path / "sys/kernel/random/boot_id").write_text(BOOT + "\n")
    (tmp_path / "self").mkdir()
    return tmp_path


def add(proc: Path, pid: int, started: int, state: str = "S", name: str = "python") -> None:
    (proc / str(pid)).mkdir()
    fields = " ".join([state, "1"] + ["0"] * 17 + [str(started), "0"])
    (proc / str(pid) / "stat").write_text(f"{pid} ({name}) {fields}\n")


def test_a_process_with_pid_start_host_and_boot_runs(proc: Path) -> None:
    add(proc, 42, 777)
    assert Processes(proc, "here").is_running((42, 777, "here", BOOT)) is True


def test_a_pid_that_came_back_is_another_process(proc: Path) -> None:
    add(proc, 42, 999)
    assert Processes(proc, "here").is_running((42, 777, "here", BOOT)) is False


def test_a_missing_start_time_is_not_compared(proc: Path) -> None:
    add(proc, 42, 999)
    assert Processes(proc, "here").is_running((42, 0, "here", BOOT)) is True


def test_a_process_that_is_not_there_is_gone(proc: Path) -> None:
    assert Processes(proc, "here").is_running((42, 777, "here", BOOT)) is False


def test_a_zombie_writes_no_more(proc: Path) -> None:
    add(proc, 42, 777, state="Z")
    assert Processes(proc, "here").is_running((42, 777, "here", BOOT)) is False


def test_a_name_with_parentheses_and_blanks_is_read_past(proc: Path) -> None:
    add(proc, 42, 777, name="a) Z 0 (b")
    assert Processes(proc, "here").is_running((42, 777, "here", BOOT)) is True


def test_a_process_before_this_boot_is_gone(proc: Path) -> None:
    add(proc, 42, 777)
    assert Processes(proc, "here").is_running((42, 777, "here", "another boot")) is False


@pytest.mark.parametrize(
    "process", [(42, 777, "there", BOOT), (42, 777, "", "another boot"), (42, 777, "", ""), (0, 0, "here", BOOT)]
)
def test_nobody_can_tell_of_another_machine(proc: Path, process: tuple[int, int, str, str]) -> None:
    add(proc, 42, 777)
    assert Processes(proc, "here").is_running(process) is None


def test_without_proc_a_pid_that_can_be_signalled_runs(tmp_path: Path) -> None:
    assert Processes(tmp_path / "none", "here").is_running((os.getpid(), 777, "here", "")) is True


def test_without_proc_a_pid_that_cannot_be_found_is_gone(tmp_path: Path) -> None:
    assert Processes(tmp_path / "none", "here").is_running((2**30, 777, "here", "")) is False


def test_this_process_runs_on_this_machine() -> None:
    assert Processes(host="here").is_running((os.getpid(), 0, "here", "")) is True
