"""Write docs/screen.md: every key of the screen with the id under which it can be remapped, from the bindings themselves."""

from collections.abc import Iterator
from pathlib import Path

from textual.binding import Binding

from tracetui.tui.app import TracetuiApp
from tracetui.tui.keymaps import SECTIONS, key_words, owners
from tracetui.tui.screens.compare import CompareScreen
from tracetui.tui.screens.main import MainScreen
from tracetui.tui.screens.trouble import ReportList, TroubleScreen
from tracetui.tui.widgets.compare_list import CompareList
from tracetui.tui.widgets.detail import Detail
from tracetui.tui.widgets.line_view import LineView
from tracetui.tui.widgets.run_list import RunList
from tracetui.tui.widgets.span_tree import SpanTree

OWNERS = (
    SpanTree,
    RunList,
    Detail,
    LineView,
    MainScreen,
    ReportList,
    TroubleScreen,
    CompareList,
    CompareScreen,
    TracetuiApp,
)
ORDER = (*SECTIONS, "trouble")
FIRST = (SpanTree, RunList, Detail, LineView, MainScreen)
"""Whose keys stand first; then those of all others, the app's last."""

HEAD = """# The screen

`tracetui [PATH…]` shows three panes: runs, spans, detail. From 120 columns on they stand side by side; from 80 on spans
stand above the detail and `u` draws the runs over both; below that one pane at a time, `tab` goes to the next. It needs
40 columns and 10 rows.

`?` lists the keys of the focused pane. `:` finds by its words whatever there is: actions, runs, tabs of the detail, themes,
folders opened lately; digits there jump to a row. All keys can be changed: [settings.md](settings.md).

The newest failure is open at first, else the newest run that goes on, else the newest run; a folder that was open before is
shown as it was left, unless a run failed since. Until the first key is pressed a run that fails takes the place of the one that
is open. A key that does nothing where it is pressed says so, and where it does something.

A run of more than 50,000 spans and events is made ready aside: the header says `opening` and its name, and what was open stays
with all of its keys until the run is there. Another run chosen meanwhile takes its place.

`--pick` makes `enter` print the id of the chosen run or span and end, for use in a script:
`tracetui view "$(tracetui --pick)"`. `--no-mouse` leaves the mouse to the terminal, `--ascii` draws with ASCII only,
`NO_COLOR` takes all colour away. Without a terminal, or with `TERM=dumb`, the list of runs is printed instead.

What all of it is good for, in pictures: [a tour](tour.md).

## Keys

The number keys `1` to `9` show only one class of spans or events; more presses add and take away, `0` shows all again.
"""

