"""Count runs of ddeutil-workflow from the raw files alone: plain json, sqlite3 and re, everything in memory, nothing shared.

Of each run the richest source counts: `metadata.txt` (or `metadata.json`), else rows, else the rendered texts. Posted bodies
are counted where nothing richer holds their run; captures hold copies of runs that databases hold, so there are none left.
"""

from __future__ import annotations

import ast
import json
import re
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

MODULE = re.compile(r"(?:\S+ )?\[(CALLER|NESTED|STAGE|JOB|WORKFLOW|RELEASE|SCHEDULE|AUDIT)\]: (.*)", re.DOTALL)
LITERAL = r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
HEADER = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \( *(\d+), *(\d+)\) \((?:(\S+) -> )?(\S+)\) ")
STAMP = re.compile(r"\d{20}T")
QUARTER = 900


def stamp_of(id_: str) -> datetime | None:
    return datetime.strptime(id_[:20] + "+0000", "%Y%m%d%H%M%S%f%z") if STAMP.match(id_) else None


def lines_of(path: Path, unreadable: list) -> list[dict]:
    found = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except ValueError:
                unreadable.append((str(path), number))
    return found


def rows_of(path: Path) -> list[dict]:
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    connection.row_factory = sqlite3.Row
    rows = [dict(row) for row in connection.execute("select * from traces order by id")]
    connection.close()
    return rows


def texts_of(path: Path) -> list[dict]:
    text = path.read_text("utf-8")
    if not text:
        return []
    starts = [found for found in HEADER.finditer(text) if found.start() == 0 or text[found.start() - 1] == "\n"]
    ends = [found.start() for found in starts[1:]] + [len(text)]
    return [
        {
            "datetime": found[1],
            "process": int(found[2]),
            "thread": int(found[3]),
            "top": found[4],
            "run_id": found[5],
            "level": path.stem,
            "error_flag": path.stem == "stderr",
            "message": text[found.end() : end].rsplit(" (", 1)[0].rstrip(),
        }
        for found, end in zip(starts, ends, strict=True)
    ]


