"""What tests of formats share: the samples as candidates, reading in pieces, and a fold of operations into plain dicts."""

import json
from collections import Counter
from pathlib import Path

from tracetui.core.formats import Candidate, Match, detect
from tracetui.core.formats._base import HEAD_BYTES, RecordBody
from tracetui.core.operations import Bad, Begin, Drop, End, Event, Patch, Record, RunFact

SAMPLES = Path(__file__).parents[3] / "sample_traces"
FILES = sorted(path for path in SAMPLES.rglob("*") if path.is_file() and path.name != "README.md")


def name_of(path):
    return str(path.relative_to(SAMPLES))


def candidate(data, path="/traces/x", siblings=()):
    return Candidate(str(path), Path(path).name, data[:HEAD_BYTES], len(data), 0, frozenset(siblings))


def candidate_of(path):
    return candidate(path.read_bytes(), path, (other.name for other in path.parent.iterdir()))


def claim(data, path="/traces/x", siblings=()):
    match = detect(candidate(data, path, siblings))
    assert isinstance(match, Match), match
    return match


def decoder_for(data, path="/traces/x"):
    match = claim(data, path)
    return match.format.assembler(match.bundle or str(path)).decoder(candidate(data, path))


def pieces(decoder, data, sizes):
    """Operations of ``data`` fed in pieces of the given sizes, the rest at once."""
    operations, at = [], 0
    for size in sizes:
        operations += decoder.feed(data[at : at + size])
        at += size
    return operations + decoder.feed(data[at:]) + decoder.close()


def read(data, path="/traces/x"):
    return pieces(decoder_for(data, path), data, [])


def read_text(*records, path="/traces/x"):
    return read(b"".join(json.dumps(record).encode() + b"\n" for record in records), path)


def read_files(*files):
    """Operations of one bundle's files: (path, data) in the order to read them; side files say what they say."""
    names = [Path(path).name for path, _ in files]
    assembler, operations = None, []
    for path, data in files:
        match = claim(data, path, names)
        if assembler is None:
            bundle = match.bundle
            assembler = match.format.assembler(bundle)
        assert match.bundle == bundle
        file = candidate(data, path, names)
        operations += assembler.side(file) if match.role == "side" else pieces(assembler.decoder(file), data, [])
    return operations


class Folded:
    """One run, folded the plainest way."""

    def __init__(self):
        self.facts = {}
        self.spans = {}
        self.types = Counter()
        self.events = []
        self.records = {}

    def put(self, key, rank=0, **fields):
        span = self.spans.setdefault(key, {"ranks": {}, "told": False, "flags": 0})
        for name, value in fields.items():
            if value is not None and span["ranks"].get(name, 0) <= rank:
                span["ranks"][name] = rank
                span[name] = value
        return span

    @property
    def told(self):
        return {key: span for key, span in self.spans.items() if span["told"]}

    def named(self, name):
        found = [span for span in self.told.values() if span.get("name") == name]
        assert len(found) == 1, [span.get("name") for span in self.told.values()]
        return found[0]

    def parent_name(self, name):
        parent = self.named(name).get("parent")
        return None if parent is None else self.spans[parent].get("name")

    def usage_sums(self):
        """Sums of each figure over all spans; None where no span has it."""
        sums = {}
        for span in self.told.values():
            usage = span.get("usage")
            for name in ("input", "output", "total", "cached", "cost_usd"):
                value = getattr(usage, name, None)
                if value is not None:
                    sums[name] = sums.get(name, 0) + value
        return sums


_FIELDS = ("parent", "name", "kind", "start", "end", "status", "usage", "model")
_FACTS = (
    "name",
    "id",
    "status",
    "status_reason",
    "records_end",
    "start",
    "end",
    "duration_ns",
    "clock",
    "meta",
    "time",
)


def fold(operations):
    """Runs by key, and the unreadable records."""
    runs, bad = {}, []
    record = None
    for op in operations:
        if isinstance(op, Bad):
            bad.append(op)
            continue
        run = runs.setdefault(op.run, Folded())
        match op:
            case Record():
                record = op
                run.types[op.type] += op.counted
            case Event():
                run.events.append((record.type, op.span, op.cls, op.time))
            case RunFact():
                _fold_fact(run, op)
            case Drop():
                run.spans.pop(op.key, None)
            case _:
                _fold_span(run, op)
                run.records.setdefault(op.key, []).append(record)
    return runs, bad


def _fold_fact(run, op):
    for name in _FACTS:
        value = getattr(op, name)
        if value is not None and run.facts.get(name, (op.rank, None))[0] <= op.rank:
            run.facts[name] = (op.rank, value)


def _fold_span(run, op):
    fields = {name: getattr(op, name, None) for name in _FIELDS}
    match op:
        case Begin():
            fields["start"] = op.time
        case End():
            fields |= {"start": None, "end": op.time, "name": op.name or None}
    span = run.put(op.key, getattr(op, "rank", 0), **fields)
    span["told"] |= not isinstance(op, Patch)
    span["flags"] |= op.flags


def only_run(operations):
    runs, bad = fold(operations)
    assert bad == []
    (run,) = runs.values()
    return run


def fact(run, name):
    return run.facts.get(name, (0, None))[1]


def bodies(operations, data):
    """Every record as a viewer gets it again: its bytes, and which record of these bytes it is."""
    seen = Counter()
    for op in operations:
        if isinstance(op, Record):
            ordinal = seen[op.a, op.b]
            seen[op.a, op.b] += 1
            yield RecordBody(op.type, data[op.a : op.a + op.b], ordinal)
