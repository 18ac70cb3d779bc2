"""Keys that come faster than they take effect."""

from textual import events

from tests.tui.helpers import make_app, opened, settled, text
from tracetui.resources import samples_dir


async def burst(keys: list[tuple[str, str | None]]) -> str:
    """The screen after keys that came in one piece, over two samples."""
    app = make_app([samples_dir() / "tracetui" / "research_agent.jsonl"])
    async with opened(app, (100, 30)) as pilot:
        for key, character in keys:
            app.post_message(events.Key(key, character))
        await settled(pilot)
        await settled(pilot)
        return text(pilot)


async def test_what_follows_the_key_of_the_palette_is_typed_into_it() -> None:
    shown = await burst([("colon", ":"), ("q", "q"), ("u", "u"), ("i", "i"), ("t", "t")])
    assert "quit" in shown.splitlines()[2]


async def test_a_move_after_the_key_of_a_list_is_made_in_the_list() -> None:
    shown = await burst([("T", "T"), ("down", None)])
    assert "3 of 5" in shown  # it begins on the theme that is on, the second


async def test_moves_keep_their_order() -> None:
    assert "row 4 of" in await burst([("g", "g"), ("j", "j"), ("j", "j"), ("j", "j")])
