"""Strings that do harm where they reach a terminal or a widget as they are, and what finds them in what was written."""

import re
import unicodedata

PAYLOADS = {
    "clipboard": "\x1b]52;c;cHduZWQ=\x1b\\",
    "clipboard-bell": "\x1b]52;c;cHduZWQ=\x07",
    "title": "\x1b]0;pwned\x1b\\",
    "clear-screen": "\x1b[2J\x1b[3;3H\x1bc",
    "device-control": '\x1bP$q"p\x1b\\',
    "status-query": "\x1b[6n\x1b[c\x05",
    "c1-conceal": "\x9b8m\x9b2J",
    "c1-title": "\x9d0;pwned\x9c\x90x\x9c",
    "right-to-left": "\u202edenwp\u202c\u2066x\u2069\u200f",
    "invisible": "\u200b\u2060\ufeff\U000e0041\u00ad",
    "controls": "\x00\x07\x08\x0b\x0c\r\x0e\x7f",
    "separators": "\u2028\u2029\x85",
}
"""The kinds of sequences that were seen to pass through a widget into a real terminal, by what they do."""

PICTURES = "␀␅␇␈␋␌␍␎␛␡\ufffd-"
"""What stands in the place of a payload's first character once it is harmless."""

MARKUP = (
    "x [/] y",
    "x [/b] y",
    "[/",
    "[/usr/bin/python]",
    "[red]x",
    "[bold]x[/bold]",
    "dict[str, int]",
    '{"a": [true, false]}',
    "C:\\dir\\[x]",
    "[^/]+\\[a-z]*",
    "[$accent]x",
    "[@click=app.quit]q[/]",
    "[link=file:///etc/passwd]x[/link]",
    "\\[x]",
    "[b +",
    "[on red",
    "[[x]]",
    "]x[",
    "[#ff0000]x[/#ff0000]",
    ":warning: [blink]x",
)
"""Strings that markup would crash on, eat or act on."""

MARKUP_PIECES = (
    *("[", "]", "[/", "[/]", "\\", "\\[", "$", "@", "=", "(", ")", "'", '"', "#", ":", "/", " ", "."),
    *("red", "b", "bold", "i", "accent", "click", "app.quit", "link", "on", "not", "%", "x", "0", "é", "漢", "👩"),
)
"""What random markup is made of."""


# ---------------------------------------------------------------- what may be in a byte stream

_SGR_NUMBERS = r"0|1|2|3|4|7|9|22|23|24|27|29|39|49|3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8;5;\d+|[34]8;2;\d+;\d+;\d+"
_SGR = rf"\x1b\[(?:(?:{_SGR_NUMBERS});?)*m"
_OURS = re.compile(
    "|".join(
        (
            _SGR,
            r"\x1b\[(?:\d+(?:;\d+)?)?H|\x1b\[\d*C",  # go there, or so many cells on
            r"\x1b\[\?(?:1049|1000|1003|1004|1006|1015|1016|2004|2026|2048|25|7)[hl]",  # modes of Textual's driver
            r"\x1b\[\?(?:2026|2048)\$p",  # asks whether the terminal knows a mode
            r"\x1b\[(?:>\d+|<)u",  # keys as the program wants them
            r"\x1b\]22;[a-z-]*\x07",  # shape of the mouse pointer
            r"\x1b\[2[23];0t",  # keep the terminal's title, put it back
        )
    )
)
"""Everything that the screen itself sends; a payload that passes is none of these."""

TITLE = re.compile("\x1b\\]2;((?:. [a-z]+ )?[^\x00-\x1f\x7f-\x9f]{0,80} - tracetui)\x07")
"""The title as the screen sets it: what it says is looked at like everything else."""

CLIPBOARD = re.compile(r"\x1b\]52;c;[A-Za-z0-9+/]*=*\x07")
"""What copying sends: base64 and nothing else."""


def controls(text: str, allowed: str = "\n") -> list[str]:
    """The characters of a text that are not drawn but obeyed, or not seen."""
    bad = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return [char for char in text if unicodedata.category(char) in bad and char not in allowed and char != "\u200d"]


def passed_in_text(written: bytes) -> list[str]:
    """What is in the output of a command that a terminal would obey; empty if all is well."""
    return [ascii(char) for char in controls(written.decode("utf-8"))]


def passed_on_screen(written: bytes, *, copying: bool = False) -> list[str]:
    """What is in the output of the screen that the screen does not send by itself; empty if all is well."""
    text = written.decode("utf-8")
    if copying:
        text = CLIPBOARD.sub("", text)
    left = _OURS.sub("", TITLE.sub(r"\1", text))
    places = [at for at, char in enumerate(left) if controls(char, "\r\n")]
    return [ascii(left[max(0, at - 20) : at + 20]) for at in places]


def drawn(written: bytes) -> str:
    """The same with only what places and draws characters, for a terminal emulator."""
    text = written.decode("utf-8", "replace")
    return re.sub(r"\x1b\[[\d;]*m|\x1b\[[?><][^a-z]*[a-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)", "", text)
