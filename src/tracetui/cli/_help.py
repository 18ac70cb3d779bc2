"""What `tracetui --help` says. A constant, so that help is there at once: it needs nothing imported, not even click.

`tests/cli/test_help.py` holds it against the commands and their options.
"""

HELP = """\
Usage: tracetui [OPTIONS] [PATH]...
       tracetui COMMAND [ARGUMENTS]...

  Explore the traces that AI agents leave on disk: runs, span trees, live.

  PATH is a file, a folder or - (standard input). Without one, traces/ is read
  if there is such a folder, else the current folder. Without a terminal, the
  list of runs is printed. A folder called like a command is written ./list.

Options of the screen:
  --sample                Open the sample traces that come with tracetui.
  --theme NAME            Theme to begin with; T on the screen tries them.
  --tz ZONE               Time zone of times shown and of times without one.
  --ascii                 Use no characters but ASCII.
  --no-mouse              Leave the mouse to the terminal.
  --no-state              Neither remember nor take up the last view.
  --pick                  Print the run or span chosen with enter, and end.
  --stall-after DURATION  Call a silent run stalled after this time (1m).
  --dead-after DURATION   Believe a silent run's writer dead after it (1h).

Commands (tracetui COMMAND --help says more):
  list     The runs, newest first.
  view     The span tree of one run as text.
  stats    The figures of each run, and their sums.
  tail     The last events of all runs; with -f those to come.
  grep     Search in names and bodies: run, span, field, line.
  clean    Delete old recordings, or tell which would be deleted.
  diff     Compare runs: what differs, and where they part.
  replay   Write a recording again with its own timing.
  formats  What tracetui reads, and why it decided so for a file.

Other options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Exit status: 0 fine, 2 wrong usage, 3 nothing readable there, 130 interrupted.
"""