TAIL = """
## The summary

`a` shows what the open run came to, as `tracetui analyze` says it ([the rules](analysis.md)): what broke first; **at a
glance** what it cost, its errors, the slowest tool, bottlenecks and loops, each a line from which `enter` goes to the
section that tells more; what to do, errors by message, where the time went, tools, bottlenecks, what happened when, the
critical path, the slowest spans, durations by name with how they are spread, loops and equal calls, retries, tokens and cost
by model and agent, the context of each agent, decisions. In the runs pane `a` sums up the runs that are marked, else those
that are listed: the same at a glance, failures and cost over time, the worst, longest and most expensive runs, runs by name,
and errors, tools, loops, names and models across all of them. `u` goes from the one to the other, `J` and `K` to the next
and previous run; each opens at its top, and again where you left it.

`<` and `>` sort the table in which the cursor stands by its next figure, whose heading stands out; `r` reverses it. Figures
for which there is no room are left out by their weight: of tools calls, total and the longest are the last to go. `total`
adds up the durations of all calls; *where the time went* and `of run` are shares of the clock, so that calls beside or
inside of others count once there. A cost that may still come is `…`, one that nobody knows `–`.

`enter` on a line goes to its span or run, `{` comes back to where you were, and `a` opens the summary again at the same
line. A line that is about several spans lists them to choose from; `… 12 more (enter)` shows ten times as many. `tab` goes
from section to section, `y` copies the line, `Y` the section. From 110 columns on sections stand side by side, left and
right go across. Of a run that goes on, figures are made anew every few seconds.

## Views

`v` shows the open run in other ways, one after another; the rule of the pane names the one that is shown, the palette
(`:`) has each of them by its name. What is selected stays selected, chips and filters count in all of them, and so do
the keys that jump.

- **Time order**: starts of spans and events, one after another as they came, with the wall time where there is room.
  A span has a row for its end where something came between its start and its end. New rows come at the end, `F` stays
  there. Order is that of the records, by time only for runs whose files have no order in common. Single tokens of a
  stream are left out unless `9` asks.
- **By name**: each name with how many spans it has, how many failed, total and own time, own time as a share of the
  run, p50, p95, longest, tokens and cost. `<` and `>` sort by another column, `r` reverses. `enter` opens a name into
  its spans, the longest first, and `enter` on one of those goes to it in the tree.

## Jumps, and the way back

`e` goes to the next cause of failure, or to an error event that its span survived; `s` to the next slow span; `w` to
the next warning, retry or command that ended with a non-zero exit status; `n` to the next hit of a search. In
capitals they go back. They open what is folded, start again at the end and say so. Levels of logs and exit statuses
are read from the records, those of more than a quarter of a megabyte are not asked.

`{` goes back to where a jump began, `}` forward again: jumps of one kind one after another are one way. So do jumps
from reports, bookmarks, other runs (`J`, `K`, `enter`) and rows by their number (`:` and digits).

`m` marks the selected run, span or event, or unmarks it; `'` (or `M`) lists what is marked, `del` takes one out of
the list. The 500 newest are kept. A folder is shown again as it was left: run, what was selected in it, view, chips
and order of the runs; a failure that is newer goes first, and a run that is going on is followed. `--no-state` keeps
and shows nothing of that.

## What was put right

`R` lists, in groups and with numbers, what had to be put right, worked out or left out to show the open run: records that
cannot be read, losses, spans without their parent or told twice, times that cannot be, parents and times that were worked
out, files that were set aside. `enter` on a span goes there, on bytes that could not be read it shows them. Below stands what
could not be read elsewhere in what was opened, and which files no format reads.

## Comparing

`d` shows two runs side by side: the two that are marked (`space` in the list of runs), or the one that is marked and the
open one, or the open one and the one before it of the same name; where there is none, it asks. The run that started first is
A. At the top stand the figures of both, then their rows, aligned: `≠` what differs, `+` and `−` what only B or A has, both
times, how much more time, tokens and cost B took, and that time as a bar from a middle line, to the right what is slower.
What is equal is muted, and several equal rows are one line until they are opened. [comparing.md](comparing.md) says what
counts as a difference.

The cursor stands where the runs begin to go different ways; below it stands what differs there in input and output, line by
line. `e` goes to the next difference, `s` to the next span that took longer, `v` shows only what differs, then the names: how
much more calls, own time, tokens and cost all spans of one name took, sorted by `<` and `>`. `enter` goes to the span of B, `1`
to that of A, and `d` comes back. `d` in the comparison chooses another run for A, `r` swaps both, `c` shows whole texts, `tab`
goes to the texts and `z` gives them all the room. A run that is still running is compared as it was when `d` was pressed; `F`
compares it again.

## Time

The bars show when each span ran, on the axis above them. A thin line holds other spans and is broken (`╌`) where none of
them ran; of a model call or tool that is unfolded, only its own work is thick. A full bar is on the critical path: had it
been shorter, the run would have been. A medium one (`━`) ran beside that.

`I` zooms in and `O` out, in steps of 1, 2 and 5; what is selected keeps its place. `,` and `.` go to what was earlier and
later, `Z` to the time of the selected span and back, `backspace` shows the whole time again. Bars that go on beyond the
shown part end in `‹` or `›`; a row without anything in it keeps an empty bar. The rule of the pane says which part is
shown: `2m04s–3m35s of 12m41s`. Each run keeps its part until the program ends. While a running run is followed the shown
part moves on with it, by halves of its length; `,` lets go.

The line above the headings is the whole run, however much of it is shown below: how much work ran at once (two eighths of a
column are one span), `✗` where something failed, brackets around the part that is shown, and reversed the cell in which the
selected row begins. It is there where the pane has 14 rows and the run 8 spans, and goes with the bars (`t`).

`L` goes to the longest gap of the selected span, or of the nearest one around it: time in which none of its children ran.
Pressed again it goes to the next longest. The detail of a span that holds others says how long it was idle, and when most.

`v` leads on to the timeline: the work of each agent in as few lanes as it needs, so that what ran at once stands below one
another. Agents, chains and steps that hold other spans have no bar of their own there. Left and right go along a lane, up and
down to what ran at that time in the next one; zooming, the selection and `enter` are as in the tree.

## Runs that belong together

`i` shows the open run as a whole, among it its related runs: who started it and in which span, what it started, what it
continues or what continues it. `enter` on one goes there, `{` back again, `}` forward. The span in which a run was started
names that run too. A run that a recording names and that is not there is `not in this folder`.

## Filtering

`f` opens a line for a [filter](filter.md): over the spans of the open run, or in the runs pane over the runs. It holds as
soon as it can be read; what leads to what it leaves is kept and muted, chips and filter hold together, and the rule above
the pane says what is left: `filter tool dur>2s  38 of 1,204 spans`. Text and attributes are read from disk in the
background, and counted meanwhile. `enter` keeps it, `esc` in the line leaves all as it was, `esc` in the pane takes the
filter away. It stays when another run is opened: the header says what it hides there.

`tab` takes what is offered above the line: what occurs in the run comes first and as a whole term, so failed tools that
took over two seconds are `f` `t` `tab` `e` `tab` `d` `tab` `2` `enter`. Plain words such as `failed`, `slow` or `expensive`
are offered as the terms they mean. `down` and `up` choose from the list; behind a
whole term `tab` shows it. `up` goes back through filters of before. `ctrl+s` saves the one in the line under a name,
`ctrl+r` lists the saved and the typed ones. `--where FILTER` opens the screen with one. `ctrl+y` copies the command that
prints what is shown: `tracetui view` or `list` with filter and chips.

## Searching

`/` looks through everything in the open run, bodies on disk included: names first, then bodies, with the count as it grows
(`3 of 41+ searching 38%`). Without capitals both cases are found; what stands between slashes (`/time.?out/`) is a regular
expression. A span counts once; a hit in an event is one in its span. The first hit is gone to at once, `n` and `N` go on,
the rule says in which field it is, and the detail shows the place. While a run grows, what comes is searched as well. `esc`
ends it. In the runs pane the same line narrows the list down by name, id and format. `ctrl+f` looks through all runs and
lists what it finds; `enter` goes there, `{` back again.

## Themes

`--theme NAME`, or `T` on the screen, which shows each theme while the cursor is on it and remembers what `enter` takes:
`dark` (the default), `light`, `contrast`, `safe` (told apart in all kinds of colour blindness) and `terminal` (the terminal's
own 16 colours, for slow links; taken by itself where the terminal has no more than those and no theme was chosen). Your own are
files like those in `themes/`, put into `~/.config/tracetui/themes/`.

## Settings

`C` lists the settings in force, where each comes from, and what is wrong in your file; `enter` copies the line that says in the
file what is in force now. [settings.md](settings.md) has them all: other keys, thresholds of what is slow, notifications of
failures, the terminal's title, and what is done about slow links.

## The viewer

`enter` on a text that is cut, or `V` on anything in the detail, shows the whole value over the whole screen: text with line
numbers, JSON that folds (`v` changes between the two), bytes that are no text as `\\xff`. It takes values of any size: what is
drawn is what is visible, reading goes on in a thread and `esc` gives it up. `w` wraps long lines or pans them, `:` goes to a
line. `/` searches inside while it is typed, counts as it goes, ignores case without capitals and takes `/re/`; `n` and `N` go
from hit to hit and open what is folded. `enter` on a long text in JSON shows that text alone. JSON of more than 8 MB opens as
text; `v` unfolds it unless more than 8 MB of it are something else than long texts.

## Taking away

`y` takes what the cursor is on in the detail. In the tree it takes the most telling value of the span: of a model call the
newest message of the user, of a tool its arguments, of another failure what went wrong, else input, output or name; in the list
of runs the run's id. The header says what it was. On the rule above messages it takes all of them as text: who said what, and
what was called. `Y` takes the record as it was written, `ctrl+y` the id. `o` and `|` take the
same as `y`.

Copies go to the terminal's clipboard (OSC 52, in tmux through tmux), and into `~/.local/state/tracetui/copy.txt`, for terminals
that refuse; more than 1 MB goes into that file only. To select with the mouse instead, hold shift, or start with `--no-mouse`.

`o` opens the value in `$VISUAL` or `$EDITOR`; a record (in the tab Raw) in its own file, at its line, for reading. The value
stands in a private file that is removed afterwards: changes are not kept. Nothing in it can start anything: vim and emacs are
started with modelines and local variables off, and a program that tracetui does not know gets a copy without control characters
in which such lines are broken. What ends within a second and only printed (`cat`) stays until you press enter. Without
an editor a pager reads it, less with `LESSSECURE=1` and never with `-R`.

`|` (or `X`) asks for a command for your shell and gives it the value on its standard input, exactly; up and down bring back
what was typed before. What the command prints is shown without control characters. A program that draws by itself (`less`,
`vim -`, `fzf`) gets the terminal; for others begin with `!`. Nothing typed opens the pager.

`x` writes the open run into a file, as [`tracetui export`](export.md) does, without secrets: choose an output, then where. The
name that is offered is in the current folder (never in what is being read) and nothing is replaced. `ctrl+s` writes a picture
of the screen as it stands. What the exports would take out of the open run is struck out in it, also where it is cut or
wrapped; of a run of more than 16 MB only the selected span and its beginning are looked through for that.

If the program is killed in a way that it cannot notice (`kill -9`), the terminal stays as it was: type `reset`.
"""


