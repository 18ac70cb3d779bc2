"""Looking at the store in a thread while the loop folds: one after the other, and neither waits for ever."""

import asyncio
import threading

from tracetui.tui.stillness import Stillness


async def test_nothing_is_folded_while_a_thread_looks() -> None:
    still, looks, done = Stillness(), threading.Event(), threading.Event()

    def look() -> None:
        with still.looking(), still.looking():
            looks.set()
            done.wait(10)

    thread = asyncio.create_task(asyncio.to_thread(look))
    await asyncio.to_thread(looks.wait, 10)
    folding = asyncio.create_task(still.begin_to_fold())
    await asyncio.sleep(0)
    assert not folding.done()
    done.set()
    assert await folding
    still.end_of_folding()
    await thread


async def test_who_waits_to_fold_comes_before_the_next_look() -> None:
    still, order = Stillness(), list[str]()
    looks, go_on = threading.Event(), threading.Event()

    def look_twice() -> None:
        with still.looking():
            looks.set()
            go_on.wait(10)
        with still.looking():
            order.append("look")

    thread = asyncio.create_task(asyncio.to_thread(look_twice))
    await asyncio.to_thread(looks.wait, 10)
    folding = asyncio.create_task(still.begin_to_fold())
    await asyncio.sleep(0)
    go_on.set()
    assert await folding
    order.append("fold")
    still.end_of_folding()
    await thread
    assert order == ["fold", "look"]


async def test_who_gives_up_waiting_lets_threads_look_again() -> None:
    still, looks, done = Stillness(), threading.Event(), threading.Event()

    def look() -> None:
        with still.looking():
            looks.set()
            done.wait(10)

    def look_again() -> None:
        with still.looking():
            pass

    thread = asyncio.create_task(asyncio.to_thread(look))
    await asyncio.to_thread(looks.wait, 10)
    answers = iter((False, True))
    assert not await still.begin_to_fold(lambda: next(answers))
    await asyncio.wait_for(asyncio.to_thread(look_again), 10)
    done.set()
    await thread
