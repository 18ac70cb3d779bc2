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
  --where FILTER          Begin with only the spans that the filter selects.
  --theme NAME            Theme to begin with; T on the screen tries them.
  --tz ZONE               Time zone of times shown and of times without one.
  --ascii                 Use no characters but ASCII.
  --no-mouse              Leave the mouse to the terminal.
  --no-state              Neither remember nor take up the last view.
  --pick                  Print the run or span chosen with enter, and end.
  --link auto|fast|slow   How often changes are sent; over SSH a link is slow.
  --notify HOW            Tell the terminal of failures: bell, osc9, osc777.
  --settings FILE         Settings to use instead of your own file.
  --stall-after DURATION  Call a silent run stalled after this time (1m).
  --dead-after DURATION   Believe a silent run's writer dead after it (1h).
  --prices FILE           Prices of models, for calls without a recorded cost.

Commands (tracetui COMMAND --help says more):
  list        The runs, newest first.
  view        The span tree of one run as text.
  stats       The figures of each run, and their sums.
  tail        The last events of all runs; with -f those to come.
  analyze     What broke, where time and money went, what to do about it.
  grep        Search in names and bodies: run, span, field, line.
  diff        Compare runs: what differs, and where they part.
  export      One run as one file: Markdown, HTML, JSON, CSV, OTLP.
  clean       Delete old recordings, or tell which would be deleted.
  replay      Write a recording again with its own timing.
  formats     What tracetui reads, and why it decided so for a file.
  doctor      What this terminal and machine can do, and what to do about it.
  completion  Print what completes commands and options in bash, zsh or fish.

Other options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Exit status: 0 fine, 1 analyze found what --fail-on names (grep: nothing),
2 wrong usage, 3 nothing readable there, 130 interrupted.
"""
