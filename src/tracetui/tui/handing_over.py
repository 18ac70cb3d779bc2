"""Running a program in the place of the screen: an editor, a pager, a command that the user typed.

The value goes to an editor in a private file that is removed afterwards, to a command through its standard input and in no
other way. What a command prints is made safe on its way to the terminal, unless it is a program that draws by itself. Keys
of the terminal that would end tracetui end the program only. These functions block until the program has ended: the caller
has given the terminal away by then (`App.suspend`).
"""

from __future__ import annotations

import codecs
import os
import select
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO, Final

from tracetui.core.errors import TracetuiError
from tracetui.core.text import plain_ascii, safe
from tracetui.tui.editors import Program, child_environment, disarmed

_DRAWS: Final = frozenset(
    (
        "less",
        "more",
        "most",
        "vim",
        "vi",
        "view",
        "nvim",
        "nano",
        "emacs",
        "micro",
        "hx",
        "fzf",
        "sk",
        "fx",
        "jless",
        "gum",
    )
)
"""Programs that need the terminal itself, by name; others by a `!` in front of the command."""
_PIECE: Final = 65_536
_LOOK_S: Final = 0.05
_LINGERS_S: Final = 0.5
_AT_ONCE_S: Final = 1.0
"""A program that ends sooner had nobody at its keys."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    Attributes:
        code: Exit status; below 0: the number of the signal that ended it.
        was_changed: The file that was handed over was changed, which nobody keeps.
    """

    code: int
    was_changed: bool = False

    @property
    def words(self) -> str:
        """The same in words: `exit status 2`, `ended by SIGINT`; `done` if it went well."""
        if self.code < 0:
            try:
                return f"ended by {signal.Signals(-self.code).name}"
            except ValueError:
                return f"ended by signal {-self.code}"
        return f"exit status {self.code}" if self.code else "done"


def open_value(program: Program, data: bytes | bytearray, suffix: str, env: Mapping[str, str] | None = None) -> Ended:
    """Let a program show a value in a file of its own, which is gone when this returns.

    Args:
        program: What opens it.
        data: The value; made harmless for a program that is not known.
        suffix: What the file's name ends in, one of ours: `.json`.
        env: The environment.

    Raises:
        TracetuiError: There is no such program, or no place for the file.
    """
    env = os.environ if env is None else env
    if not program.takes_exact_bytes:
        data = disarmed(data.decode("utf-8", "backslashreplace")).encode("utf-8", "replace")
    with private_folder(env) as folder:
        path = folder / f"value{suffix}"
        _write(path, data)
        before = path.stat().st_mtime_ns
        code = _run(program, program.command(str(path)), child_environment(env))
        try:
            was_changed = path.stat().st_mtime_ns != before
        except OSError:
            was_changed = False
    return Ended(code, was_changed)


def open_file(program: Program, path: str, line: int, env: Mapping[str, str] | None = None) -> Ended:
    """Let a program show a file at a line, for reading. Raises TracetuiError where there is no such program."""
    env = os.environ if env is None else env
    return Ended(_run(program, program.command(path, line, reading=True), child_environment(env)))


def pipe(
    command: str,
    data: bytes | bytearray,
    env: Mapping[str, str] | None = None,
    *,
    say: Callable[[str], object] | None = None,
    is_ascii: bool = False,
) -> Ended:
    """Give a value to a command of the user's shell, on its standard input, and wait for enter when it has ended.

    Args:
        command: As it was typed; a `!` in front gives it the terminal as it is.
        data: The value.
        env: The environment.
        say: Takes the text that is shown; None: the terminal, and enter is waited for.
        is_ascii: The terminal shows ASCII only.

    Raises:
        TracetuiError: The shell cannot be started.
    """
    env = os.environ if env is None else env
    typed = command.removeprefix("!").strip()
    is_given_away = command.startswith("!") or draws_by_itself(typed)
    with _keys_for_the_program(), _terminal() as fds:
        tell = say or _writer(1 if fds[1] is None else fds[1])
        if say is None:
            shown = safe(command)
            tell(f"\n| {plain_ascii(shown) if is_ascii else shown}\n")
        process = _started(
            [env.get("SHELL") or "/bin/sh", "-c", typed],
            stdin=subprocess.PIPE,
            stdout=fds[1] if is_given_away else subprocess.PIPE,
            stderr=fds[2] if is_given_away else subprocess.STDOUT,
            env=child_environment(env),
        )
        feeding = threading.Thread(target=_feed, args=(process.stdin, data), daemon=True)
        feeding.start()
        if process.stdout is not None:
            _pass_on(process, process.stdout, tell, is_ascii=is_ascii)
        ended = Ended(process.wait())
        # What the command left running may still hold the other end.
        feeding.join(_LINGERS_S)
        if say is None:
            tell(f"\n[{ended.words}, press enter to come back] ")
            _wait_for_enter(0 if fds[0] is None else fds[0])
    return ended


