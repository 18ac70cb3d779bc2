"""Starting: what ``import tracetui`` and ``tracetui --help`` cost, against an interpreter that does nothing."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Result, in_turns, program


def starting(quick: bool) -> Iterator[Result]:
    """Both, as whole processes."""
    nothing = program([sys.executable, "-c", "pass"])
    script = Path(sys.executable).with_name("tracetui")
    found = str(script) if script.exists() else shutil.which("tracetui")
    cases: list[tuple[str, list[str], float]] = [("import tracetui", [sys.executable, "-c", "import tracetui"], 1.3)]
    if found:
        cases.append(("tracetui --help", [found, "--help"], 6.0))
    for name, command, bar in cases:
        ours = program(command)
        nothing(), ours()
        turns = in_turns(nothing, ours, rounds=5 if quick else 41, seconds=30)
        yield Result(
            name,
            f"{turns.ours * 1e3:.1f} ms",
            f"python -c pass {turns.yardstick * 1e3:.1f} ms",
            turns.ratio,
            bar,
            f"wall; {turns.rounds} turns",
        )
