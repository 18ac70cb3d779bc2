"""docs/export.md says what the exports hold, and the page's script does what it says of keys."""

import re
from pathlib import Path

from tracetui.core.exporting import EXPORTERS, html, otlp
from tracetui.core.exporting.csv_rows import HEADER
from tracetui.core.exporting.markdown import VALUE_CHARACTERS
from tracetui.core.formats._native_exported import INFERRED
from tracetui.core.model import Clock

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
FORMAT = (
    (ROOT / "docs" / "recording-format.md")
    .read_text(encoding="utf-8")
    .split("## In exports", 1)[1]
    .split("\n## ", 1)[0]
)


def section(name: str) -> str:
    return PAGE.split(f"## {name}\n", 1)[1].split("\n## ", 1)[0]


def named(text: str) -> list[str]:
    return [
        name for cell in re.findall(r"^\| (`[^|]+`) \|", text, re.MULTILINE) for name in re.findall(r"`([^`]+)`", cell)
    ]


def test_every_output_has_a_row_with_the_end_of_its_name() -> None:
    for each in EXPORTERS:
        assert f"| `{each.name}` | `{each.suffix}` |" in PAGE


def test_the_columns_of_the_table_are_described_in_their_order() -> None:
    assert named(section("CSV")) == list(HEADER)


def test_the_attributes_of_otlp_are_described() -> None:
    words = section("OTLP") + section("Secrets")
    told = [*otlp.OPERATIONS.values(), *otlp.OPENINFERENCE.values(), *otlp.TOKENS.values()]
    told += [kind.name for kind in (*otlp.OPERATIONS, *otlp.OPENINFERENCE)]
    source = Path(otlp.__file__).read_text(encoding="utf-8")
    told += re.findall(r'"(tracetui\.[a-z.]+|gen_ai\.[a-z_.]+)"', source)
    assert [
        name for name in told if name not in words and name not in ("tracetui.where", "tracetui.link", "tracetui.class")
    ] == []


def test_the_keys_of_the_page_are_described() -> None:
    script = (Path(html.__file__).parent / "page" / "page.js").read_text(encoding="utf-8")
    keys = script.split("const KEYS = {", 1)[1].split("};", 1)[0]
    single = set(re.findall(r"(?:^|[ ,{])([a-zA-Z]): \(\)", keys)) | set(re.findall(r'"(.)": \(\)', keys)) - {" "}
    assert len(single) > 10
    assert [key for key in sorted(single) if f"`{key}`" not in section("HTML")] == []


def test_the_limits_are_told() -> None:
    assert f"cut at {VALUE_CHARACTERS:,} characters" in PAGE
    assert f"about {html.BODY_CHARACTERS // 10**6} MB" in PAGE
    assert f"more than {otlp.DOCUMENT_CHARACTERS // 10**6} MB" in section("OTLP")


def test_what_an_export_adds_to_the_recording_format_is_described_there() -> None:
    source = "".join(Path(otlp.__file__).with_name(name).read_text(encoding="utf-8") for name in ("native.py",))
    keys = set(re.findall(r'exported\["(\w+)"\]|body\["(\w+)"\]|said\["(\w+)"\]|record\["(\w+)"\]', source))
    told = {name for group in keys for name in group if name} | set(INFERRED) | {clock.value for clock in Clock}
    known = {"model", "error", "attributes", "parent", "span", "status", "text", "duration_ns", "input", "output"}
    assert [name for name in sorted(told - known) if f"`{name}`" not in FORMAT and name not in FORMAT] == []