def draws_by_itself(command: str) -> bool:
    """Whether the last program of a command needs the terminal."""
    words = command.rpartition("|")[2].split()
    return bool(words) and PurePath(words[0]).name in _DRAWS


@contextmanager
def private_folder(env: Mapping[str, str]) -> Iterator[Path]:
    """A folder for its owner only, gone afterwards: in memory where the system has a place for that."""
    runtime = env.get("XDG_RUNTIME_DIR", "")
    base = runtime if _is_private(runtime) else None
    try:
        folder = Path(tempfile.mkdtemp(prefix="tracetui-", dir=base))
    except OSError as error:
        raise TracetuiError(f"no place for a file: {error.strerror or error}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_private(folder: str) -> bool:
    try:
        found = Path(folder).stat() if folder.startswith("/") else None
    except (OSError, ValueError):
        return False
    return (
        found is not None and stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o77
    )


def _write(path: Path, data: bytes | bytearray) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise TracetuiError(f"no place for a file of {len(data):,} bytes: {error.strerror or error}") from error


def leaves_nothing_to_see(program: Program, code: int, seconds: float) -> bool:
    """Whether what a program showed would be gone before anyone read it: it only printed, or could not begin."""
    return seconds < _AT_ONCE_S and (code != 0 or not program.how.is_guarded or program.is_pager)


def _run(program: Program, argv: Sequence[str], env: Mapping[str, str]) -> int:
    with _keys_for_the_program(), _terminal() as fds:
        begun = time.monotonic()
        ended = Ended(_started(argv, stdin=fds[0], stdout=fds[1], stderr=fds[2], env=env).wait())
        keys = 0 if fds[0] is None else fds[0]
        if leaves_nothing_to_see(program, ended.code, time.monotonic() - begun) and os.isatty(keys):
            tell = _writer(1 if fds[1] is None else fds[1])
            tell(f"\n[{safe(program.name)}: {ended.words}, press enter to come back] ")
            _wait_for_enter(keys)
        return ended.code


def _started(
    argv: Sequence[str],
    *,
    stdin: int | None,
    stdout: int | None,
    stderr: int | None,
    env: Mapping[str, str],
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(argv, stdin=stdin, stdout=stdout, stderr=stderr, env=env)  # noqa: S603 - the user's own
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise TracetuiError(f"cannot start {safe(argv[0])}: {reason}") from error


def _feed(inlet: IO[bytes] | None, data: bytes | bytearray) -> None:
    """Write until all is written or nobody reads any more: `head` reads no more than it shows."""
    if inlet is not None:
        with suppress(OSError):
            inlet.write(data)
        with suppress(OSError):
            inlet.close()


def _pass_on(
    process: subprocess.Popen[bytes], outlet: IO[bytes], say: Callable[[str], object], *, is_ascii: bool
) -> None:
    """What a command prints, safe: whatever a trace holds may come out of it again. Not what it leaves running prints."""
    decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def tell(data: bytes, *, final: bool = False) -> None:
        text = safe(decoder.decode(data, final), newlines=True)
        say(plain_ascii(text) if is_ascii else text)

    with outlet:
        while True:
            is_over = process.poll() is not None
            if select.select([outlet], [], [], 0 if is_over else _LOOK_S)[0]:
                data = os.read(outlet.fileno(), _PIECE)
                if not data:
                    break
                tell(data)
            elif is_over:
                break
    tell(b"", final=True)


def _writer(fd: int) -> Callable[[str], object]:
    """Writes text to a descriptor, all of it."""

    def write(text: str) -> None:
        data = memoryview(text.encode("utf-8", "replace"))
        with suppress(OSError):
            while data:
                data = data[os.write(fd, data) :]

    return write


def _wait_for_enter(fd: int) -> None:
    with suppress(OSError):
        while (data := os.read(fd, 1)) and data not in b"\r\n":
            pass


@contextmanager
def _keys_for_the_program() -> Iterator[None]:
    """Keys that end a program are meant for the one that has the terminal. A handler of ours is not inherited by it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _terminal() -> Iterator[tuple[int | None, int | None, int | None]]:
    """The terminal as standard input, output and errors: ours may be pipes (`--pick`, `-`). None: as they are."""
    if os.isatty(0) and os.isatty(1) and os.isatty(2):
        yield None, None, None
        return
    try:
        fd = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError:
        yield None, None, None
        return
    try:
        yield fd, fd, fd
    finally:
        os.close(fd)
