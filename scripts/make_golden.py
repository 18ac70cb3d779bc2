"""Write tests/cli/golden/: what `stats --json` and `view --json` say of each sample. Tests compare.

Beside it stand golden_search.jsonl, what `grep --json` finds in all samples, and golden_diff.txt, how some of them differ.
`.venv/bin/python scripts/make_golden.py` takes what is said now as right: read each difference first. What depends on the
clock, the version and the place of the samples is left out.
"""

import contextlib
import io
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tracetui.cli
from tracetui.resources import samples_dir

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "cli" / "golden"
SEARCHES = FOLDER.parent / "golden_search.jsonl"
ANALYSES = FOLDER.parent / "golden_analysis.txt"
DIFFERENCES = FOLDER.parent / "golden_diff.txt"
COMPARED = (
    ("otlp-json", "eb3a506a2c2e67d6abc62276d7506dcc", "6c54735301a792883a6460fc4572e451"),
    ("otlp-json", "dea67dd4aa9d5013305abe1e6422f7d4", "5e03c7fe700b18387c1d369b108ef234"),
    ("design-research-agents", "wf-ok", "every-event"),
    ("tracetui", "support_bot", "research_agent", "market_watch"),
)
"""What is compared: where, and which runs."""
SEARCHED = (
    ["timeout"],
    ["-E", "not? found"],
    ["--keys", "tool_call_id"],
    ["--names", "search"],
    ["€"],
    ["4096"],
    ['\n  File "'],
)
"""What is searched for in the samples."""
AS_OF = "2027-01-01T00:00:00Z"
"""After all that the samples recorded: nobody is taken to be writing."""
LEFT_OUT = ("schema", "tool_version", "as_of")
ONE_BY_ONE = ("runs", "hits", "spans", "events", "unreadable", "unrecognised")
"""Lists whose items stand on a line each."""


def samples() -> list[str]:
    """Each sample as ``format/case``; files of RAGFlow tell of each other and are one case."""
    found = []
    for folder in sorted(path for path in samples_dir().iterdir() if path.is_dir()):
        if folder.name == "ragflow":
            found.append(folder.name)
        else:
            found += sorted(f"{folder.name}/{path.name}" for path in folder.iterdir())
    return found


def path_of(sample: str) -> Path:
    """Where the golden answer for a sample is."""
    return FOLDER / f"{sample}.json"


def text(sample: str) -> str:
    """What is said of a sample now."""
    path = samples_dir() / sample
    said = {"stats": answer("stats", path)}
    said |= {f"view {run['id']}": answer("view", run["id"], "--in", path) for run in said["stats"]["runs"]}
    return "".join(lines(said)) + "\n"


def searches() -> str:
    """What is found in all samples now."""
    said = {" ".join(words): answer("grep", *words, samples_dir())["hits"] for words in SEARCHED}
    return "".join(part for name, hits in said.items() for part in (json.dumps(name) + "\n", *map(_line, hits)))


def differences() -> str:
    """How runs of the samples differ now, as text of both widths and as JSON."""
    parts = []
    for place, *runs in COMPARED:
        words = ("diff", *runs, "--in", str(samples_dir() / place))
        parts.append(f"==== {place} {' '.join(runs)}\n")
        parts += [_printed(*words, columns=width) for width in ("80", "120")]
        said = answer(*words)
        parts += [f"{name}: {json.dumps(said[name])}\n" for name in said if name not in ("a", "b", "runs", "rows")]
        parts += [f" {json.dumps(row)}\n" for row in said.get("rows", ())]
    return "".join(parts)


def _printed(*words: str, columns: str) -> str:
    before = {name: os.environ.get(name) for name in ("COLUMNS", "LC_ALL")}
    os.environ.update(COLUMNS=columns, LC_ALL="C.UTF-8")
    out, err = io.StringIO(), io.StringIO()
    try:
        with in_utc(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            tracetui.cli.main([*words, "--as-of", AS_OF])
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return out.getvalue()


def analyses() -> str:
    """What is printed of the analysis of each sample now, at 80 columns."""
    return "".join(f"## {sample}\n\n{printed('analyze', samples_dir() / sample)}\n" for sample in samples())


def printed(command: str, *arguments: str | Path) -> str:
    """What a command prints, whoever asks from where and when."""
    out, err, before = io.StringIO(), io.StringIO(), dict(os.environ)
    os.environ |= {"COLUMNS": "80", "LC_ALL": "C.UTF-8"}
    try:
        with in_utc(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            tracetui.cli.main([command, *map(str, arguments), "--as-of", AS_OF])
    finally:
        for name in ("COLUMNS", "LC_ALL"):
            os.environ.pop(name)
            os.environ |= {name: before[name]} if name in before else {}
    return out.getvalue().replace(f"{samples_dir()}{os.sep}", "")


def _line(hit: Any) -> str:
    return f" {json.dumps(hit)}\n"


def lines(value: Any, indent: str = "", name: str = "") -> Iterator[str]:
    """JSON that is read well in a difference: an item of a long list on a line, a member of an answer on a line."""
    if isinstance(value, list) and value and name in ONE_BY_ONE:
        yield "[\n"
        for number, item in enumerate(value):
            yield f"{indent} "
            yield from lines(item, indent + " ") if name == "runs" else json.dumps(item)
            yield ",\n" if number < len(value) - 1 else "\n"
        yield f"{indent}]"
    elif isinstance(value, dict) and value and (not indent or name in ("totals", "run", "") or name.startswith("view")):
        yield "{\n"
        for number, (key, held) in enumerate(value.items()):
            yield f"{indent} {json.dumps(key)}: "
            yield from lines(held, indent + " ", "view" if isinstance(held, dict) and not indent else key)
            yield ",\n" if number < len(value) - 1 else "\n"
        yield f"{indent}}}"
    else:
        yield json.dumps(value)


def answer(command: str, *arguments: str | Path) -> Any:
    """What a command says in JSON, whoever asks from where and when."""
    out, err = io.StringIO(), io.StringIO()
    with in_utc(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = tracetui.cli.main([command, *map(str, arguments), "--json", "--as-of", AS_OF])
    if status:
        raise SystemExit(f"tracetui {command} {arguments}: {err.getvalue()}")
    place = f"{samples_dir()}{os.sep}"
    said = json.loads(out.getvalue(), object_hook=lambda held: {name: relative(held[name], place) for name in held})
    return {name: held for name, held in said.items() if name not in LEFT_OUT}


def relative(value: Any, place: str) -> Any:
    """A value with texts in it that are paths made relative to the samples, and a price table without its version."""
    if isinstance(value, str):
        return "genai-prices" if value.startswith("genai-prices ") else value.replace(place, "")
    return [relative(item, place) for item in value] if isinstance(value, list) else value


@contextlib.contextmanager
def in_utc() -> Iterator[None]:
    """Times without a zone are read in the zone of the machine."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


def main() -> None:
    """Write all answers, and take away those of samples that are no more."""
    wanted = {path_of(sample): text(sample) for sample in samples()}
    for path in [path for path in FOLDER.rglob("*.json") if path not in wanted]:
        path.unlink()
    SEARCHES.write_text(searches(), encoding="utf-8")
    ANALYSES.write_text(analyses(), encoding="utf-8")
    DIFFERENCES.write_text(differences(), encoding="utf-8")
    for path, said in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said, encoding="utf-8")


if __name__ == "__main__":
    main()
