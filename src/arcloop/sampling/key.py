"""The key of a server: sent to it and nobody else, and taken out of whatever it says.

A key of at least ``SECRET`` characters is found as it is, as JSON may escape it, JSON within JSON included, and as an
address may. A shorter one is a placeholder, such as servers of one's own take (``EMPTY``, ``none``): it may stand in any
text, and in a program is a name like others, so only messages are without it. What a server has garbled or shortened is
not found.
"""

import os
import re
from functools import cached_property

from arcloop.errors import ConfigError

__all__ = ["SECRET", "Key"]

SECRET = 8
"""Characters from which on a key is a secret."""
_NESTED = 7
"""Backslashes before a character at the most: those of JSON in JSON in JSON."""


class Key:
    """The key in the environment's ARCLOOP_API_KEY or OPENAI_API_KEY; there may be none."""

    def __init__(self) -> None:
        """Take it from there.

        Raises:
            ConfigError: no key has such characters.
        """
        self._text = (os.environ.get("ARCLOOP_API_KEY") or os.environ.get("OPENAI_API_KEY") or "").strip()
        if not (self._text.isascii() and self._text.isprintable()):
            raise ConfigError(
                "ARCLOOP_API_KEY or OPENAI_API_KEY: characters that no key has; expected letters, digits and signs — set it anew"
            )

    @property
    def headers(self) -> dict[str, str]:
        """What is sent."""
        return {"Authorization": f"Bearer {self._text}"} if self._text else {}

    def out_of(self, text: str) -> str:
        """Text that may be a completion, or JSON that is to be read, without the key where it is a secret."""
        return self._written.sub("…", text) if len(self._text) >= SECRET else text

    def out_of_message(self, text: str) -> str:
        """A message without the key, whatever it is."""
        text = self.out_of(text)
        return text.replace(self._text, "…") if self._text else text

    @cached_property
    def _written(self) -> re.Pattern[str]:
        # Every part takes a bounded number of characters, so that a search is linear in the text's length.
        return re.compile("".join(_written(run) for run in re.findall(r"\\+|.", self._text)))


def _written(run: str) -> str:
    """A pattern for one character, or for a run of backslashes, in all of its forms."""
    number = f"{ord(run[0]):02x}"
    escaped = rf"\\{{1,{_NESTED}}}(?i:u00{number})|(?i:%{number})"
    if run[0] == "\\":
        return rf"(?:\\{{{len(run)},{len(run) * (_NESTED + 1)}}}|(?:{escaped}){{{len(run)}}})"
    return rf"(?:\\{{0,{_NESTED}}}{re.escape(run)}|{escaped})"
