"""Write docs/tracetui.1, the manual page, from the commands themselves.

`.venv/bin/python scripts/make_man_page.py` writes it anew; a test compares it. The build puts it into the wheel, below
share/man/man1. Filters and environment are described here in a few lines; their own pages say more.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tracetui import __version__
from tracetui.cli._described import Described, all_described, shared
from tracetui.core.filter.fields import FIELDS

PATH = Path(__file__).resolve().parent.parent / "docs" / "tracetui.1"

DESCRIPTION = (
    "tracetui shows the traces that AI agents and workflows leave on disk: the list of runs, each run as a tree of spans "
    "with a waterfall, and the detail of what is selected, also while it is written. The commands print the same as text, and "
    "with --json as JSON.",
    "PATH is a file, a folder (with all folders below it) or -, standard input. Without one, traces/ is read if there is "
    "such a folder, else the current folder. A first argument that is the name of a command is the command; a folder of that "
    "name is written ./list.",
    "RUN is an existing path, latest, failed (the newest failed run), an id or its beginning, or a name (its newest run).",
    "A DURATION is written 90 (seconds), 2s, 5m, 1h30m, 7d. A TIME is ISO 8601 (2026-03-02T08:00:00Z), or a duration, which "
    "means that long ago.",
)
FILTERS = (
    'A FILTER is made of terms such as kind:tool, status:error, dur>2s, name~"web_.*", attr.user.id=42, text:timeout, with '
    "and, or, not and parentheses. Terms beside each other all have to hold. The operators are : (is, or contains) = != < <= > "
    ">= ~ (regular expression).",
)
ENVIRONMENT = (
    ("NO_COLOR", "If set, no colours on the screen."),
    ("COLUMNS", "Width of what is printed, where that is no terminal."),
    ("LC_ALL, LC_CTYPE, LANG", "Without UTF-8 only ASCII is drawn and printed."),
    ("TRACETUI_CACHE", "off: nothing of what was read is kept for the next time."),
    ("TRACETUI_PRICES", "A file with prices of one's own, for costs that are not recorded."),
    ("TRACETUI_DIR, TRACETUI_OFF, TRACETUI_LEVEL, TRACETUI_SINKS", "For programs that record; see docs/recording.md."),
    ("XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_CACHE_HOME", "Where the folders below are, if not in the usual places."),
)
FILES = (
    ("~/.config/tracetui/themes/", "Themes of one's own."),
    ("~/.config/tracetui/prices.toml", "Prices of one's own."),
    ("~/.local/state/tracetui/", "The last view of each folder, and what was copied last."),
    ("~/.cache/tracetui/", "What was read, so that the next time is quicker; may be deleted."),
)
STATUS = (
    ("0", "Fine; grep: found."),
    ("1", "grep: not found. analyze, diff: what --fail-on names. doctor: tracetui cannot work here."),
    ("2", "Wrong usage, or a name that fits several runs or none."),
    ("3", "Nothing readable there."),
    ("130", "Interrupted."),
)
EXAMPLES = (
    ("tracetui --sample", "Look at the sample traces."),
    ("tracetui traces/", "Open a folder; what grows is followed."),
    ("tracetui view failed --in traces/", "What the newest failure did."),
    ("tracetui list --where 'kind:tool status:error dur>10s'", "Runs with a slow failed tool."),
    ("producer | tracetui -", "Watch what a program writes."),
)
_VERSION = Described(("--version",), "", "Show the version and exit.", (), False)
_HELP = Described(("-h", "--help"), "", "Show the help and exit.", (), False)


def text() -> str:
    """The whole page."""
    return "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    screen, *commands = all_described()
    yield f'.TH TRACETUI 1 "" "tracetui {__version__}" "User Commands"'
    yield ".SH NAME"
    yield "tracetui \\- a terminal explorer for the traces of AI agents"
    yield ".SH SYNOPSIS"
    yield ".B tracetui"
    yield "[OPTIONS] [PATH]..."
    yield ".br"
    yield ".B tracetui"
    yield "COMMAND [ARGUMENTS]..."
    yield ".SH DESCRIPTION"
    yield from _paragraphs(DESCRIPTION)
    yield ".SH OPTIONS OF THE SCREEN"
    yield from _options((*screen.options, _VERSION, _HELP))
    common = shared()
    yield ".SH COMMANDS"
    yield _line("Each command has --help, too.")
    for command in commands:
        yield f'.SS "{_plain(command.usage)}"'
        yield from _paragraphs((command.does, *command.more))
        yield from _options([option for option in command.options if option not in common])
        if others := [option.names[-1] for option in command.options if option in common]:
            yield ".PP"
            yield _line(f"As described below: {', '.join(others)}.")
    yield ".SH COMMON OPTIONS"
    yield from _options(common)
    yield ".SH FILTERS"
    yield from _paragraphs(FILTERS)
    yield from _table(
        ("attr.PATH" if field.name == "attr" else field.name, _field(field.about, field.words))
        for field in FIELDS.values()
    )
    for title, rows in (
        ("ENVIRONMENT", ENVIRONMENT),
        ("FILES", FILES),
        ("EXIT STATUS", STATUS),
        ("EXAMPLES", EXAMPLES),
    ):
        yield f".SH {title}"
        yield from _table(rows)


def _field(about: str, words: Sequence[str]) -> str:
    return f"{about}: {', '.join(words)}" if words else about


def _options(options: Iterable[Described]) -> Iterator[str]:
    for option in options:
        names = ", ".join(f"\\fB{_plain(name)}\\fR" for name in option.names)
        yield ".TP"
        yield names + (f" \\fI{_plain(option.metavar)}\\fR" if option.metavar else "")
        yield _line(option.help)


def _table(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, about in rows:
        yield ".TP"
        yield f"\\fB{_plain(name)}\\fR"
        yield _line(about)


def _paragraphs(texts: Sequence[str]) -> Iterator[str]:
    for number, each in enumerate(texts):
        if number:
            yield ".PP"
        if each.endswith("\n"):
            yield from (".nf", *map(_line, each.splitlines()), ".fi")
        else:
            yield _line(each)


def _line(words: str) -> str:
    """A line of text that is none of troff's requests."""
    plain = _plain(words)
    return f"\\&{plain}" if plain[:1] in (".", "'") else plain


def _plain(words: str) -> str:
    """Text in which nothing means anything to troff, and an option can be copied."""
    plain = (
        words.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq").replace("~", "\\(ti").replace("^", "\\(ha")
    )
    plain = plain.replace("'", "\\(aq").replace("`", "\\(ga")
    return "".join(char if char.isascii() else f"\\[u{ord(char):04X}]" for char in plain)


def main() -> None:
    """Write the file."""
    PATH.write_text(text(), encoding="ascii")


if __name__ == "__main__":
    main()
