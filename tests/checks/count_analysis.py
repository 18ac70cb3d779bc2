"""Count anew what `tracetui analyze` says of a folder, from what `view` and `stats` print, as simply as it can be right.

    python tests/checks/count_analysis.py PATH

For each run: what `stats` says is said again (status, duration, spans, causes, tokens, cost), the parts of the time add up to
the duration, and from the spans of `view` come durations by name and kind, failed tool calls, tokens and cost by model, the
causes in their groups and the bounds of the critical path. Prints each difference and how many facts were compared; exit status
1 if there is a difference.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from collections import defaultdict

AS_OF = "2027-01-01T00:00:00Z"


def answer(command: str, *arguments: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "tracetui", command, *arguments, "--json", "--as-of", AS_OF],
        capture_output=True,
        text=True,
    )
    if done.returncode not in (0, 3):
        raise SystemExit(f"tracetui {command} {arguments}: {done.stderr}")
    return json.loads(done.stdout)


class Check:
    def __init__(self) -> None:
        self.equal = 0
        self.differences: list[str] = []

    def same(self, where: str, said: object, counted: object) -> None:
        if said == counted or (
            isinstance(said, float) and isinstance(counted, (int, float)) and math.isclose(said, counted, rel_tol=1e-9)
        ):
            self.equal += 1
        else:
            self.differences.append(f"{where}: analyze says {said!r}, counted {counted!r}")

    def holds(self, where: str, fact: bool, what: str) -> None:
        if fact:
            self.equal += 1
        else:
            self.differences.append(f"{where}: {what}")


def check_run(check: Check, said: dict, stats: dict, spans: list[dict]) -> None:
    where = said["run"]["id"]
    for name, value in said["run"].items():
        check.same(f"{where} {name}", value, stats[name])
    spans = [span for span in spans if span["recorded"]]
    check.same(f"{where} causes", said["errors"]["causes"], len(stats["causes"]))
    groups = sum(group["count"] for group in said["errors"]["groups"])
    if "errors.groups" not in said["left_out"]:
        check.same(f"{where} causes in groups", groups, said["errors"]["causes"] + said["errors"]["events"])
    check.same(f"{where} retry events", sum(each["events"] for each in said["retries"]), stats["retries"])
    check_time(check, where, said, stats, spans)
    check_names(check, where, said, spans)
    tools = [span for span in spans if span["kind"] == "tool"]
    failed = [span for span in tools if span["status"] == "error"]
    check.same(f"{where} tool results", said["tool_results"], {"failed": len(failed), "of": len(tools)})
    check_models(check, where, said, spans)


def check_time(check: Check, where: str, said: dict, stats: dict, spans: list[dict]) -> None:
    if said["time"] is not None:
        parts = sum(part["ns"] for part in said["time"]["parts"])
        check.same(f"{where} sum of the parts", parts, round(stats["duration_ms"] * 1_000_000))
    path = said["critical_path"]
    if path is not None:
        parents = {span["parent"] for span in spans}
        leaves = [s["duration_ms"] or 0 for s in spans if s["id"] not in parents and s["status"] != "open"]
        if not said["time"]["spans_outside"]:
            check.holds(
                f"{where} path", path["length_ms"] >= max(leaves, default=0) - 1e-6, "shorter than the longest leaf"
            )
        check.holds(f"{where} path", path["length_ms"] <= stats["duration_ms"] + 1e-6, "longer than the wall clock")


def check_names(check: Check, where: str, said: dict, spans: list[dict]) -> None:
    if "names" in said["left_out"]:
        return
    found = defaultdict(list)
    for span in spans:
        found[span["name"], span["kind"]].append(span)
    names = {(each["name"], each["kind"]): each for each in said["names"]}
    check.same(f"{where} names", sorted(names), sorted(found))
    for key, mine in found.items():
        each = names.get(key)
        if each is None:
            continue
        check.same(f"{where} {key} count", each["count"], len(mine))
        check.same(f"{where} {key} failed", each["failed"], sum(span["status"] == "error" for span in mine))
        # A clock that went backwards, and an order without times, leave no duration.
        if each["finished"] and each["finished"] == sum(
            s["status"] != "open" and s["duration_ms"] is not None for s in mine
        ):
            took = sorted(
                span["duration_ms"] for span in mine if span["status"] != "open" and span["duration_ms"] is not None
            )
            check.same(f"{where} {key} total", each["total_ms"], math.fsum(took))
            check.same(f"{where} {key} max", each["max_ms"], took[-1])
            for name, share in (("p50_ms", 0.5), ("p95_ms", 0.95)):
                check.same(
                    f"{where} {key} {name}", each[name], took[max(1, math.ceil(round(len(took) * share, 9))) - 1]
                )


def check_models(check: Check, where: str, said: dict, spans: list[dict]) -> None:
    sums: dict[str, dict] = {}
    for span in spans:
        figures = {**{name: span["tokens"][name] for name in ("input", "output", "cached")}, "cost": span["cost_usd"]}
        if span["model"] or span["kind"] == "llm" or any(value is not None for value in figures.values()):
            mine = sums.setdefault(span["model"] or "", dict.fromkeys(figures))
            for name, value in figures.items():
                if value is not None:
                    mine[name] = (mine[name] or 0) + value
    models = {each["name"]: each for each in said["models"]}
    for name, mine in sums.items():
        each = models.get(name)
        if each is None:
            check.holds(f"{where} model {name}", not any(mine.values()), "missing")
            continue
        for figure in ("input", "output", "cached"):
            check.same(f"{where} model {name} {figure}", each["tokens"][figure], mine[figure])
        check.same(f"{where} model {name} cost", each["cost_usd"], mine["cost"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path")
    path = parser.parse_args().path
    stats = {run["id"]: run for run in answer("stats", path)["runs"]}
    found = answer("analyze", path)
    check = Check()
    check.same("runs", len(found["runs"]), len(stats))
    check.same("whole", found["whole"]["totals"]["runs"], len(stats))
    for said in found["runs"]:
        run = said["run"]["id"]
        check_run(check, said, stats[run], answer("view", run, "--in", path)["spans"])
    lines = [*check.differences]
    lines.append(f"{check.equal} facts of {len(found['runs'])} runs are equal, {len(check.differences)} differences")
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if check.differences else 0


if __name__ == "__main__":
    sys.exit(main())