class Run:
    """All questions about one run, each answered by going through its records again."""

    def __init__(self, id_: str, records: list[dict]) -> None:
        self.id = id_
        self.records = records
        for number, record in enumerate(records):
            found = MODULE.match(record["message"])
            record["number"] = number
            record["module"] = found[1].lower() if found else record.get("module") or ""
            record["text"] = found[2] if found else record["message"]
            record["skip"] = bool(re.match(r"(⏭\S* )?Skip(:| because job)", record["text"]))
            record["failure"] = bool(record["error_flag"]) and not record["skip"]
            record["on"] = (record["process"], record["thread"])
        self.workflows = {r["run_id"]: self.literal(r) for r in self.of("workflow", "Execute: ")}
        self.has_ends = any(self.of("job", "Handler ")) or (
            not self.of("job", "Routing for") and str(records[0].get("package_version", "0.0.99")) >= "0.0.85"
        )
        self.jobs = {self.job_key(r): self.literal(r) for r in self.of("job", "Handler ", "Routing for ")}
        self.stages = {r["run_id"]: self.literal(r) for r in self.of("stage", "Handler ")}

    def of(self, module: str, *starts: str) -> list[dict]:
        return [r for r in self.records if r["module"] == module and r["text"].startswith(starts)]

    def literal(self, record: dict) -> str:
        return ast.literal_eval(re.search(LITERAL, record["text"], re.DOTALL)[1])

    def label(self, record: dict) -> str:
        """What a job's error calls a stage: its id if it has one."""
        return (re.search("with ID: " + LITERAL, record["text"]) or re.search(LITERAL, record["text"]))[1][1:-1]

    def before(self, record: dict, test) -> dict | None:
        """The newest record on the same thread before this one."""
        earlier = [r for r in self.records[: record["number"]] if r["on"] == record["on"] and test(r)]
        return earlier[-1] if earlier else None

    def hash_of(self, record: dict) -> str:
        id_ = record["run_id"]
        return id_[21:] if STAMP.match(id_) else id_[-8:]

    def job_key(self, record: dict) -> tuple[str, str]:
        given = self.before(record, lambda r: r["module"] == "workflow" and r["text"].startswith("Execute Job"))
        return (given["run_id"] if given else ""), self.hash_of(record)

    def job_of(self, record: dict) -> tuple[str, str] | None:
        """A job by one of its ids: of the same hash, and if there are several, of the workflow given on this thread."""
        alike = [key for key in self.jobs if key[1] == self.hash_of(record)]
        return next((key for key in alike if key == self.job_key(record)), alike[-1] if alike else None)

    def job_of_stage(self, id_: str) -> tuple[str, str] | None:
        first = next(r for r in self.of("stage", "Handler ") if r["run_id"] == id_)

        def leads(r: dict) -> bool:
            begins = r["text"].startswith(("Execute ", "Case: "))
            return (r["module"] == "nested" and begins) or (
                r["module"] == "job" and r["text"].startswith("Execute Stage")
            )

        leading = self.before(first, leads)
        if leading is None:
            return None
        return self.job_of(leading) if leading["module"] == "job" else self.job_of_stage(leading["run_id"])

    def failures(self) -> tuple[list[str], bool]:
        """Names of the failed spans, and whether a failure is left after the retries."""
        stages = {
            r["run_id"] for r in self.records if r["module"] == "stage" and r["failure"] and r["run_id"] in self.stages
        }
        jobs = set()
        for key in self.jobs:
            mine = [r for r in self.records if r["module"] == "job" and self.job_of(r) == key]
            retries = [r["number"] for r in mine if r["text"].startswith("Retry count")]
            if any(r["failure"] and r["number"] > max(retries, default=-1) for r in mine):
                jobs.add(key)
            for record in mine:
                named = re.search(r"nested-stage, '(.*)', failed", record["text"])
                if record["failure"] and named:
                    labels = {
                        r["run_id"]: self.label(r)
                        for r in self.of("stage", "Handler ")
                        if r["number"] < record["number"] and self.job_of_stage(r["run_id"]) == key
                    }
                    alike = [id_ for id_, label in labels.items() if label == named[1]]
                    if alike and not stages & set(alike):
                        stages.add(alike[-1])
        own = {r["run_id"] for r in self.records if r["module"] == "workflow" and r["failure"]} & set(self.workflows)
        workflows = own | {key[0] for key in jobs}
        names = [self.stages[id_] for id_ in stages] + [self.jobs[key] for key in jobs]
        names += [self.workflows[id_] for id_ in workflows]
        loose = any(
            r["failure"] and r["module"] in ("stage", "job", "workflow") and not self.spans_of(r) for r in self.records
        )
        left = any(not self.was_retried(id_) for id_ in stages)
        return sorted(names), bool(jobs or workflows or loose or left)

    def was_retried(self, stage: str) -> bool:
        job, first = self.job_of_stage(stage), next(r for r in self.records if r["run_id"] == stage)
        retries = [r for r in self.of("job", "Retry count") if self.job_of(r) == job]
        return any(r["number"] > first["number"] for r in retries)

    def spans_of(self, record: dict) -> bool:
        return record["run_id"] in self.stages or record["run_id"] in self.workflows or self.job_of(record) is not None

    def skipped(self) -> int:
        stages = {r["run_id"] for r in self.records if r["skip"] and r["run_id"] in self.stages}
        jobs = {self.job_of(r) for r in self.records if r["skip"] and r["module"] == "job"} - {None}
        return len(stages) + len(jobs)

    def open_spans(self) -> tuple[int, bool]:
        """How many, and whether a started job is among them."""
        if not self.has_ends and (self.jobs or str(self.records[0].get("package_version", "0.0.99")) < "0.0.85"):
            return 0, False
        jobs = set(self.jobs) - {self.job_of(r) for r in self.of("job", "End Handler job execution")}
        stages = set(self.stages) - {r["run_id"] for r in self.of("stage", "End Handler stage execution")}
        # What has failed or was skipped is not open, though its last record be missing.
        failed = {r["run_id"] for r in self.records if r["module"] == "stage" and (r["failure"] or r["skip"])}
        retried = {self.job_of(r): r["number"] for r in self.of("job", "Retry count")}
        fallen = [(self.job_of(r), r["number"]) for r in self.records if r["module"] == "job" and r["failure"]]
        jobs -= {job for job, number in fallen if number > retried.get(job, -1)}
        idle = set(self.workflows) - {key[0] for key in self.jobs}
        return len(jobs) + len(stages - failed) + len({key[0] for key in jobs} | idle), bool(jobs or idle)

    def times(self) -> tuple[datetime | None, datetime | None, str]:
        """Start, latest instant, clock. Naive times of runs without stamps are this machine's."""
        first = self.records[0]
        stamp = stamp_of(first["run_id"]) or stamp_of(self.id)
        naive = [datetime.strptime(r["datetime"] + "+0000", "%Y-%m-%d %H:%M:%S%z") for r in self.records]
        if stamp is None:
            local = [moment.replace(tzinfo=None).astimezone(UTC) for moment in naive]
            return min(local), max(local), "assumed"
        zone = timedelta(seconds=round((naive[0] - stamp).total_seconds() / QUARTER) * QUARTER)
        instants = [moment - zone for moment in naive]
        for record, instant in zip(self.records, list(instants), strict=True):
            id_ = record["run_id"]
            if full := stamp_of(id_):
                instants.append(full)
            elif "top" in record and re.fullmatch(r"\d{18}", id_):
                place = timedelta(minutes=int(id_[:2]), seconds=int(id_[2:4]), microseconds=int(id_[4:10]))
                made = instant.replace(minute=0, second=0) + place
                instants.append(made if made < instant + timedelta(seconds=1) else made - timedelta(hours=1))
        return stamp_of(self.id) or instants[0], max(instants), "inferred"


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def block_of(run: Run, run_block, open_: str) -> dict:
    failed, is_failure_left = run.failures()
    open_spans, is_open = run.open_spans()
    start, latest, clock = run.times()
    return run_block(
        id=run.id,
        name=run.workflows.get(run.id) or next(iter(run.workflows.values()), run.id),
        format="ddeutil-workflow",
        status="error" if is_failure_left else open_ if is_open else "ok",
        start=iso(start),
        end=None,
        duration_ms=(latest - start).total_seconds() * 1000,
        clock=clock,
        spans=len(run.workflows) + len(run.jobs) + len(run.stages),
        open_spans=open_spans,
        spans_by_kind={
            kind: number
            for kind, number in (("chain", len(run.workflows)), ("step", len(run.jobs) + len(run.stages)))
            if number
        },
        events=len(run.records),
        events_by_type=dict(Counter(r["level"] for r in run.records)),
        failed=failed,
        skipped=run.skipped(),
        retries=sum(r["text"].startswith("Retry count:") for r in run.records),
    )


def ddeutil_runs(top: Path, run_block, open_: str, unreadable: list) -> list[dict]:
    lines, rows, texts = {}, {}, {}
    for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
        if path.name in ("metadata.txt", "metadata.json") and b'"cut_id"' in path.read_bytes()[:5000]:
            for record in lines_of(path, unreadable):
                lines.setdefault(record["parent_run_id"] or record["run_id"], []).append(record)
        elif path.suffix == ".db" and path.read_bytes()[:16] == b"SQLite format 3\0":
            for record in rows_of(path):
                rows.setdefault(record["parent_run_id"] or record["run_id"], []).append(record)
        elif path.parent.name.startswith("run_id=") and path.name in ("stdout.txt", "stderr.txt"):
            texts.setdefault(path.parent.name.removeprefix("run_id="), []).extend(texts_of(path))
    # Errors stand in a file of their own: back to the order in which they were written, as far as seconds tell.
    texts = {
        id_: sorted(records, key=lambda record: (record["datetime"], record["level"] == "stderr"))
        for id_, records in texts.items()
    }
    return [block_of(Run(id_, records), run_block, open_) for id_, records in (texts | rows | lines).items()]
