"""Markdown, code and diffs as rows: what they look like, that nothing hostile gets through, and that the work is bounded."""

import time

import pytest

from tracetui.core.symbols import ASCII
from tracetui.core.text import cell_width
from tracetui.tui.presentation.diffs import diff_line, is_diff, replaced
from tracetui.tui.presentation.highlighting import MOST_CHARACTERS, code_lines, language_of, language_of_file
from tracetui.tui.presentation.laid_out import LaidOut
from tracetui.tui.presentation.markdown import draw, inline_pieces, markdown_rows, stretches
from tracetui.tui.presentation.pieces import Piece
from tracetui.tui.presentation.wrap import wrap_pieces

HOSTILE = "\x1b]52;c;ZXZpbA==\x07[red]\u202e\u009b2J[/]\n[@click=app.quit]x\x00"
PATHOLOGICAL = {
    "nested lists": "".join("  " * depth + "- x\n" for depth in range(300)),
    "nested bullets": "- " * 10_000 + "x",
    "quotes": ">" * 50_000,
    "brackets": "[" * 50_000,
    "links": "[a](<b" * 9_000,
    "images": "![[]()" * 9_000,
    "emphasis": "*a_ " * 12_000,
    "stars": "a**b" * 12_000 + "c* ",
    "backticks": "".join("`" * length + " " for length in range(1, 300)),
    "tags": "<a " * 15_000,
    "table": "|" * 5_000 + "\n" + "|-" * 2_500 + "\n|a\n",
    "fences": "```\n" * 5_000,
    "one line": "a b" * 300_000,
}


def text_of(row: list[Piece]) -> str:
    return "".join(words for words, _ in row)


def shown(text: str, width: int = 60) -> list[str]:
    return [text_of(row).rstrip() for row in markdown_rows(text, width)]


def styles(text: str) -> dict[str, str]:
    return {words: style for row in markdown_rows(text, 60) for words, style in row}


# ---------------------------------------------------------------- Markdown


def test_a_heading_is_bold_and_no_blank_row_follows_it() -> None:
    assert shown("## What is wrong\n\n- this") == ["What is wrong", "• this"]
    assert styles("## What is wrong")["What is wrong"] == "strong bold"


def test_emphasis_and_code_have_their_styles() -> None:
    found = styles("**a** *b* `c` ~~d~~")
    assert [found[word] for word in "abcd"] == ["strong bold", "italic", "code-keyword", "strike"]


def test_lists_nest_and_their_rows_hang_behind_the_bullet() -> None:
    assert shown("- one two three four\n  - five\n- six", 16) == ["• one two three", "  four", "  • five", "• six"]


def test_numbers_of_a_list_go_on_from_its_first() -> None:
    assert shown("7. a\n8. b") == ["7. a", "8. b"]


def test_a_quote_has_a_bar() -> None:
    assert shown("> a\n> b") == ["▏ a", "▏ b"]


def test_lines_of_a_paragraph_stay_lines() -> None:
    assert shown("Task: a\nRound: 1") == ["Task: a", "Round: 1"]


def test_a_table_stands_in_columns_where_it_fits() -> None:
    assert shown("| a | bb |\n|---|---|\n| ccc | d |") == ["a     bb", "────────", "ccc   d"]


def test_a_table_that_does_not_fit_loses_nothing() -> None:
    rows = shown("| a | b |\n|---|---|\n| " + "c" * 30 + " | " + "d" * 30 + " |", 40)
    assert "".join(rows).count("c") == 30
    assert "".join(rows).count("d") == 30


def test_links_and_images_say_their_address() -> None:
    assert shown("[here](https://a.b/c) <https://d.e> ![me](f.png)") == [
        "here (https://a.b/c) https://d.e [image: me] (f.png)"
    ]


def test_code_has_its_language_a_bar_and_line_numbers() -> None:
    assert shown("```python\ndef f():\n    return 1\n```") == ["python", "▏   1  def f():", "▏   2      return 1"]


def test_code_without_a_language_has_only_its_bar() -> None:
    assert shown("```\nls\n```") == ["▏ ls"]


def test_a_fence_within_a_list_is_code_too() -> None:
    assert shown("- a\n  ```\n  x\n  ```") == ["• a", "  ▏ x"]


def test_html_and_markup_are_only_text() -> None:
    assert shown("<b>x</b> [red]y[/red] [@click=app.quit]z[/]") == ["<b>x</b> [red]y[/red] [@click=app.quit]z[/]"]


def test_every_word_of_a_long_text_is_there_once() -> None:
    words = [f"w{number}" for number in range(4_000)]
    text = "".join(word + (" " if number % 12 else "\n\n") for number, word in enumerate(words))
    found = LaidOut(text, "markdown")
    rows = [text_of(found.row(index, 60)) for index in range(20_000) if index < found.count(60)]
    assert " ".join(rows).split() == words


def test_ascii_has_ascii_bullets_and_bars() -> None:
    rows = markdown_rows("- a\n\n> b\n\n---\n\n```py\nx\n```", 40, ASCII)
    assert all(text_of(row).isascii() for row in rows)


@pytest.mark.parametrize("width", [8, 24, 60])
def test_no_row_is_wider_than_asked_for(width: int) -> None:
    text = (
        "# 漢字漢字漢字 a\n\n"
        + "- " * 3
        + "漢字 **bold 漢字** `code`\n\n> > > quote "
        + "x" * 90
        + "\n\n```py\n"
        + "y" * 90
        + "\n```"
    )
    assert max(cell_width(text_of(row)) for row in markdown_rows(text, max(width, 24))) <= max(width, 24)


