"""Which program a value is handed to, and how, so that nothing in the value can start anything.

A file of a trace may hold what an editor obeys: a modeline of vim, local variables of emacs. Editors that are known are
started with that turned off, and get the exact bytes. To an editor that is not known, and to a pager, goes a copy without
control characters in which such lines are broken. Command lines are lists, no shell reads them.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from tracetui.core.errors import TracetuiError
from tracetui.core.text import safe

NOTHING_SET: Final = "no editor is known: set VISUAL or EDITOR, or PAGER to read it only"

_VIM: Final = (
    "-n",  # no swap file: neither of a secret, nor beside a recording
    "--cmd", "set nomodeline modelines=0",
    # The user's own settings are read after that, and may turn modelines on again.
    "--cmd", "augroup tracetui",
    "--cmd", "autocmd BufReadPre * setlocal nomodeline",
    "--cmd", "augroup END",
    "--cmd", "silent! let g:editorconfig = v:false",
)  # fmt: skip
_EMACS: Final = (
    "--eval",
    "(setq enable-local-variables nil enable-local-eval nil enable-dir-local-variables nil"
    " local-enable-local-variables nil auto-save-default nil create-lockfiles nil)",
)


@dataclass(frozen=True, slots=True)
class Editor:
    """How a program is told what to open.

    Attributes:
        guard: Arguments that keep it from obeying what a file holds.
        line: Arguments that open a file at a line, with `{path}` and `{line}`; empty: it cannot.
        wait: An argument without which it comes back before the file is closed; empty: it waits by itself.
        is_guarded: It obeys nothing that a file holds, with `guard` at the latest; only then it gets exact bytes.
        reading: Arguments that open a file for reading only.
    """

    guard: tuple[str, ...] = ()
    line: tuple[str, ...] = ("+{line}", "{path}")
    wait: str = ""
    is_guarded: bool = True
    reading: tuple[str, ...] = ()


_VI_LIKE: Final = Editor(_VIM, reading=("-R",))
_CODE_LIKE: Final = Editor(line=("--goto", "{path}:{line}"), wait="--wait")
UNKNOWN: Final = Editor(line=("{path}",), is_guarded=False)
EDITORS: Final[Mapping[str, Editor]] = {
    **dict.fromkeys(("vim", "vi", "view", "nvim", "vimdiff"), _VI_LIKE),
    "gvim": Editor(_VIM, wait="-f", reading=("-R",)),
    "emacs": Editor(_EMACS),
    "nano": Editor(reading=("--view",)),
    "pico": Editor(),
    "micro": Editor(reading=("-readonly", "true")),
    "hx": Editor(line=("{path}:{line}",)),
    "helix": Editor(line=("{path}:{line}",)),
    "ed": Editor(line=("{path}",)),
    **dict.fromkeys(("code", "codium", "code-insiders"), _CODE_LIKE),
    "subl": Editor(line=("{path}:{line}",), wait="--wait"),
    "zed": Editor(line=("{path}:{line}",), wait="--wait"),
}
"""Programs by name. vi may be a small one that does not know `--cmd`: see `editor`."""

_PAGERS: Final = ("less", "more")
_TROUBLE: Final = re.compile(
    r"""-\*-                                        # emacs, first line
      | Local\ Variables:                           # emacs, last lines
      | (?<![^\s])(?:vim?|Vim|ex)[<=>]?\d*:          # vim and those who do as it does
      | (?:kak|kate|jed|joe)[-: ]                   # others
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Program:
    """A program to hand something to.

    Attributes:
        argv: Its name and the arguments the user gave it.
        how: What it is told.
        is_pager: It reads only.
    """

    argv: tuple[str, ...]
    how: Editor
    is_pager: bool = False

    @property
    def name(self) -> str:
        """What it is called."""
        return PurePath(self.argv[0]).name

    @property
    def takes_exact_bytes(self) -> bool:
        """Whether it may be given what a trace holds as it is."""
        return self.how.is_guarded and not self.is_pager

    def command(self, path: str, line: int = 0, *, reading: bool = False) -> list[str]:
        """The command line that opens a file, at a line if one is named (from 1)."""
        # A name that begins with a dash would be an option.
        path = path if path.startswith("/") else f"./{path}"
        wait = [self.how.wait] if self.how.wait and self.how.wait not in self.argv else []
        shown = self.how.line if line > 0 and not self.is_pager else ("{path}",)
        places = [part.replace("{line}", str(line)).replace("{path}", path) for part in shown]
        return [*self.argv, *wait, *self.how.guard, *(self.how.reading if reading else ()), *places]


def editor(env: Mapping[str, str], which: Callable[[str], str | None] = shutil.which) -> Program:
    """What `o` opens: $VISUAL, $EDITOR, else a pager. Raises TracetuiError where there is none, or none that can be read."""
    for name in ("VISUAL", "EDITOR"):
        argv = _argv(env, name)
        if argv:
            known = EDITORS.get(PurePath(argv[0]).name, UNKNOWN)
            if known.guard is _VIM and not _is_vim(argv[0], which):
                known = UNKNOWN
            return Program(argv, known)
    return pager(env, which)


def pager(env: Mapping[str, str], which: Callable[[str], str | None] = shutil.which) -> Program:
    """What reads a long text: $PAGER, less, more. Raises TracetuiError where there is none."""
    argv = _argv(env, "PAGER")
    if argv:
        return Program(_without_raw(argv), UNKNOWN, is_pager=True)
    for name in _PAGERS:
        if which(name) is not None:
            return Program((name,), UNKNOWN, is_pager=True)
    raise TracetuiError(NOTHING_SET)


def _is_vim(program: str, which: Callable[[str], str | None]) -> bool:
    """Whether what is called vi is vim, in any of its builds: the small one of busybox knows no `--cmd`."""
    path = which(program)
    if path is None:
        return True
    real = PurePath(os.path.realpath(path)).name
    return real.startswith(("vim", "nvim", "gvim")) or real == "vi.vim"


def _argv(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(env.get(name, "")))
    except ValueError as error:
        raise TracetuiError(f"{name} cannot be read as a command: {error}") from None


def _without_raw(argv: tuple[str, ...]) -> tuple[str, ...]:
    """A pager's arguments without those of less that let control sequences through."""
    if PurePath(argv[0]).name != "less":
        return argv
    kept = []
    for part in argv[1:]:
        if part.startswith("-") and not part.startswith("--"):
            part = "-" + part[1:].replace("R", "").replace("r", "")
        if part != "-" and part.lower() != "--raw-control-chars":
            kept.append(part)
    return (argv[0], *kept)


def child_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program that is handed something: less starts no program there and shows control codes."""
    kept = {name: value for name, value in env.items() if name not in ("LESS", "LESSOPEN", "LESSCLOSE", "MORE")}
    return kept | {"LESSSECURE": "1"}


def disarmed(text: str) -> str:
    """A text for programs that are not known: no control characters, and nothing that an editor would obey."""
    return _TROUBLE.sub(lambda found: f"{found[0][:1]}\N{MIDDLE DOT}{found[0][1:]}", safe(text, newlines=True))
