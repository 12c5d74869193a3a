"""The commands of docs/models.md, run as they are written there, with a model of one's own."""

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests import ROOT

__all__ = ["commands", "valid_code", "walk"]


def commands() -> list[str]:
    """The page's commands, in their order."""
    page = (ROOT / "docs" / "models.md").read_text()
    return [
        line
        for block in re.findall(r"^```\n(.*?)^```", page, re.M | re.S)
        for line in block.splitlines()
        if line.strip()
    ]


def walk(model: Path, smaller: Mapping[str, Sequence[str]], run: Callable[[list[str]], str]) -> dict[str, str]:
    """Run them all; command → what ``run`` makes of its words, which is what it printed.

    ``smaller``: the beginning of a command → options that make it smaller, for the time that it takes here.
    """
    printed: dict[str, str] = {}
    for command in commands():
        words = shlex.split(command)
        assert words[0] == "arcloop", command
        more = [
            option for start, options in smaller.items() if command.startswith(f"arcloop {start}") for option in options
        ]
        printed[command] = run([str(model) if word == "MODEL" else word for word in words[1:]] + more)
    return printed


def valid_code(run: Path) -> float:
    """Share of a run's completions that hold a program which compiles."""
    share: float = json.loads((run / "metrics.json").read_text())["run"]["valid_code"]
    return share
