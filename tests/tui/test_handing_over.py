"""Editors, pagers and commands: which one, with which arguments, given what; run for real with small scripts."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.payloads import PAYLOADS, controls
from tracetui.core.errors import TracetuiError
from tracetui.tui.editors import EDITORS, NOTHING_SET, Program, child_environment, disarmed, editor, pager
from tracetui.tui.handing_over import Ended, draws_by_itself, leaves_nothing_to_see, open_file, open_value, pipe

HOSTILE = "".join(PAYLOADS.values())


def nowhere(_name: str) -> None:
    return None


def anywhere(name: str) -> str:
    return f"/bin/{name}"


def script(folder: Path, body: str, name: str = "editor") -> Path:
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport os, sys\n{body}\n")
    path.chmod(0o700)
    return path


def test_visual_goes_before_editor_and_arguments_are_split_without_a_shell() -> None:
    env = {"VISUAL": "nano -w '$(touch x)'", "EDITOR": "vim"}
    assert editor(env).argv == ("nano", "-w", "$(touch x)")


def test_without_an_editor_a_pager_reads_it_and_without_any_it_says_what_to_set() -> None:
    assert editor({}, anywhere).argv == ("less",)
    assert editor({"PAGER": "most"}, nowhere).is_pager
    with pytest.raises(TracetuiError, match="VISUAL or EDITOR"):
        editor({}, nowhere)
    assert "PAGER" in NOTHING_SET


def test_an_editor_that_cannot_be_split_is_told() -> None:
    with pytest.raises(TracetuiError, match="EDITOR cannot be read"):
        editor({"EDITOR": "vim '"})


@pytest.mark.parametrize("flag", ["-R", "-r", "-iR", "--RAW-CONTROL-CHARS"])
def test_a_pager_never_gets_leave_for_control_sequences(flag: str) -> None:
    assert not any("r" in part.lower() for part in pager({"PAGER": f"less {flag} -S"}).argv[1:])


def test_less_starts_nothing_and_has_no_options_of_its_own() -> None:
    env = child_environment({"LESS": "-R", "LESSOPEN": "|evil %s", "HOME": "/h"})
    assert env == {"HOME": "/h", "LESSSECURE": "1"}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("nano", ["nano", "+7", "/f"]),
        ("code", ["code", "--wait", "--goto", "/f:7"]),
        ("code --wait", ["code", "--wait", "--goto", "/f:7"]),
        ("hx", ["hx", "/f:7"]),
        ("unknown -x", ["unknown", "-x", "/f"]),
    ],
)
def test_a_file_is_opened_at_its_line_in_the_editors_own_way(typed: str, expected: list[str]) -> None:
    assert editor({"EDITOR": typed}).command("/f", 7) == expected


def test_a_file_whose_name_looks_like_an_option_is_none() -> None:
    assert editor({"EDITOR": "nano"}).command("-x") == ["nano", "./-x"]


def test_what_is_called_vi_and_is_not_vim_gets_no_arguments_of_vim(tmp_path: Path) -> None:
    other = script(tmp_path, "", "busybox")
    (tmp_path / "vi").symlink_to(other)
    found = editor({"EDITOR": "vi"}, lambda name: str(tmp_path / name))
    assert not found.takes_exact_bytes
    assert found.command("/f") == ["vi", "/f"]


def test_what_a_program_only_printed_stays_until_it_was_read() -> None:
    cat, nano = editor({"EDITOR": "cat"}), editor({"EDITOR": "nano"})
    assert leaves_nothing_to_see(cat, 0, 0.1)
    assert leaves_nothing_to_see(nano, 127, 0.1)
    assert not leaves_nothing_to_see(nano, 0, 0.1)
    assert not leaves_nothing_to_see(cat, 0, 3.0)


def test_an_editor_that_obeys_files_has_a_guard_or_is_not_known() -> None:
    assert {"vim", "nvim", "vi", "gvim", "emacs"} <= {name for name, how in EDITORS.items() if how.guard}
    assert "emacsclient" not in EDITORS


@pytest.mark.parametrize(
    "line", ["# vim: set x :", "vi:noai:", " ex: x", "-*- mode: x; eval: (y) -*-", "Local Variables:", "kak: x"]
)
def test_a_line_that_an_editor_would_obey_is_broken(line: str) -> None:
    assert line.strip() not in disarmed(f"a\n{line}\nb")
    assert disarmed(f"a\n{line}\nb").replace("\N{MIDDLE DOT}", "").split() == f"a\n{line}\nb".split()


def test_a_text_for_an_unknown_program_holds_no_control_character() -> None:
    assert controls(disarmed(HOSTILE), "\n") == []


def test_a_value_is_opened_in_a_private_file_that_is_gone_afterwards(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    body = "p = sys.argv[1]; open(%r, 'w').write(f'{os.stat(p).st_mode:o} {os.stat(os.path.dirname(p)).st_mode:o} {p}')"
    program = Program((str(script(tmp_path, body % str(seen))),), EDITORS["nano"])
    assert open_value(program, b"x", ".json", {}) == Ended(0)
    mode, folder_mode, path = seen.read_text().split()
    assert (stat.S_IMODE(int(mode, 8)), stat.S_IMODE(int(folder_mode, 8))) == (0o600, 0o700)
    assert path.endswith(".json")
    assert not Path(path).parent.exists()


@pytest.mark.parametrize(("how", "is_exact"), [(EDITORS["nano"], True), (editor({"EDITOR": "other"}).how, False)])
def test_only_a_known_editor_gets_the_exact_bytes(how: object, is_exact: bool, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    path = script(tmp_path, f"open({str(seen)!r}, 'wb').write(open(sys.argv[1], 'rb').read())")
    open_value(Program((str(path),), how), HOSTILE.encode() + b"\xff", ".txt", {})  # type: ignore[arg-type]
    assert (seen.read_bytes() == HOSTILE.encode() + b"\xff") is is_exact
    if not is_exact:
        assert controls(seen.read_text(), "\n") == []


def test_a_change_is_noticed_and_not_kept(tmp_path: Path) -> None:
    program = Program((str(script(tmp_path, "open(sys.argv[1], 'a').write('more')")),), EDITORS["nano"])
    assert open_value(program, b"x", ".txt", {}).was_changed


def test_an_editor_that_is_not_there_or_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(TracetuiError, match="cannot start"):
        open_value(Program((str(tmp_path / "none"),), EDITORS["nano"]), b"", ".txt", {})
    failing = Program((str(script(tmp_path, "sys.exit(3)")),), EDITORS["nano"])
    assert open_file(failing, "/dev/null", 1, {}).words == "exit status 3"
    assert Ended(-2).words == "ended by SIGINT"


@pytest.mark.skipif(shutil.which("vim") is None, reason="no vim")
@pytest.mark.long
def test_vim_obeys_no_modeline_even_if_its_own_settings_ask_for_them(tmp_path: Path) -> None:
    (tmp_path / ".vimrc").write_text("set modeline modelines=5\n")
    (tmp_path / "value.txt").write_text("text\n# vim: set textwidth=7 :\n")
    command = editor({"EDITOR": "vim"}).command(str(tmp_path / "value.txt"))
    said = subprocess.run(
        [*command, "-es", "-c", "redir! > said | set textwidth? | redir END | qa!"],
        cwd=tmp_path, env={**os.environ, "HOME": str(tmp_path)}, stdin=subprocess.DEVNULL, check=False, timeout=20,
    )  # fmt: skip
    assert "textwidth=0" in (tmp_path / "said").read_text(), said


# ---------------------------------------------------------------- commands


def piped(command: str, data: bytes, **env: str) -> tuple[Ended, str]:
    said: list[str] = []
    ended = pipe(command, data, {"PATH": os.environ["PATH"], "SHELL": "/bin/sh", **env}, say=said.append)
    return ended, "".join(said)


def test_a_command_gets_the_exact_value_on_its_standard_input() -> None:
    assert piped("wc -c", HOSTILE.encode())[1].strip() == str(len(HOSTILE.encode()))


def test_what_a_command_prints_reaches_the_terminal_safe() -> None:
    assert controls(piped("cat; cat >&2", HOSTILE.encode() * 50)[1], "\n") == []


def test_a_value_is_no_part_of_the_command() -> None:
    assert piped("cat", b"$(echo ran) `echo ran`; echo ran")[1] == "$(echo ran) `echo ran`; echo ran"


def test_a_command_that_reads_only_the_beginning_ends_well() -> None:
    ended, said = piped("head -c 3", b"x" * 5_000_000)
    assert (ended.words, said) == ("done", "xxx")


def test_the_exit_status_of_a_command_is_told() -> None:
    assert piped("exit 4", b"")[0].words == "exit status 4"
    assert piped("kill -TERM $$", b"")[0].words == "ended by SIGTERM"


def test_a_command_that_leaves_something_running_is_not_waited_for() -> None:
    assert piped("echo here; sleep 60 & ", b"x" * 1_000_000)[1] == "here\n"


@pytest.mark.parametrize(
    ("command", "is_one"),
    [("less", True), ("jq . | less -S", True), ("/usr/bin/vim -", True), ("grep less", False), ("less x | cat", False)],
)
def test_a_program_that_draws_gets_the_terminal_itself(command: str, is_one: bool) -> None:
    assert draws_by_itself(command) is is_one
