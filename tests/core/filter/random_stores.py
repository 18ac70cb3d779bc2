"""Stores and filters by chance: spans of all kinds, with gaps in what is known of them, and expressions of all fields."""

from typing import Any

from hypothesis import strategies as st

from tests.core.filter.plain import NOW, FakeBodies
from tracetui.core.batch import Batch, Growth
from tracetui.core.filter import Node, Op, Term, all_of, any_of, negated
from tracetui.core.filter.fields import FIELDS, OPERATORS, Values
from tracetui.core.model import ABSENT, NO_TIME, Clock, EventClass, Kind, SpanDetail, Status, Usage
from tracetui.core.operations import Begin, Drop, End, Event, Operation, Record, RunFact, Whole, span_key
from tracetui.core.store import Store, run_salt
from tracetui.core.testing import EPOCH, SECOND

NAMES = ("search", "Plan", "a b", 'quo"te', "naïve", "x\ny", "")
TYPES = ("SpanEnded", "tool_call", "ModelCallFailed")
MODELS = ("small-2", "Large", "")
ATTRIBUTES = ({}, {"user_id": 42}, {"user_id": "42", "a.b": True}, {"a.b": None, "n": 2.5})

few = st.integers(0, 9)
figures = st.none() | st.sampled_from((0, 1, 5, 1_000, 2**33))
times = st.integers(-2, 9).map(lambda second: None if second < 0 else second)
usages = st.none() | st.builds(
    Usage,
    input=figures,
    output=figures,
    total=figures,
    cached=figures,
    cost_usd=st.sampled_from((None, 0.0, 0.01, 2.5, float("nan"))),
)
spans = st.fixed_dictionaries(
    {
        "run": st.integers(0, 1),
        "key": few,
        "parent": st.none() | st.integers(0, 9),
        "name": st.sampled_from(NAMES),
        "kind": st.sampled_from(list(Kind)),
        "status": st.sampled_from(list(Status)),
        "type": st.sampled_from(TYPES),
        "start": times,
        "end": times,
        "usage": usages,
        "model": st.sampled_from(MODELS),
        "how": st.sampled_from(("whole", "begin", "both", "drop", "event")),
        "body": st.sampled_from((None, "", "small-2", "search")),
        "attributes": st.sampled_from(ATTRIBUTES),
        "input": st.sampled_from((ABSENT, "search for Plan", "42")),
    }
)


def _ns(second: int | None) -> int:
    return NO_TIME if second is None else EPOCH + second * SECOND


def _operations(told: dict[str, Any], number: int) -> list[Operation]:
    run, key = f"run{told['run']}", f"k{told['key']}"
    # A parent with a higher number keeps the tree free of circles, which a plain walk cannot leave.
    parent = f"k{told['parent']}" if told["parent"] is not None and told["parent"] > told["key"] else None
    record = Record(run, told["type"], number * 10, 9)
    name, kind, status = told["name"], told["kind"], told["status"]
    start, end = _ns(told["start"]), _ns(told["end"])
    match told["how"]:
        case "whole":
            return [record, Whole(run, key, parent, name, kind, start, end, status, told["usage"], told["model"])]
        case "begin":
            return [record, Begin(run, key, parent, name, kind, start)]
        case "both":
            begin = Begin(run, key, parent, name, kind, start)
            return [record, begin, End(run, key, end, status, usage=told["usage"], model=told["model"])]
        case "event":
            return [record, Event(run, key, EventClass.log, start)]
    return [record, Drop(run, key)]


@st.composite
def stores(draw: st.DrawFn) -> tuple[Store, FakeBodies]:
    """Two runs, one of them perhaps without times that mean anything, and bodies of which some are gone."""
    store, bodies = Store(), {}
    told = draw(st.lists(spans, max_size=2) | st.lists(spans, min_size=8, max_size=16))
    for run in range(2):
        mine = [(number, each) for number, each in enumerate(told) if each["run"] == run]
        facts = RunFact(
            f"run{run}", name=draw(st.sampled_from(("nightly", ""))), clock=draw(st.sampled_from(list(Clock)))
        )
        operations = [Record(f"run{run}", "header", 0, 9), facts]
        for number, each in mine:
            operations += _operations(each, number + 1)
        growth = draw(st.none() | st.just(Growth(100, NOW - 5 * SECOND)))
        store.apply(Batch(run, f"format-{run}", operations=operations, growth=growth, complete=True))
    for each in told:
        run = next(run for run in store.runs if run.key == f"run{each['run']}")
        row = store.index.get(span_key(f"k{each['key']}") ^ run_salt(run.row))
        if row >= 0:
            detail = SpanDetail(model=each["body"] or "", attributes=each["attributes"], input=each["input"])
            bodies[row] = None if each["body"] is None else detail
    return store, FakeBodies(bodies)


def _term(
    name: str, values: st.SearchStrategy[Any], ops: tuple[Op, ...] | None = None, path: tuple[str, ...] = ()
) -> Any:
    chosen = ops if ops is not None else tuple(op for op in OPERATORS[FIELDS[name].values] if op is not Op.match)
    return st.builds(Term, st.just(name), st.sampled_from(chosen), values, st.just(path))


_EQUAL = (Op.has, Op.equal, Op.unequal)
_ORDER = (Op.less, Op.at_most, Op.more, Op.at_least)
_PATTERNS = st.sampled_from(("se.*", "^S", "[ab]", "e$", "4+", "o|u", "(?i)plan"))
_RUN_WORDS = ("running", "stalled", "unfinished", "unknown")


def terms_of(name: str) -> Any:
    """Terms of one field."""
    field = FIELDS[name]
    match field.values:
        case Values.word:
            words = st.sampled_from([word for word in field.words if word not in _RUN_WORDS])
            return _term(name, words) | _term(name, _PATTERNS, (Op.match,))
        case Values.text:
            pool = st.sampled_from((*NAMES, *TYPES, *MODELS, "run0", "nightly", "format-1", "plan", "42", "s"))
            return _term(name, pool) | _term(name, _PATTERNS, (Op.match,))
        case Values.duration:
            return _term(name, st.integers(0, 9).map(lambda second: second * SECOND))
        case Values.number:
            return _term(name, st.sampled_from((0, 1, 2, 5, 1_000, 2**33, 2.5)))
        case Values.cost:
            return _term(name, st.sampled_from((0, 0.01, 2.5)))
        case Values.time:
            return _term(name, st.sampled_from(("3600s", "3597s", "3590s")))
    path = st.sampled_from((("user_id",), ("a", "b"), ("n",), ("zzz",)))
    return st.one_of(
        st.builds(
            Term, st.just("attr"), st.sampled_from(_EQUAL), st.sampled_from(("42", "4", "true", "null", "2.5")), path
        ),
        st.builds(Term, st.just("attr"), st.sampled_from(_ORDER), st.sampled_from((2, 42, 2.5)), path),
    )


term_nodes: st.SearchStrategy[Node] = st.one_of([terms_of(name) for name in FIELDS])


def _joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    parts = st.lists(inner, min_size=2, max_size=4)
    return parts.map(all_of) | parts.map(any_of) | inner.map(negated)


nodes: st.SearchStrategy[Node] = st.recursive(term_nodes, _joined, max_leaves=8)
