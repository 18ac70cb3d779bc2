"""Work that other processes do: a program that records a run of its own, and forked workers that go on with this one.

    python examples/child_process.py [FOLDER]   # records into FOLDER, or traces
    tracetui FOLDER                             # beside it, in another terminal

Shows: a program started inside of a span links its run to that span by itself, because the tracer names the span in its
environment (TRACETUI_PARENT, TRACEPARENT); a forked worker goes on recording the same run, in a file of its own, inside of the
span in which it was forked. Nothing has to be passed along by hand.

Look at: two runs, `book_report` and `spell_check`, each of which leads to the other (`i`, then the link); the spans
`chapter 2` and `chapter 3` of the first, which other processes recorded.
"""

import multiprocessing
import subprocess
import sys
import time

from tracetui import Tracer

MODEL = "reader-small-1"
CHAPTERS = {1: "The harbour", 2: "The storm", 3: "The lighthouse"}
PROGRAM = [sys.executable, __file__]
"""How this program starts itself for the other part of the work."""
SPEED = 3
"""How many times faster than in reality everything goes here."""


def pause(seconds: float) -> None:
    """Let time go by as a real model would."""
    time.sleep(seconds / SPEED)


def main(folder: str) -> None:
    """Summarise a book, one chapter in this process and two in others, and have the result checked."""
    tracer = Tracer("book_report", folder=folder, meta={"chapters": len(CHAPTERS)}, tags=["example"])
    with tracer.run(), tracer.agent("report", input="Summarise the book") as agent:
        read_book(tracer)
        check_spelling(tracer, folder)
        agent.output({"chapters": len(CHAPTERS), "words": 86})


def read_book(tracer: Tracer) -> None:
    """Summarise all chapters at the same time: forked workers do all but the first."""
    fork = multiprocessing.get_context("fork")
    with tracer.step("read_chapters", chapters=len(CHAPTERS)):
        workers = [
            fork.Process(target=summarise, args=(tracer, chapter, 4.0 + chapter), name=f"reader {chapter}")
            for chapter in list(CHAPTERS)[1:]
        ]
        for worker in workers:
            worker.start()
        summarise(tracer, 1, 8.0)
        for worker in workers:
            worker.join()


def summarise(tracer: Tracer, chapter: int, seconds: float) -> None:
    """Read one chapter."""
    with tracer.step(f"chapter {chapter}", title=CHAPTERS[chapter]):
        messages = [{"role": "user", "content": f"Summarise chapter {chapter}, {CHAPTERS[chapter]}, in two sentences."}]
        with tracer.llm("summarise", model=MODEL, messages=messages) as call:
            pause(seconds)
            call.finish(
                f"In {CHAPTERS[chapter].lower()} everything changes.",
                input_tokens=3_000 + 400 * chapter,
                output_tokens=31,
                cost_usd=0.0008 + 0.0001 * chapter,
            )


def check_spelling(tracer: Tracer, folder: str) -> None:
    """Start the program that checks the text, and count pages meanwhile."""
    command = [*PROGRAM, "--check", folder]
    with tracer.tool("spell_check", arguments={"text": "report.md", "command": "--check"}) as tool:
        checker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        with tracer.step("count_pages"):
            pause(5)
        said, _ = checker.communicate()
        if checker.returncode:
            tool.fail(f"exit status {checker.returncode}")
        else:
            tool.result(said.strip())


def check(folder: str) -> None:
    """The other program: it knows nothing of who started it."""
    tracer = Tracer("spell_check", folder=folder, tags=["example"])
    with tracer.run():
        for page in (1, 2):
            with tracer.step(f"page {page}", language="en") as step:
                pause(1.5)
                step.set(words=43, wrong=0)
    sys.stdout.write("0 of 86 words are wrong\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        check(sys.argv[2])
    else:
        main(sys.argv[1] if len(sys.argv) > 1 else "traces")
