"""Two runs of one name: the sample `research_agent`, which failed, and the day before, when it went well and was cheaper."""

import json
from pathlib import Path
from typing import Any

from tracetui.core.testing import SECOND
from tracetui.resources import samples_dir

DAY = 86_400 * SECOND
OTHER_PROMPT = "You write short, sourced reports on bridges."


def write_two_days(folder: Path) -> Path:
    """Both runs, in a folder of their own."""
    folder = folder / "traces"
    folder.mkdir()
    today = (samples_dir() / "tracetui" / "research_agent.jsonl").read_text()
    (folder / "today.jsonl").write_text(today)
    changed = [_the_day_before(json.loads(line)) for line in today.splitlines()]
    lines = [json.dumps(record) for record in changed if record is not None]
    (folder / "yesterday.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def _the_day_before(record: dict[str, Any]) -> dict[str, Any] | None:
    record = {**record}
    for name in ("time", "start"):
        if name in record:
            record[name] -= DAY
    if "run" in record:
        record["run"] = "0a" + record["run"][2:]
    if record.get("name") == "cite_source":
        return None
    if record["type"] in ("span_end", "run_end") and record.get("status") != "ok":
        record["status"] = "ok"
        record.pop("error", None)
    if record.get("name") == "fetch_page" and record.get("duration_ns", 0) > 60 * SECOND:
        record["duration_ns"] = 4 * SECOND
        record["time"] = record["start"] + record["duration_ns"]
    if record.get("name") == "write_section" and "cost_usd" in record:
        record["cost_usd"] /= 4
        record["usage"] = {name: value // 4 for name, value in record["usage"].items()}
    if record.get("name") == "choose_queries" and isinstance(record.get("input"), list):
        first, *others = record["input"]
        record["input"] = [{**first, "content": f"{OTHER_PROMPT}\n{first['content']}"}, *others]
    return record
