"""``tracetui completion SHELL``: prints what makes a shell complete commands, options, values and filters."""

from __future__ import annotations

import sys

import click

from tracetui.cli._group import COMMANDS, OK

NAMES = ("bash", "zsh", "fish")


@click.command(
    "completion",
    help=f"""{COMMANDS["completion"]}

\b
bash: source <(tracetui completion bash)               in ~/.bashrc
zsh:  source <(tracetui completion zsh)                in ~/.zshrc, after compinit
fish: tracetui completion fish > ~/.config/fish/completions/tracetui.fish
""",
)
@click.argument("shell", metavar="SHELL", type=click.Choice(NAMES))
def command(shell: str) -> int:
    """Print the script."""
    from tracetui.cli._shells import script

    sys.stdout.write(script(shell))
    return OK
