"""What ddeutil-workflow's messages look like: the words of 0.0.86, and of what differs before 0.0.85."""

from __future__ import annotations

import ast
import re
from typing import Final

_QUOTED = r"(?:'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\")"
WORKFLOW: Final = re.compile(rf"Execute: ({_QUOTED}) \((?:parallel|sequential) jobs\)", re.DOTALL)
JOB: Final = re.compile(rf"Handler (\w+): ({_QUOTED})\.", re.DOTALL)
OLD_JOB: Final = re.compile(rf"Routing for ([\w -]+): ({_QUOTED})", re.DOTALL)
STAGE: Final = re.compile(rf"Handler ([\w-]+?)-Stage: ({_QUOTED})(?: with ID: ({_QUOTED}))?\.", re.DOTALL)
NESTED_STAGE: Final = re.compile(r"nested-stage, (.+), failed", re.DOTALL)
_SKIP: Final = re.compile(
    r"(?:⏭\S* )?Skip(?::|\b because job condition | Handler:)|Handler:\s.{0,20}Stage(?:Nested)?SkipError", re.DOTALL
)
DONE: Final = ("does not set jobs", "Does not rerun because", "It does not have job to rerun")


def unquoted(text: str) -> str:
    """The text that a Python literal stands for."""
    if "\\" not in text:
        return text[1:-1]
    try:
        return str(ast.literal_eval(text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text[1:-1]


def is_skip(message: str) -> bool:
    """Whether a message says that its job or stage was skipped."""
    return message[:1] in "⏭SH" and _SKIP.match(message) is not None


def cut(run: str) -> str:
    """A run id as it is cut for display."""
    stamp, t, hash_ = run.partition("T")
    return stamp[10:20] + hash_[-8:] if t else run[-8:]
