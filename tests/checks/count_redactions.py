"""``python -m tests.checks.count_redactions PATH…``: what the redactor would take out of files, by kind, with examples.

For judging false positives on recordings that hold no secrets. Each line that is JSON is looked at as the recorder would,
anything else as text; a file that is one JSON value is one value. A line that `suspects` clears but that holds something
is an error: the exit status is 1.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import orjson

from tracetui.core.redaction import REDACTED, Redactor
from tracetui.core.secret_texts import find

EXAMPLES = 4


def values(path: Path) -> Iterator[object]:
    """What a file holds: one JSON value, or a value or text a line; bytes that are no text are passed over."""
    data = path.read_bytes()
    try:
        yield orjson.loads(data)
    except orjson.JSONDecodeError:
        for line in data.splitlines():
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError:
                yield line.decode(errors="replace")


def differences(before: object, after: object, key: str) -> Iterator[tuple[str, object, object]]:
    """Each leaf that was changed, with its key; a changed key is one too."""
    if isinstance(before, dict):
        for (name, left), (new, right) in zip(before.items(), after.items(), strict=True):
            if name != new:
                yield "(key)", name, new
            yield from differences(left, right, name)
    elif isinstance(before, list):
        for left, right in zip(before, after, strict=True):
            yield from differences(left, right, key)
    elif before != after:
        yield key, before, after


def write(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main(arguments: list[str]) -> int:
    gate = Redactor()
    count, examples, files = Counter(), defaultdict(Counter), 0
    missed = lines = suspected = 0
    paths = [path for top in map(Path, arguments) for path in ([top] if top.is_file() else sorted(top.rglob("*")))]
    for path in filter(Path.is_file, paths):
        files += 1
        for value in values(path):
            try:
                is_suspect = gate.suspects(orjson.dumps(value))
            except TypeError:
                is_suspect = True  # deeper than the encoder goes
            lines += 1
            suspected += is_suspect
            for key, before, after in differences(value, gate.redact(value)[0], ""):
                missed += not is_suspect
                if after == REDACTED and gate.secrecy(key):
                    kinds = [(f"key {key}", repr(before)[:80])]
                else:
                    found = find(before, gate.secrecy)
                    kinds = [(one.kind, before[max(0, one.start - 30) : one.end + 10][:120]) for one in found]
                for kind, example in kinds or [("under a secret key or pair", f"{key}: {before!r}"[:80])]:
                    count[kind] += 1
                    examples[kind][(path.name, example)] += 1
    write(f"{files} files, {lines} values, {suspected} suspected, {sum(count.values())} redactions, {missed} missed")
    for kind, number in count.most_common():
        write(f"{number:6} {kind}")
        for (name, example), times in examples[kind].most_common(EXAMPLES):
            write(f"         {times} x {name}: {example!r}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
