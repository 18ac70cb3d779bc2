"""A store as plain values, to compare two stores: independent of the order in which rows were made."""

from tracetui.core.model import Flag
from tracetui.core.store import Store
from tracetui.core.store.columns import Events


def span_facts(store: Store, row: int) -> tuple[object, ...]:
    spans = store.spans
    parent = spans.parent[row]
    return (
        spans.key[row],
        spans.key[parent] if parent >= 0 else None,
        store.strings[spans.name[row]],
        spans.start[row],
        spans.end[row],
        spans.kind[row],
        spans.status[row],
        spans.flags[row] & ~Flag.has_usage,
        store.usage_of(row),
        store.model_of(row),
        [(store.record_type(record), store.locate(record).offset) for record in store.records_of(row)],
    )


def store_facts(store: Store) -> dict[str, object]:
    runs = {}
    for run in store.live_runs():
        spans = {facts[0]: facts for facts in (span_facts(store, int(row)) for row in store.rows_of_run(run.row))}
        events = sorted(
            (
                store.locate(store.events.record[row]).offset,
                store.ordinal(store.events.record[row]),
                store.spans.key[store.events.span[row]] if store.events.span[row] >= 0 else 0,
                store.events.time[row],
                store.events.cls[row],
            )
            for row in (int(row) for row in store.events_of_run(run.row))
            if store.events.cls[row] != Events.DEAD
        )
        runs[run.format, run.key] = {
            "spans": spans,
            "events": events,
            "figures": figures(store, run.row),
            "facts": (run.id, run.name, run.recorded_status, run.recorded_end, run.process, run.notes, run.links),
            "repairs": sorted((what, detail, count) for (_, what, detail), count in run.repairs.items()),
        }
    bad = sorted(
        (store.bad.source[row], store.bad.line[row], store.bad.offset[row], store.strings[store.bad.reason[row]])
        for row in store.unreadable()
    )
    return {"runs": runs, "bad": bad}


def figures(store: Store, row: int) -> dict[str, object]:
    """What is counted as a run grows."""
    run = store.runs[row]
    usage = run.usage
    return {
        "spans": run.span_count,
        "open": run.open_count,
        "errors": run.error_count,
        "skipped": run.skipped_count,
        "kinds": list(run.kind_counts),
        "classes": list(run.class_counts),
        "types": {store.strings[number]: count for number, count in run.type_counts.items() if count},
        "records": run.record_count,
        "bad": run.bad_count,
        "tokens": (usage.input, usage.output, usage.total, usage.cached, usage.cache_write, usage.reasoning),
        "cost": None if usage.cost_usd is None else round(usage.cost_usd, 9),
        "known": {name: count for name, count in run.known.items() if count},
        "models": dict(run.models),
        "times": (run.first_time, run.last_time, run.first_start),
        "failed": len(store.failed_rows(row)),
    }
