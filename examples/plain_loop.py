"""An agent loop in one thread: the model is asked, calls a tool, is told the result, and is asked again until it answers.

    python examples/plain_loop.py [FOLDER]      # records into FOLDER, or traces
    tracetui FOLDER                             # beside it, in another terminal

Shows: a run, the span of the agent, model calls with their messages, tokens and cost, tools with arguments and results, what
was decided and why, a retry, logs, a guardrail.

Look at: the tree that grows while it works; the conversation of the last `choose_action`; `search_trains`, which failed once
and was repeated; the decisions (`6` shows only those); tokens and cost of the run (`i`).
"""

import json
import sys
import time

from tracetui import Tracer

MODEL = "planner-small-2"
USD_PER_TOKEN = {"input": 0.25e-6, "output": 1.25e-6}
SYSTEM = "You plan short trips by train. Use the tools for every price; never guess one."
QUESTION = "A weekend in Porto from Madrid, by train, under 300 euros for two. What do you suggest?"
SPEED = 5
"""How many times faster than in reality a model and a tool answer here."""

# What the model says, turn by turn: its words, the tool that it wants, the tool's arguments, and how sure it is.
SCRIPT: tuple[tuple[str, str, dict[str, object], float], ...] = (
    ("I need train times first.", "search_trains", {"from": "Madrid", "to": "Porto", "day": "2026-11-27"}, 0.94),
    ("Two nights near the station, then.", "search_hotels", {"city": "Porto", "nights": 2, "near": "Campanhã"}, 0.81),
    ("That may be too much together.", "add_up", {"items": [98.40, 142.00, 36.00]}, 0.9),
    (
        "Take the 07:10 on Friday and stay at Casa do Rio: 276.40 euros for two, dinner on Saturday included.",
        "",
        {},
        0.0,
    ),
)
RESULTS = {
    "search_trains": [{"train": "AVE 3072 + CP 133", "leaves": "07:10", "arrives": "15:52", "eur": 98.40}],
    "search_hotels": [{"name": "Casa do Rio", "eur": 142.00, "rating": 8.7}, {"name": "Central 4", "eur": 171.50}],
    "add_up": {"eur": 276.40, "left_of_300": 23.60},
}


def pause(seconds: float) -> None:
    """Let time go by as a real model or tool would."""
    time.sleep(seconds / SPEED)


class TrainsBusy(Exception):
    """The timetable does not answer."""


def main(folder: str) -> None:
    """Answer one question."""
    tracer = Tracer("trip_planner", folder=folder, meta={"model": MODEL, "version": "1.4"}, tags=["example"])
    with tracer.run(), tracer.agent("planner", input=QUESTION) as agent:
        messages: list[dict[str, object]] = [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": QUESTION},
        ]
        check_question(tracer)
        for turn, (words, tool, arguments, confidence) in enumerate(SCRIPT, 1):
            with tracer.chain(f"turn {turn}"):
                ask_model(tracer, messages, words, tool, arguments)
                if not tool:
                    tracer.decision("continuation", chosen="stop", reason="the model answered")
                    break
                tracer.decision(
                    "tool_selection", chosen=tool, alternatives=list(RESULTS), reason=words, confidence=confidence
                )
                result = call_tool(tracer, tool, arguments)
                messages.append({"role": "tool", "name": tool, "content": json.dumps(result, ensure_ascii=False)})
        agent.finish(words, turns=turn)


def check_question(tracer: Tracer) -> None:
    """Let only questions about trips through."""
    with tracer.guardrail("is_about_travel", input=QUESTION) as check:
        pause(0.6)
        tracer.decision("guardrail", chosen="allow", alternatives=["allow", "refuse"], reason="names two cities")
        check.finish({"passed": True}, rule="topic/travel")


def ask_model(
    tracer: Tracer, messages: list[dict[str, object]], words: str, tool: str, arguments: dict[str, object]
) -> None:
    """One call of the model; what it says is appended to the conversation."""
    with tracer.llm("choose_action", model=MODEL, messages=messages, temperature=0.2) as call:
        pause(1.8 + len(words) / 40)
        answer: dict[str, object] = {"role": "assistant", "content": words}
        if tool:
            answer["tool_calls"] = [{"name": tool, "arguments": arguments}]
        tokens = {"input": 180 + 90 * len(messages), "output": 12 + len(words) // 4}
        cost = sum(tokens[kind] * price for kind, price in USD_PER_TOKEN.items())
        call.finish(
            answer,
            input_tokens=tokens["input"],
            output_tokens=tokens["output"],
            cost_usd=round(cost, 6),
            stop="end_turn",
        )
    messages.append(answer)


def call_tool(tracer: Tracer, tool: str, arguments: dict[str, object]) -> object:
    """Call a tool, and once more if it is busy."""
    for attempt in (1, 2):
        try:
            with tracer.tool(tool, arguments=arguments) as span:
                if tool == "search_trains" and attempt == 1:
                    pause(3)
                    raise TrainsBusy("503 from timetable.example: try again later")
                pause(1.2)
                span.result(RESULTS[tool])
                if tool == "search_hotels":
                    span.log("one of two hotels has no rating", level="warning", without_rating=1)
                return RESULTS[tool]
        except TrainsBusy as busy:
            tracer.retry(attempt, busy, wait_s=2.0)
            pause(2)
    return None


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "traces")
