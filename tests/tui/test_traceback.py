"""Stack traces of other languages, chains and groups of exceptions by their frames."""

import pytest

from tracetui.tui.presentation.traceback import frames_of, is_recent_first, traceback_rows

NODE = """TypeError: Cannot read properties of undefined (reading 'id')
    at getOrder (/srv/app/src/orders.js:41:17)
    at async handler (file:///srv/app/src/api.js:12:3)
    at Layer.handle [as handle_request] (/srv/app/node_modules/express/lib/router/layer.js:95:5)
    at next (/srv/app/node_modules/express/lib/router/route.js:137:13)
    at node:internal/process/task_queues:95:5
"""
JAVA = """java.lang.IllegalStateException: cannot save
\tat com.shop.Orders.save(Orders.java:44)
\tat java.base/java.lang.Thread.run(Thread.java:840)
Caused by: java.sql.SQLException: timeout
\tat com.shop.Db.query(Db.java:7)
\t... 23 more
"""
GO = """panic: runtime error: index out of range [3] with length 3

goroutine 1 [running]:
main.pick(...)
\t/home/demo/app/main.go:12
runtime.main()
\t/usr/local/go/src/runtime/proc.go:250 +0x212
exit status 2
"""
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/srv/agent/run.py", line 9, in main
  |     raise group
  | ExceptionGroup: several (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/agent/one.py", line 3, in f
    |     raise ValueError("bad")
    | ValueError: bad
    +---------------- 2 ----------------
    | KeyError: 'b'
    +------------------------------------
"""


def shown(traceback: str, width: int = 90) -> list[str]:
    return ["".join(words for words, _ in row).strip() for row in traceback_rows(traceback, width)]


def in_red(traceback: str) -> list[str]:
    return [words for row in traceback_rows(traceback, 70) for words, style in row if style == "status-error"]


def test_frames_of_javascript_are_told_from_those_of_its_libraries() -> None:
    assert shown(NODE) == [
        "TypeError: Cannot read properties of undefined (reading 'id')",
        "src/orders.js:41 in getOrder",
        "src/api.js:12 in async handler",
        "router/layer.js:95 Layer.handle [as handle_request]   +2 library frames",
    ]


def test_frames_of_java_stand_between_their_causes() -> None:
    assert shown(JAVA) == [
        "java.lang.IllegalStateException: cannot save",
        "Orders.java:44 in com.shop.Orders.save",
        "Thread.java:840 java.base/java.lang.Thread.run",
        "Caused by: java.sql.SQLException: timeout",
        "Db.java:7 in com.shop.Db.query",
        "... 23 more",
    ]
    assert in_red(JAVA) == [
        "java.lang.IllegalStateException: cannot save",
        "Caused by: java.sql.SQLException: timeout",
    ]


def test_frames_of_go_have_the_function_of_the_line_before() -> None:
    assert shown(GO)[2:4] == ["app/main.go:12 in main.pick", "runtime/proc.go:250 runtime.main"]
    assert in_red(GO) == ["panic: runtime error: index out of range [3] with length 3"]


def test_a_group_of_exceptions_has_its_members_numbered() -> None:
    assert shown(GROUP) == [
        "agent/run.py:9 in main",
        "raise group",
        "ExceptionGroup: several (2 sub-exceptions)",
        "group 1",
        "agent/one.py:3 in f",
        'raise ValueError("bad")',
        "ValueError: bad",
        "group 2",
        "KeyError: 'b'",
    ]


@pytest.mark.parametrize(
    ("traceback", "is_first"), [(NODE, True), (JAVA, True), (GO, True), (GROUP, False), ("x", None)]
)
def test_the_order_of_frames_is_known(traceback: str, is_first: bool | None) -> None:
    assert is_recent_first(frames_of(traceback)) is is_first


def test_a_long_message_is_wrapped_and_not_cut() -> None:
    assert "".join(shown("ValueError: " + "x" * 150, 40)).count("x") == 150


def test_of_a_very_long_message_it_is_said_that_it_goes_on() -> None:
    assert shown("ValueError: " + "x" * 1_500, 40)[-1].endswith("x\N{HORIZONTAL ELLIPSIS}")
