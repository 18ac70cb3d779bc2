"""Write docs/settings.md: every setting with its values and its default, from the table that reads them."""

from pathlib import Path

from tracetui.tui.settings import SETTINGS, VARIABLE

HEAD = f"""# Settings

`~/.config/tracetui/settings.toml` (`$XDG_CONFIG_HOME/tracetui/settings.toml`) is yours; there need not be one. Another file is
named by `tracetui --settings FILE` or by `{VARIABLE}`. No settings are ever read from a folder of traces.

    theme = "light"
    stall_after = "5m"
    notify = "osc777"

    [slow]
    llm = "1m"

    [keys]
    span.follow = "ctrl+f"
    find.search = ["/", "f3"]

An option of the command line wins over the environment, that over the file. `C` on the screen lists what is in force and where
it comes from; `tracetui doctor` says the same of mistakes. A mistake costs nothing but its own line: it is told in the header
when the screen opens, and the rest of the file counts.

The settings are those of the screen. The commands take the same things as options; of this file they read `prices` only, so
that a script gets the same answer on every machine.

## All settings

| key | values | default | meaning | environment |
|---|---|---|---|---|
"""

TAIL = """
## Keys

Every action has an id (docs/screen.md); `[keys]` gives it other keys: one, a list, or `""` for none. Keys are written as on
the keyboard: `k`, `K`, `ctrl+k`, `alt+left`, `f5`, `pgup`, `space`, `[`. What you give replaces all keys that the action had.
Help, footers and palette show the keys in force. If a key was another action's in the same pane, that action loses it, which
is told; `esc` always leads back and `ctrl+c` never ends anything.

## Themes

A theme of your own is a file like those in `themes/`, put into `~/.config/tracetui/themes/`. What it leaves out is taken from
`dark` or `light`; one with a mistake is told and left out. `T` lists all themes and shows each while the cursor is on it; the
chosen one is remembered, unless the settings name one. Where none was chosen and the terminal has 16 colours (`TERM` is
`xterm`, `linux` or `screen` without `256color`, and `COLORTERM` does not say more), `terminal` is taken by itself. `NO_COLOR`
takes all colour away.

## Slow links

Over SSH (`SSH_CONNECTION`, `SSH_TTY` or `SSH_CLIENT` is set, in tmux in the environment of its pane) the link counts as slow:
what changes by itself is shown once a second instead of four times, the detail follows every three seconds, and clocks tick
every five. Keys are answered at once, as always. `link = "fast"` or `--link fast` turns that off. The theme stays what it is;
`terminal` sends the fewest bytes. `motion = "off"` stops the clocks altogether: ages are then right as of the last change.
`tracetui doctor` says what was chosen, and why.

## Notifications and title

With `notify` the terminal is told when a run that was seen running fails (`notify_on = "end"`: or ends): at most once for each
run, never for what was there before. In tmux, OSC 9 and OSC 777 need `set -g allow-passthrough on`. Whether a desktop shows
something is up to the terminal. The title (OSC 2) names the open run and its status; what was there before is put back at the
end. Names from a recording lose everything in them that is not printable.

## Hints

In the first sessions the header names a key that helps just now, where nothing else stands: each at most three times, and never
again once you used it. `hints = false` or `--no-state` turns them off.
"""


def page() -> str:
    """The whole page."""
    rows = (
        f"| `{each.key}` | {each.allowed} | `{each.default}` | {each.words} | "
        + (f"`{each.variable}`" if each.variable else "")
        + " |\n"
        for each in SETTINGS
    )
    return "".join([HEAD, *rows, TAIL])


if __name__ == "__main__":
    (Path(__file__).parent.parent / "docs" / "settings.md").write_text(page(), encoding="utf-8")
