"""Copying says what was done, and never more."""

import base64
import stat
from pathlib import Path

import pytest

from tracetui.tui import clipboard


def copy(value: str, folder: Path | None = None, **env: str) -> tuple[clipboard.Copied, str]:
    written: list[str] = []
    said = clipboard.copy(value, written.append, env, folder)
    return said, "".join(written)


def test_a_value_goes_out_as_osc_52() -> None:
    said, written = copy("naïve value")
    assert written == f"\x1b]52;c;{base64.b64encode('naïve value'.encode()).decode()}\x07"
    assert said == ("sent 12 B to the terminal (OSC 52)", "plain")


def test_a_value_is_saved_for_its_owner_only(tmp_path: Path) -> None:
    said, _ = copy("secret", tmp_path / "state")
    saved = tmp_path / "state" / "copy.txt"
    assert saved.read_text() == "secret"
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert said.text.endswith(f"also in {saved})")


def test_a_link_in_the_place_of_the_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("theirs")
    (tmp_path / "copy.txt").symlink_to(other)
    copy("ours", tmp_path)
    assert other.read_text() == "theirs"
    assert (tmp_path / "copy.txt").read_text() == "ours"


def test_a_folder_that_cannot_be_written_is_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said, _ = copy("value", tmp_path / "file" / "state")
    assert "saved" not in said.text


def test_control_characters_are_warned_of() -> None:
    said, _ = copy("ls\x1b[2J")
    assert said.level == "warning"
    assert "control characters" in said.text


def test_newlines_and_tabs_are_no_reason_to_warn() -> None:
    assert copy("a\n\tb")[0].level == "plain"


def test_a_large_value_says_that_the_terminal_may_refuse_it() -> None:
    assert "may refuse" in copy("x" * 100_000)[0].text


def test_half_a_character_does_not_stop_it() -> None:
    assert copy("\udc80")[0].text.startswith(("sent", "holds"))


def test_tmux_is_given_the_value_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tmux"
    program.write_text(f'#!/bin/sh\necho "$@" > "{tmp_path}/arguments"\ncat > "{tmp_path}/buffer"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    said, written = copy("value", TMUX="socket,1,0")
    assert (tmp_path / "buffer").read_text() == "value"
    assert (tmp_path / "arguments").read_text().split() == ["load-buffer", "-w", "-"]
    assert written == ""
    assert said.text == "copied 5 B"


def test_a_tmux_that_fails_leaves_osc_52(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tmux"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    said, written = copy("value", TMUX="socket,1,0")
    assert written.startswith("\x1b]52;c;")
    assert "OSC 52" in said.text


def test_the_state_folder_is_the_one_of_xdg(tmp_path: Path) -> None:
    assert clipboard.state_folder({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "tracetui"
    assert clipboard.state_folder({"HOME": str(tmp_path)}) == tmp_path / ".local/state/tracetui"
    assert clipboard.state_folder({"XDG_STATE_HOME": "relative", "HOME": str(tmp_path)}).is_absolute()


def test_a_user_whom_the_system_does_not_know_has_a_home_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    assert not clipboard.state_folder({}).parent.parent.exists()
    assert clipboard.state_folder({}).is_absolute()


def test_what_was_copied_stands_first_and_the_file_is_named_from_home(tmp_path: Path) -> None:
    written: list[str] = []
    folder = tmp_path / ".local" / "state" / "tracetui"
    said = clipboard.copy("value", written.append, {"HOME": str(tmp_path)}, folder, "arguments")
    assert said.text == "sent the arguments, 5 B, to the terminal (OSC 52; also in ~/.local/state/tracetui/copy.txt)"
