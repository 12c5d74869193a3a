"""Programs that are known to be such ↔ the answer that holds them, to the character.

Such an answer is nothing but code blocks whose fences say so and are longer than any in the programs. Nothing in them is
cut or cleaned, so that a stored completion gives the same programs whenever it is read.
"""

import hashlib
import re

__all__ = ["content_id", "programs_in", "verbatim"]

_INFO = "python verbatim\n"
_TICKS = re.compile("`+")


def verbatim(*sources: str) -> str:
    """The answer whose programs are ``sources``, as they are, the likeliest first; empty without one."""
    written = [source for source in sources if source.strip()]
    longest = max((len(ticks) for source in written for ticks in _TICKS.findall(source)), default=0)
    fence = "`" * max(3, longest + 1)
    return "".join(f"{fence}{_INFO}{source}\n{fence}\n" for source in written)


def programs_in(answer: str) -> list[str]:
    """The programs that ``verbatim`` made ``answer`` of; none if it did not."""
    fence = "`" * (len(answer) - len(answer.lstrip("`")))
    begin, end = f"{fence}{_INFO}", f"\n{fence}\n"
    if len(fence) < 3 or not answer.startswith(begin) or not answer.endswith(end) or len(answer) < len(begin + end):
        return []
    # No program has a fence of this length.
    return answer[len(begin) : -len(end)].split(end + begin)


def content_id(source: str) -> str:
    """16 hex digits that equal sources share."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:16]
