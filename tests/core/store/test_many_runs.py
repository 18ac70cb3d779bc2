"""Many runs in one file: each is told what there is to know of the file, whichever block it came in."""

from tracetui.core.batch import Batch, Growth
from tracetui.core.operations import Record, Whole
from tracetui.core.store import Store

GROWTH = Growth(100, 5)


def block(run, *, growth=GROWTH, complete=False):
    operations = [Record(run, "span", 0, 10), Whole(run, "a" * 16, start=1, end=2)]
    return Batch(0, "otlp-json", operations=operations, growth=growth, complete=complete)


def store_of(*batches):
    store, changed = Store(), []
    for batch in batches:
        changed.append(store.apply(batch).runs)
    return store, changed


def test_a_run_in_a_later_block_knows_its_files_time():
    store, _ = store_of(block("one"), block("two"), block("three"))
    assert [run.mtime_ns for run in store.runs] == [5, 5, 5]


def test_news_of_a_file_reach_the_runs_of_earlier_blocks():
    store, changed = store_of(block("one"), block("two", growth=Growth(200, 9, 11)))
    assert [(run.mtime_ns, run.grew_at_ns) for run in store.runs] == [(9, 11), (9, 11)]
    assert changed[1] == {0, 1}


def test_all_runs_of_a_file_are_complete_once_it_is_read_to_its_end():
    store, _ = store_of(block("one"), block("two"), block("three", complete=True))
    assert [run.complete for run in store.runs] == [True, True, True]


def test_more_to_read_makes_all_runs_of_a_file_incomplete_again():
    store, changed = store_of(block("one", complete=True), block("two"))
    assert [run.complete for run in store.runs] == [False, False]
    assert changed[1] == {0, 1}


def test_a_file_that_is_gone_is_told_to_all_its_runs():
    store, changed = store_of(block("one"), block("two"), Batch(0, "otlp-json", growth=GROWTH, gone=True))
    assert [run.gone for run in store.runs] == [True, True]
    assert changed[2] == {0, 1}


def test_a_block_without_news_of_its_file_changes_its_own_runs_only():
    _, changed = store_of(block("one"), block("two"), block("two"))
    assert changed == [{0}, {1}, {1}]