@pytest.mark.parametrize(
    "form", ["{}", "# {}", "- {}", "`{}`", "**{}**", "[{}](a)", "[a](<{}>)", "```{}\n{}\n```", "|{}|\n|-|\n|{}|"]
)
def test_hostile_text_comes_out_safe(form: str) -> None:
    for row in markdown_rows(form.replace("{}", HOSTILE), 60):
        assert text_of(row).isprintable()


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_no_text_takes_its_parser_long(name: str) -> None:
    text = PATHOLOGICAL[name][:60_000]
    started = time.process_time()
    found = stretches(text)
    worst = 0.0
    for part in found[:6]:
        before = time.process_time()
        draw(text, part, 60)
        worst = max(worst, time.process_time() - before)
    # Measured: 25 ms at most, and 100 ms for all fences; the bound is for busy machines.
    assert worst < 0.5
    assert time.process_time() - started < 2


def test_a_paragraph_full_of_brackets_stays_as_it_was_and_says_so() -> None:
    assert inline_pieces("[" * 900) == [("[" * 900, ""), ("  (as written)", "muted")]


def test_only_what_is_looked_at_is_laid_out() -> None:
    found = LaidOut("word " * 20 + "\n\n" + ("para " * 30 + "\n\n") * 5_000, "markdown")
    started = time.process_time()
    found.count(60)
    found.row(0, 60)
    assert time.process_time() - started < 0.5


# ---------------------------------------------------------------- code


def test_python_has_its_keywords_strings_and_numbers_marked() -> None:
    found = dict(code_lines("return 'a' + 1  # b", "python")[0])
    assert (found["return"], found["'a'"], found["1"], found["# b"]) == (
        "code-keyword", "code-string", "code-number", "muted",
    )  # fmt: skip


def test_keys_of_json_are_told_from_its_strings() -> None:
    found = {words.strip(): style for words, style in code_lines('{"a": "b"}', "json")[0]}
    assert (found['"a"'], found['"b"']) == ("code-key", "code-string")


@pytest.mark.parametrize(
    ("word", "language"), [("py", "python"), ("JS", "javascript"), ("sh", "bash"), ("brainfuck", ""), ("", "")]
)
def test_a_language_is_known_by_its_names(word: str, language: str) -> None:
    assert language_of(word) == language


def test_a_file_says_its_language_by_its_end() -> None:
    assert [language_of_file(name) for name in ("a/b.py", "C:\\x\\y.ts", "Dockerfile", "notes", "x.exe")] == [
        "python", "typescript", "docker", "", "",
    ]  # fmt: skip


def test_long_code_is_plain_and_whole() -> None:
    code = "x = 1\n" * (MOST_CHARACTERS // 6 + 1)
    found = code_lines(code, "python")
    assert "\n".join(text_of(row) for row in found) == code
    assert {style for row in found for _, style in row} == {""}


@pytest.mark.parametrize("language", ["python", "json", "bash", "javascript", "html", "sql", "yaml", "rust"])
@pytest.mark.parametrize("hostile", ['"\\', "{[(", "<a ", HOSTILE, "'''", "${"], ids=range(6))
def test_no_code_takes_its_lexer_long_or_loses_a_character(language: str, hostile: str) -> None:
    started = time.process_time()
    rows = code_lines("\n".join([(hostile * 900)[:900]] * 3), language)
    assert time.process_time() - started < 0.5
    assert all(text_of(row).isprintable() for row in rows)


# ---------------------------------------------------------------- diffs

DIFF = "--- a/calc.py\n+++ b/calc.py\n@@ -1,2 +1,2 @@\n def add(a, b):\n-    return a - b\n+    return a + b"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [(DIFF, True), ("diff --git a/x b/x\nindex 1..2\n", True), ("@@ -1 +1 @@\n-a\n+b", True),
     ("--- \nfront matter\n---", False), ("- a\n+ b", False), ("@@ hello", False), ("", False)],
)  # fmt: skip
def test_a_diff_is_told_from_other_texts(text: str, is_one: bool) -> None:
    assert is_diff(text) is is_one


def test_lines_of_a_diff_keep_their_signs_and_have_colours() -> None:
    rows = [diff_line(line) for line in DIFF.split("\n")]
    assert [text_of(row) for row in rows] == DIFF.split("\n")
    assert [row[0][1] for row in rows] == ["strong bold", "strong bold", "code-key", "", "diff-removed", "diff-added"]


def test_a_fence_of_a_diff_is_coloured() -> None:
    assert {"diff-removed", "diff-added"} <= set(styles(f"```diff\n{DIFF}\n```").values())


def test_an_edit_is_what_it_takes_out_and_puts_in() -> None:
    assert replaced("a\nb\nc", "a\nx\nc") == [" a", "-b", "+x", " c"]


# ---------------------------------------------------------------- wrapping of pieces


def test_pieces_wrap_with_their_styles() -> None:
    assert wrap_pieces([("one ", ""), ("two three", "bold"), (" four", "")], 8) == [
        [("one ", ""), ("two ", "bold")],
        [("three", "bold"), (" ", "")],
        [("four", "")],
    ]
