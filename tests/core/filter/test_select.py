"""What each field asks for, of spans, events and runs."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.filter.plain import NOW, FakeBodies, setting
from tracetui.core.batch import Batch, Growth
from tracetui.core.errors import FilterError
from tracetui.core.filter import parse
from tracetui.core.filter.select import Selector
from tracetui.core.model import ErrorInfo, EventDetail, Message, SpanDetail, Status, Usage
from tracetui.core.operations import Begin, Drop, End, Record, RunFact, Whole
from tracetui.core.store import Store
from tracetui.core.testing import EPOCH, SECOND, build_run

TREE = """
agent planner 0..20
  llm plan 0..2 tokens=800+64 cost=0.25 model=small-2 cached=100
  tool web_search 2..12 error
    ! retry 3
    ! log 4 type=Note
    llm summarise 4..8 tokens=+40 model=Large
  tool web_fetch 12..
  step publish skipped
"""


def store_of(*texts: str) -> Store:
    store = Store()
    for number, text in enumerate(texts):
        fact = RunFact(f"run{number}", name=f"name{number}", records_end=True)
        store.apply(build_run(text, f"run{number}", source=number, fact=fact, growth=Growth(10, NOW - 5 * SECOND)))
    return store


def names(expression: str, text: str = TREE, bodies: FakeBodies | None = None) -> list[str]:
    """Names of the spans that an expression selects, in order of their records."""
    store = store_of(text)
    rows = Selector(parse(expression), store, setting(store, bodies)).spans().tolist()
    return [store.strings[store.spans.name[row]] for row in rows]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("kind:tool", "web_search web_fetch"),
        ("kind=tool", "web_search web_fetch"),
        ("kind!=tool", "planner plan summarise publish"),
        ('kind~"^(tool|step)$"', "web_search web_fetch publish"),
        ("kind:log", ""),
        ("status:error", "web_search"),
        ("status:open", "web_fetch"),
        ("status:skipped", "publish"),
        ("name:web", "web_search web_fetch"),
        ("name:WEB", ""),
        ("name=web", ""),
        ("name=plan", "plan"),
        ("name!=plan", "planner web_search summarise web_fetch publish"),
        ('name~"^web_.*h$"', "web_search web_fetch"),
        ("type:tool_start", "web_search web_fetch"),
        ("type:Note", "web_search"),
        ("type=tool_end", "web_search"),
        ("kind:tool type!=tool_end", "web_fetch"),
        ("model:SMALL", ""),
        ("model:small", "plan"),
        ("model:large", "summarise"),
        ("model!=Large", "plan"),
        ("run:name0", "planner plan web_search summarise web_fetch publish"),
        ("run=run0 kind:tool", "web_search web_fetch"),
        ("run:other", ""),
        ("format:test status:error", "web_search"),
        ("dur>9s", "planner web_search"),
        ("dur=2s", "plan"),
        ("dur>=2s dur<=10s", "plan web_search summarise"),
        ("own>=6s", "web_search"),
        ("own<=6s", "planner plan web_search summarise"),
        ("tokens>0", "plan summarise"),
        ("tokens:864", "plan"),
        ("in>=800", "plan"),
        ("out<50", "summarise"),
        ("cached:100", "plan"),
        ("cost>0.2", "plan"),
        ("cost=0.25", "plan"),
        ("depth:0", "planner"),
        ("depth>=2", "summarise"),
        ("errors>0", "planner web_search"),
        ("since:2026-01-01T00:00:12Z", "web_fetch"),
        ("until:2026-01-01T00:00:02Z", "planner plan"),
        ("age>1h", ""),
        ("age<=15s", "web_fetch"),
        ("kind:tool not status:error", "web_fetch"),
        ("status:error or kind:step", "web_search publish"),
        ("status:running kind:tool", "web_search web_fetch"),
    ],
)
def test_a_term_selects_spans(expression: str, found: str) -> None:
    assert names(expression) == found.split()


def test_an_open_span_takes_at_least_so_long() -> None:
    assert names("kind:tool dur>=8s") == ["web_search", "web_fetch"]
    assert names("kind:tool dur<9s") == []
    assert names("dur=8s") == []


def test_tokens_of_which_a_half_is_known_are_at_least_that_many() -> None:
    assert names("tokens>=40") == ["plan", "summarise"]
    assert names("tokens<=40") == []
    assert names("not tokens<=40 kind:llm") == ["plan", "summarise"]


@pytest.mark.parametrize("comparison", ["cost=0", "cost!=0", "cost<1", "cost>=0", "tokens>=0", "model!=x", "dur<1h"])
def test_a_comparison_with_something_unknown_is_false_and_not_turns_it(comparison: str) -> None:
    assert "publish" not in names(comparison)
    assert "publish" in names(f"not {comparison}")


def test_spans_that_were_only_named_or_were_taken_back_are_not_selected() -> None:
    store = Store()
    operations = [
        Record("run", "a", 0, 9),
        Begin("run", "child", "named", "child", time=EPOCH),
        Whole("run", "gone", None, "gone", start=EPOCH),
        Drop("run", "gone"),
    ]
    store.apply(Batch(0, "test", operations=operations))
    found = Selector(parse("not name:x"), store, setting(store)).spans().tolist()
    assert [store.strings[store.spans.name[row]] for row in found] == ["child"]


def test_parents_that_go_round_in_a_circle_are_a_tree_all_the_same() -> None:
    store = Store()
    operations: list[Any] = []
    for number, (key, parent) in enumerate((("a", "c"), ("b", "a"), ("c", "b"), ("d", "b"))):
        whole = Whole("run", key, parent, key, start=EPOCH, end=EPOCH + (number + 1) * SECOND, status=Status.error)
        operations += [Record("run", "x", number * 10, 9), whole]
    store.apply(Batch(0, "test", operations=operations))
    found = {
        expression: Selector(parse(expression), store, setting(store)).spans().tolist()
        for expression in ("depth=0", "depth=1", "errors=4", "errors=1", "own>0s")
    }
    names = {key: "".join(store.strings[store.spans.name[row]] for row in rows) for key, rows in found.items()}
    assert names["depth=0"] == "a"
    assert names["depth=1"] == "b"
    assert names["errors=4"] == "a"
    assert sorted(names["errors=1"]) == ["c", "d"]


def test_figures_too_large_for_a_column_are_compared_all_the_same() -> None:
    store = Store()
    store.apply(
        Batch(
            0,
            "test",
            operations=[Record("r", "a", 0, 9), Whole("r", "k", name="big", usage=Usage(input=2**40, output=1))],
        )
    )
    assert len(Selector(parse("in>1000000M"), store, setting(store)).spans()) == 1
    assert len(Selector(parse("tokens=1099511627777"), store, setting(store)).spans()) == 1


# ---------------------------------------------------------------- bodies

DETAIL = SpanDetail(
    subject="timber prices",
    input={"query": "Timber", "limits": [1, 2], "n": 5},
    output="no Answer",
    error=ErrorInfo("no answer after 30 s", "TimeoutError", "trace"),
    attributes={"user_id": 42, "user": {"name.first": "Ann", "tags": ["a", "b"]}, "ok": True, "none": None, "x": "7"},
    messages=[Message("user", "what now?", [("look_up", {"key": "deep"})])],
    logs=["a line"],
)


@pytest.mark.parametrize(
    "expression",
    [
        "text:timber",
        "text:Timber",
        'text:"NO ANSWER" or text:"no answer"',
        "text:timeouterror",
        "text:deep",
        'text:"what now"',
        'text:"a line"',
        "text=Ann",
        'text~"after \\d+ s"',
        "text!=nothing",
        "text:user_id",
        "attr.user_id=42",
        "attr.user_id:4",
        "attr.user_id>41",
        "attr.user_id!=41",
        "attr.user.name.first=Ann",
        "attr.user.tags:b",
        "attr.user.tags.0=a",
        "attr.ok=true",
        "attr.none=null",
        "attr.x=7",
        "attr.input.query:timb",
        "attr.input.limits>=2",
        "attr.output:answer",
    ],
)
def test_bodies_are_asked_for_texts_and_attributes(expression: str) -> None:
    assert names(expression, "tool search 0..1", FakeBodies({0: DETAIL})) == ["search"]


@pytest.mark.parametrize(
    "expression",
    [
        "text:TIMBER",
        "text=timber",
        "text!=Ann",
        "attr.user_id=43",
        "attr.user_id!=42",
        "attr.missing!=1",
        "attr.x>1",
        "attr.ok>0",
        "attr.user=Ann",
        "attr.user.tags.9:a",
        "attr.input.missing:x",
    ],
)
def test_and_say_no(expression: str) -> None:
    assert names(expression, "tool search 0..1", FakeBodies({0: DETAIL})) == []


def test_a_body_that_is_gone_is_unknown() -> None:
    gone = FakeBodies({0: None})
    assert names("text:search", "tool search 0..1", gone) == []
    assert names("attr.a!=1", "tool search 0..1", gone) == []
    assert names("not text:search", "tool search 0..1", gone) == ["search"]


def test_bodies_are_read_only_of_spans_that_the_columns_leave_open() -> None:
    bodies = FakeBodies({})
    names("text:x kind:tool", bodies=bodies)
    assert sorted(set(bodies.asked)) == [2, 4]
    bodies.asked.clear()
    names("kind:tool or text:x", bodies=bodies)
    assert not {2, 4} & set(bodies.asked)
    bodies.asked.clear()
    names("kind:tool dur>1s name:web", bodies=bodies)
    assert not bodies.asked


def test_the_model_of_a_call_is_read_from_its_body_where_columns_lack_it() -> None:
    bodies = FakeBodies({0: SpanDetail(model="hidden-1")})
    assert names("model:hidden", "llm call 0..1", bodies) == ["call"]
    assert names("model!=hidden-1", "llm call 0..1", bodies) == []


def test_what_events_say_is_text_of_their_span() -> None:
    store = store_of("tool search 0..1\n  ! log 0")
    bodies = FakeBodies({}, {0: EventDetail("backing off", {"wait": 3})})
    for expression in ('text:"backing off"', "text:wait", "text=3"):
        assert len(Selector(parse(expression), store, setting(store, bodies)).spans()) == 1


# ---------------------------------------------------------------- events


def events(expression: str, bodies: FakeBodies | None = None) -> list[str]:
    store = store_of(TREE)
    rows = Selector(parse(expression), store, setting(store, bodies)).events(0).tolist()
    return [store.record_type(store.events.record[row]) for row in rows]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("kind:log", "Note"),
        ("kind:retry", "retry"),
        ("kind:tool", "retry Note"),
        ("kind:tool not kind:log", "retry"),
        ("type:Note", "Note"),
        ("status:error", "retry Note"),
        ("name:web_search", "retry Note"),
        ("since:2026-01-01T00:00:04Z", "Note"),
        ("until:2026-01-01T00:00:04Z", "retry"),
        ("kind:llm", ""),
        ("dur>2s", "retry Note"),
        ("depth=1", "retry Note"),
    ],
)
def test_an_event_has_the_fields_of_its_span_and_a_class_type_and_time_of_its_own(expression: str, found: str) -> None:
    assert events(expression) == found.split()


def test_an_event_is_asked_for_its_own_text_and_attributes() -> None:
    bodies = FakeBodies({}, {0: EventDetail("again", {"wait": 3}), 1: EventDetail("noted", {})})
    assert events("text:again", bodies) == ["retry"]
    assert events("attr.wait>=3", bodies) == ["retry"]


# ---------------------------------------------------------------- runs


def chosen(expression: str, store: Store, **more: Any) -> list[str]:
    given = replace(setting(store), **more)
    return [run.name for run in Selector(parse(expression), store, given).runs(store.live_runs())]


RUNS = (TREE, "agent other 0..9 error\n  llm call 1..2 tokens=5 cost=3 model=Large", "agent quick 100..101")


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("status:running", "name0 name1 name2"),
        ("not status:running", ""),
        ("name:name1", "name1"),
        ("run=run2", "name2"),
        ("model:large", "name0 name1"),
        ("model!=Large", ""),
        ("format=test", "name0 name1 name2"),
        ("dur>10s", "name0"),
        ("errors=1", "name0 name1"),
        ("tokens=5", "name1"),
        ("cost>1", "name1"),
        ("cost!=3", ""),
        ("since:2026-01-01T00:01:00Z", "name2"),
        ("until:2026-01-01T00:01:00Z", "name0 name1"),
        ("age<=6s", "name2"),
        ("errors>0 dur>10s", "name0"),
        ("kind:tool", "name0"),
        ("kind:llm status:error", ""),
        ("kind:agent status:error", "name1"),
        ("not kind:agent", "name0 name1"),
        ("depth>=2 or name:quick", "name0 name2"),
        ("status:open", "name0"),
        ("status:running kind:tool", "name0"),
        ("kind:log", "name0"),
        ("kind!=agent", "name0 name1"),
        ("name:quick not kind:log", "name2"),
        ("name:web not kind:retry kind!=tool", ""),
        ("kind:log type:Other", ""),
    ],
)
def test_a_filter_selects_runs_by_what_they_are_or_by_a_span_in_them(expression: str, found: str) -> None:
    assert chosen(expression, store_of(*RUNS)) == found.split()


def test_a_run_that_goes_on_takes_at_least_so_long() -> None:
    store = store_of(TREE)
    assert chosen("dur>=20s", store) == ["name0"]
    assert chosen("dur<1h", store) == []


def test_a_status_is_asked_by_the_clock_of_the_answer() -> None:
    store = Store()
    store.apply(
        build_run(TREE, growth=Growth(10, EPOCH + 30 * SECOND), fact=RunFact("run", records_end=True, name="a"))
    )
    live = Selector(parse("status:running"), store, setting(store, now_ns=EPOCH + 40 * SECOND))
    dead = Selector(parse("status:running"), store, setting(store, now_ns=EPOCH + 90_000 * SECOND))
    assert (len(live.runs(store.runs)), len(dead.runs(store.runs))) == (1, 0)


def test_a_run_without_spans_is_asked_for_what_it_has() -> None:
    store = Store()
    store.apply(Batch(0, "test", operations=[Record("r", "header", 0, 9), RunFact("r", name="empty")]))
    assert chosen("name:empty", store) == ["empty"]
    assert chosen("not kind:tool", store) == []
    assert chosen("cost>0 or tokens>0 or dur>0s or age>0s or model:x", store) == []


def test_an_empty_store_has_nothing_to_select() -> None:
    store = Store()
    for expression in (
        "kind:tool",
        "type:x",
        "tokens>1",
        "model:x",
        "own>1s",
        "text:x",
        "name~a",
        "age>1s",
        "since:1h",
    ):
        assert not len(Selector(parse(expression), store, setting(store)).spans())
        assert Selector(parse(expression), store, setting(store)).runs([]) == []


def test_many_spans_are_narrowed_as_few_are() -> None:
    """More rows than a table of its own is worth, a few of which every part of the filter leaves."""
    store = Store()
    operations: list[Any] = []
    for number in range(6_000):
        status = Status.error if number % 50 == 0 else Status.ok
        kind = f"type{number % 3}"
        operations += [
            Record("r", "Start", number * 20, 9),
            Begin("r", f"k{number}", None, f"n{number % 7}", time=EPOCH),
        ]
        operations += [Record("r", kind, number * 20 + 10, 9), End("r", f"k{number}", EPOCH + number, status)]
    store.apply(Batch(0, "test", operations=operations))
    found = Selector(parse("type:type1 dur>3us status:error not name:n3"), store, setting(store)).spans().tolist()
    assert found == [n for n in range(6_000) if n % 50 == 0 and n > 3_000 and n % 3 == 1 and n % 7 != 3]
    bodies = FakeBodies({n: SpanDetail(output="yes") for n in range(0, 6_000, 100)})
    open_ones = (
        Selector(parse("text:yes type:type1 (status:error or text:x)"), store, setting(store, bodies)).spans().tolist()
    )
    assert open_ones == [n for n in range(0, 6_000, 100) if n % 3 == 1]


def test_a_filter_error_is_one_of_ours() -> None:
    with pytest.raises(FilterError):
        parse("nonsense")
