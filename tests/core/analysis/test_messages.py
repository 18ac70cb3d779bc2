"""What a message says apart from what differs each time; bounded on hostile texts."""

from __future__ import annotations

import pytest

from tracetui.core.analysis.messages import is_over_limit, last_frame, limit_told, normalised, said


@pytest.mark.parametrize(
    ("one", "other", "group"),
    [
        ("timed out after 30 s", "timed out after 31.5 s", "timed out after # s"),
        ("no file '/a/b.txt'", "no file '/c/d.txt'", "no file #"),
        ("cannot open /srv/app/a.py", "cannot open /home/x/y/b.py", "cannot open #"),
        ("no user 3f2a91c4-0000-4000-8000-000000000000", "no user 3f2a91c4-0000-4000-8000-00000000000f", "no user #"),
        ("at 2026-03-02T08:00:00.123Z: gone", "at 2026-03-03T09:10:00Z: gone", "at #: gone"),
        ("GET https://a.example/x?id=1 failed", "GET https://b.example/y failed", "GET # failed"),
        ("object at 0x7f01aa22", "object at 0x7f01aa99", "object at #"),
        ("request req_01HXYZ23 refused", "request req_99ABCD11 refused", "request # refused"),
        ("Exit code 1\ncat: no file", "cat: no file", "cat: no file"),
        ("Error: Exit code 2: cat: no file", "Error: cat: no file", "cat: no file"),
        ("Exit code 1", "Exit code 2", "Exit code #"),
        ("Error: 404", "Error: 500", "Error: #"),
        ('KeyError: "preis"', 'KeyError: "menge"', "KeyError: #"),
    ],
)
def test_messages_that_differ_in_values_are_one_group(one: str, other: str, group: str) -> None:
    assert normalised(one) == normalised(other) == group


@pytest.mark.parametrize(
    ("one", "other"),
    [("no such file", "no such folder"), ("'column preis missing'", "'row missing'"), ("utf8 error", "ascii error")],
)
def test_messages_that_say_something_else_are_not(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


def test_of_a_traceback_the_last_line_is_what_it_says() -> None:
    text = 'Exit code 1\nTraceback (most recent call last):\n  File "a.py", line 3, in f\n    x\nValueError: nope\n'
    assert said("", text) == "Exit code 1: ValueError: nope"
    assert said("ToolError", "Subprocess:\nexit 3") == "ToolError: Subprocess: exit 3"


def test_a_fence_of_code_is_no_line_of_a_message() -> None:
    assert said("StageError", "Subprocess: \n\t```bash\n\texit 3\n\t```") == "StageError: Subprocess: exit 3"
    assert said("", "~~~\nboom\n~~~") == "boom"
    assert said("", "```") == "```"


def test_the_frame_where_it_was_raised() -> None:
    python = 'Traceback\n  File "/a/main.py", line 1, in <module>\n    f()\n  File "/a/lib/x.py", line 9, in get\n    raise\n'
    assert last_frame(python) == "x.py:9 in get"
    assert last_frame("Error: x\n    at get (/a/b.js:3:9)\n    at main (/a/c.js:1:1)") == "get (/a/b.js:3:9)"
    assert last_frame("nothing of the kind") == ""


def test_the_frame_of_the_program_itself_comes_before_that_of_a_library() -> None:
    own = '  File "/a/main.py", line 1, in fetch\n    get()\n'
    library = '  File "/v/lib/python3.12/site-packages/httpx/http.py", line 41, in get\n    raise\n'
    first = "Traceback (most recent call last):\n" + own.replace("main", "other") + "E: x\n\nDuring handling:\n\n"
    heading = "Traceback (most recent call last):\n"
    assert last_frame(heading + own + library) == "main.py:1 in fetch, inside http.py:41 in get"
    assert last_frame(first + heading + own + library) == "main.py:1 in fetch, inside http.py:41 in get"
    assert last_frame(heading + library) == "http.py:41 in get"
    node = "Error: x\n    at read (node:fs:3:9)\n    at load (/a/app.js:7:1)"
    assert last_frame(node) == "load (/a/app.js:7:1), inside read (node:fs:3:9)"


def test_a_prompt_that_was_too_long_is_recognised_with_its_limit() -> None:
    text = "ContextLengthError: prompt has 212,480 tokens, the limit is 200,000"
    assert (is_over_limit(text), limit_told(text)) == (True, 200_000)
    assert limit_told("This model's maximum context length is 8192 tokens") == 8_192
    assert not is_over_limit("file is too long")


@pytest.mark.parametrize(
    "text",
    [
        *("/a" * 50_000, "'" * 50_000, "a-1" * 30_000, "0" * 100_000, "x://" * 20_000, "1.1," * 30_000, "\\" * 50_000),
        *('File "' * 20_000, "at " * 40_000, "\n" * 100_000, "limit " * 20_000, "e+" * 40_000),
    ],
)
def test_of_a_hostile_text_only_so_much_is_looked_at(text: str) -> None:
    longer = text * 20
    assert normalised(longer) == normalised(text)
    assert last_frame(longer) == last_frame(text)
    assert said("E", longer) == said("E", text)
    assert (is_over_limit(longer), limit_told(longer)) == (is_over_limit(text), limit_told(text))