def rows() -> Iterator[tuple[str, str, str]]:
    """Id, keys and words of each action, once."""
    found = [owner for owner in owners() if owner not in FIRST]
    seen: set[str] = set()
    for owner in (*FIRST, *sorted(found, key=lambda owner: owner is TracetuiApp)):
        for binding in vars(owner)["BINDINGS"]:
            if isinstance(binding, Binding) and binding.id and binding.id not in seen:
                seen.add(binding.id)
                keys = " ".join(f"`{key_words(key.strip())}`" for key in binding.key.split(","))
                yield binding.id, keys, binding.description


def main() -> None:
    """Write the file."""
    bar = r"\|"
    by_section: dict[str, list[tuple[str, str, str]]] = {section: [] for section in SECTIONS}
    for row in rows():
        by_section.setdefault(row[0].partition(".")[0], []).append(row)
    parts = [HEAD]
    for section, found in by_section.items():
        title = SECTIONS.get(section, section.capitalize())
        parts.append(f"\n### {title}\n\n| keys | action | id |\n|---|---|---|\n")
        # A bar ends a cell of a table even between backticks.
        parts += [f"| {keys.replace('|', bar)} | {words} | `{id}` |\n" for id, keys, words in found]
    path = Path(__file__).parent.parent / "docs" / "screen.md"
    path.write_text("".join([*parts, TAIL]), encoding="utf-8")


if __name__ == "__main__":
    main()
