"""The command line: thin commands over the core. The only place with exit statuses and standard error.

Help and version are answered without importing anything, click is imported for everything else, a command's own module when
it is called, and what reading needs (numpy, msgspec) when it reads.
"""

import sys

# Importing it from typing would cost more than this whole module; type checkers know the name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from tracetui.cli._group import CommandGroup

    cli: CommandGroup

__all__ = ["cli", "main"]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line (that of the process by default) and return the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments in (["--help"], ["-h"]):
        from tracetui.cli._help import HELP

        answer = HELP
    elif arguments == ["--version"]:
        from tracetui import __version__

        answer = f"tracetui {__version__}\n"
    else:
        answer = ""
    if not answer:
        try:
            from tracetui.cli._group import cli, run

            return run(cli, arguments)
        except KeyboardInterrupt:  # while it is imported, or while an error is told
            return 130
    try:
        sys.stdout.write(answer)
        sys.stdout.flush()
    except BrokenPipeError:
        from tracetui.cli._group import give_up_stdout

        give_up_stdout()
    return 0


def __getattr__(name: str) -> object:
    """Make ``cli``, the click group, when it is asked for (PEP 562)."""
    if name == "cli":
        from tracetui.cli._group import cli

        return cli
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
