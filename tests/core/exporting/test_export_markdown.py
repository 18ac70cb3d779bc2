"""A report in which nothing recorded is markup, whoever renders it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.core.exporting.exported import recorded, samples, written
from tests.hostile.payloads import PAYLOADS, controls
from tracetui.core.exporting.markdown import fenced, inline

BREAKERS = (
    *(
        "```",
        "````\n# out",
        "~~~",
        "</pre><script>alert(1)</script>",
        "[x](javascript:x)",
        "![x](http://x.example/y.png)",
    ),
    *(
        "<img src=x onerror=alert(1)>",
        "https://x.example",
        "www.x.example",
        "@someone #12",
        "a | b",
        "***x***",
        "\n# head",
    ),
    *(
        "`",
        "``x`",
        "` x `",
        "\\",
        "    code",
        "- item",
        "1. one",
        "> quote",
        "===",
        "&lt;b&gt;",
        "<!-- c -->",
        "$x$",
        "[^1]",
    ),
)
ALLOWED = {
    "heading",
    "paragraph",
    "fence",
    "inline",
    "text",
    "code_inline",
    "bullet_list",
    "list_item",
    "strong",
    "softbreak",
}


def tokens(text: str) -> Iterator[Token]:
    """What a renderer makes of a text, HTML and the extensions of GitHub taken for what they are."""
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text):
        yield token
        yield from token.children or ()


def kinds(text: str) -> set[str]:
    return {token.type.removesuffix("_open").removesuffix("_close") for token in tokens(text)}


@pytest.mark.parametrize("text", BREAKERS)
def test_a_name_is_words_or_a_code_span(text: str) -> None:
    shown = inline(text)
    (line,) = [token for token in tokens(f"### {shown}") if token.type == "inline"]
    assert [token.type for token in line.children or ()] in (["code_inline"], ["text"])


@pytest.mark.parametrize("text", [*BREAKERS, *("\n".join(BREAKERS),)])
def test_a_block_ends_where_it_should(text: str) -> None:
    found = list(tokens(f"before\n\n{fenced(text)}\nafter"))
    assert [token.type for token in found if token.type == "fence"] == ["fence"]
    assert next(token.content for token in found if token.type == "fence") == f"{text}\n"


def test_nothing_that_was_recorded_is_markup_in_a_report(tmp_path: Path) -> None:
    for number, text in enumerate((*BREAKERS, *PAYLOADS.values(), "\n".join(BREAKERS))):
        folder = tmp_path / str(number)
        folder.mkdir()
        error = {"type": text, "message": text, "traceback": f"x\n{text}"}
        message = {"role": text, "content": text, "tool_calls": [{"function": {"name": text, "arguments": text}}]}
        job = recorded(
            folder,
            {"name": text, "input": {text: text}, "output": text, "attributes": {text: [text]}},
            {
                "name": text,
                "kind": "llm",
                "model": text,
                "input": [message],
                "output": message,
                "status": "error",
                "error": error,
            },
            name=text,
        )
        report = written(job, "md")
        assert kinds(report) <= ALLOWED, text
        assert controls(report) == []
        # A link that a renderer makes of bare text needs that text outside of code.
        plain = [token.content for token in tokens(report) if token.type == "text"]
        assert not [words for words in plain if re.search(r"://|www\.|@|javascript|#\d", words)], text


def test_every_sample_is_a_report_with_its_tree_and_calls() -> None:
    for job in samples()[::4]:
        report = written(job, "md")
        assert kinds(report) <= ALLOWED
        assert report.startswith("# ")
        assert ("\n## Calls\n" in report) or not job.run.kind_counts[1]


def test_a_conversation_is_told_once(tmp_path: Path) -> None:
    first = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is it?"}]
    more = [*first, {"role": "assistant", "content": "Which?"}, {"role": "user", "content": "The red one."}]
    job = recorded(tmp_path, {"kind": "llm", "input": first}, {"kind": "llm", "input": more})
    report = written(job, "md")
    assert report.count("Be brief.") == 1
    assert "2 messages as before, then" in report
    assert "**4** user" in report


def test_a_long_value_is_cut_and_that_is_told(tmp_path: Path) -> None:
    job = recorded(tmp_path, {"output": "x" * 50_000})
    report = written(job, "md")
    assert "…[cut: 50000 characters]" in report
    assert report.rstrip().endswith("1 long value was cut; --to json and jsonl have all")
