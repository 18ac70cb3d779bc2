"""The command line: thin commands over the core. The only place with exit statuses and standard error.

Importing this costs little more than click: a command's own module is imported when it is called, and what reading needs
(numpy, msgspec) when it reads.
"""

from tracetui.cli._group import CommandGroup, run

__all__ = ["cli", "main"]

cli = CommandGroup("tracetui")
"""The command `tracetui` with all its subcommands."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line (that of the process by default) and return the exit status. Never raises for a user's mistake."""
    return run(cli, arguments)
