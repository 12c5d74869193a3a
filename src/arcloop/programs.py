"""Completion → program: the Python source in what a model wrote.

The text is hostile input: it is cut and cleaned here, never parsed or run. Whether it compiles is
for the sandbox to find out.
"""

import hashlib
import re

from arcloop.records import Completion, FinishReason, Program

__all__ = ["content_id", "extract"]

_FENCE = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)(?:\n```|\Z)", re.DOTALL)
_ENTRY = re.compile(r"^def (?:transform|main)\b", re.MULTILINE)


def extract(completion: Completion, prefix: str) -> Program | None:
    """The program in an answer, or None if it defines neither ``transform`` nor ``main``, or never came.

    The answer is ``prefix`` (the part that the prompt gave) and the completion's text. The last
    fenced block that defines an entry point counts; without fences, the whole answer.
    """
    if completion.finish_reason is FinishReason.ERROR:
        return None
    answer = prefix + completion.text
    blocks = [block for block in _FENCE.findall(answer) if _ENTRY.search(block)]
    source = blocks[-1] if blocks else answer if "```" not in answer and _ENTRY.search(answer) else None
    if source is None:
        return None
    # Not splitlines(): it also cuts at characters that Python allows within a string.
    lines = source.replace("\r\n", "\n").split("\n")
    normal = "\n".join(line.rstrip(" \t") for line in lines).strip("\n") + "\n"
    return Program(content_id(normal), completion.id, completion.task_id, normal)


def content_id(source: str) -> str:
    """16 hex digits that equal sources share."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:16]
