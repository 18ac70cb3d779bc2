"""Many things at once with asyncio: tasks record inside of the span that started them, whoever runs in between.

    python examples/fan_out.py [FOLDER]         # records into FOLDER, or traces
    tracetui FOLDER                             # beside it, in another terminal

Shows: a `TaskGroup` of readers beside one another, a `gather` of two models that are asked the same, the slower of which is
cancelled, a reader that fails without taking the others along, an answer that streams in token by token, a retrieval with what
it found, an embedding. The tracer has verbosity "detailed": without it tokens are not recorded.

Look at: the waterfall, in which bars of the same step lie beside one another; the bar that decided how long it took; `read 3`,
which failed; the slower model, which was cancelled and therefore did not fail; the tokens of `write_digest` (`9`).
"""

import asyncio
import sys

from tracetui import Tracer

SMALL, LARGE = "digest-small-1", "digest-large-1"
QUESTION = "What happened in European rail this week?"
FEEDS = {
    "railnews.example": (4.1, "Night train Madrid-Lisbon is to return in spring."),
    "timetable.example": (6.3, "The winter timetable adds 14 cross-border trains."),
    "operator.example": (2.2, ""),
    "union.example": (3.6, "No strikes are announced before January."),
}
"""Feed -> seconds until it answers, and what it says; the empty one cannot be parsed."""
DIGEST = "A night train returns, fourteen cross-border trains are added, and no strike is in sight."
SPEED = 3
"""How many times faster than in reality everything goes here."""


async def pause(seconds: float) -> None:
    """Let time go by as a real model or server would."""
    await asyncio.sleep(seconds / SPEED)


class FeedError(Exception):
    """A feed says nothing that can be read."""


async def main(folder: str) -> None:
    """Read the feeds, choose what matters, and write it up."""
    tracer = Tracer("news_digest", folder=folder, verbosity="detailed", meta={"feeds": len(FEEDS)}, tags=["example"])
    async with tracer.run(), tracer.agent("digest", input=QUESTION) as agent:
        articles = await read_all(tracer)
        relevant = await search(tracer, articles)
        angle = await fastest(tracer, relevant)
        agent.output(await write(tracer, angle))


async def read_all(tracer: Tracer) -> list[str]:
    """Read every feed, all at the same time; those that fail are left out."""
    async with tracer.step("read_feeds", feeds=len(FEEDS)) as step:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(read(tracer, number, feed)) for number, feed in enumerate(FEEDS, 1)]
        articles = [task.result() for task in tasks]
        step.log("feeds read", readable=sum(map(bool, articles)), failed=articles.count(""))
    return [article for article in articles if article]


async def read(tracer: Tracer, number: int, feed: str) -> str:
    """Read one feed; empty if that fails, so that the others go on."""
    seconds, text = FEEDS[feed]
    try:
        async with tracer.tool(f"read {number}", arguments={"feed": feed}) as span:
            async with tracer.span("http_get", url=f"https://{feed}/rss"):
                await pause(seconds)
            async with tracer.span("parse", parser="rss"):
                await pause(0.4)
                if not text:
                    raise FeedError(f"{feed}: 0 items in 18 kB of XML")
            span.result({"items": 1, "text": text})
    except FeedError:
        return ""
    return text


async def search(tracer: Tracer, articles: list[str]) -> list[str]:
    """Put the articles into order of what was asked."""
    async with tracer.retrieval("nearest", query=QUESTION, k=3) as found:
        async with tracer.embedding("embed", model="embed-1", input=[QUESTION, *articles]) as call:
            await pause(0.9)
            call.usage(input_tokens=74, cost_usd=0.0000015)
        await pause(0.3)
        chunks = [
            {"id": f"a{number}", "score": round(0.91 - number / 9, 2), "text": text}
            for number, text in enumerate(articles)
        ]
        found.chunks(chunks)
        found.result({"documents": len(chunks)})
    return articles


async def fastest(tracer: Tracer, articles: list[str]) -> str:
    """Ask two models the same and take whichever answers first; the other one is cancelled."""
    async with tracer.step("choose_angle") as step:
        asked = {
            asyncio.create_task(ask(tracer, model, seconds, articles), name=model): model
            for model, seconds in ((SMALL, 2.4), (LARGE, 9.0))
        }
        done, late = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        first = done.pop()
        step.decision(
            "model_selection", chosen=asked[first], alternatives=list(asked.values()), reason="answered first"
        )
    return first.result()


async def ask(tracer: Tracer, model: str, seconds: float, articles: list[str]) -> str:
    """One model's opinion."""
    messages = [{"role": "user", "content": "Which angle joins these?\n" + "\n".join(articles)}]
    async with tracer.llm(f"ask {model}", model=model, messages=messages) as call:
        await pause(seconds)
        call.finish("More trains across borders", input_tokens=212, output_tokens=9, cost_usd=0.000098)
        return "More trains across borders"


async def write(tracer: Tracer, angle: str) -> str:
    """Write the digest; it streams in, word by word."""
    messages = [{"role": "user", "content": f"One sentence: {angle}"}]
    async with tracer.llm("write_digest", model=LARGE, messages=messages, stream=True) as call:
        await pause(0.8)
        for word in DIGEST.split(" "):
            await pause(0.15)
            call.token(word + " ")
        call.finish(DIGEST, input_tokens=268, output_tokens=21, cached_tokens=192, cost_usd=0.00141)
    return DIGEST


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "traces"))
