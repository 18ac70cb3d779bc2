"""Records three sessions with ai-decision-tracer: one saved at its end, one with a failed step, one slow enough to follow.

python decisions.py FOLDER
"""

import sys
import time

from ai_trace import Tracer

PAUSE_S = 0.08


def well(folder: str) -> None:
    """Nested steps with tokens and cost; saved, so that the JSON twin is written."""
    tracer = Tracer("planner", trace_dir=folder, meta={"model": "desk-7b"})
    with tracer.step("plan", goal="report") as plan:
        with tracer.step("search", query="bridges") as search:
            time.sleep(PAUSE_S)
            search.log(hits=3, tokens=120, cost_usd=0.00042)
        plan.log(done=True)
    tracer.save()


def badly(folder: str) -> None:
    """A step that raises."""
    tracer = Tracer("trader", trace_dir=folder)
    try:
        with tracer.step("order", size=0.1):
            time.sleep(PAUSE_S)
            raise ConnectionError("exchange closed the connection\nretry later")
    except ConnectionError:
        pass
    tracer.save()


def slow(folder: str) -> None:
    """Many steps, one after the other."""
    tracer = Tracer("scorer", trace_dir=folder)
    for number in range(15):
        with tracer.step(f"score_{number % 5}", n=number) as step:
            time.sleep(PAUSE_S)
            step.log(score=number / 15, input_tokens=10, output_tokens=number)


def main() -> None:
    """The three sessions."""
    folder = sys.argv[1]
    for record in (well, badly, slow):
        record(folder)


if __name__ == "__main__":
    main()
