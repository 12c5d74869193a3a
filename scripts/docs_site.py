"""Pages of the documentation site that are made, and the links between those that are not: hooks for MkDocs.

The documents at the root of the repository are pages too, the front page among them, and each command's page is what its
own parser prints, so that none of it can say anything else.
"""

import contextlib
import io
import os
import re
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from mkdocs.structure.files import File, Files

from arcloop.cli import COMMANDS, main

ROOT = Path(__file__).parent.parent

PAGES = {
    "README.md": "index.md",
    "LOG.md": "log.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
}
"""Documents at the root → pages."""

SUBCOMMANDS = {"show": ("task", "program", "run", "prompt", "common")}
"""Commands with commands of their own."""


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made."""
    for name, page in PAGES.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=_linked(text, "")))
    files.append(File.generated(config, "commands.md", content=commands()))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Let links out of the folder lead to the pages of the root's documents."""
    return _linked(markdown, "../")


def _linked(text: str, up: str) -> str:
    for name, page in PAGES.items():
        text = text.replace(f"]({up}{name}", f"]({page}")
    if not up:
        text = re.sub(r"\[([^]\n]*)\]\(CITATION\.cff\)", r"\1", text.replace("](docs/", "]("))
    return text


def commands() -> str:
    """Every command with its help, as the parser prints it."""
    parts = ["# Commands", "", "What `arcloop COMMAND --help` prints; `run` with all of its options.", ""]
    for command, line in COMMANDS.items():
        parts += [f"## arcloop {command}", "", line, ""]
        for arguments in [[command], *([command, sub] for sub in SUBCOMMANDS.get(command, ()))]:
            flag = "--help-all" if command == "run" else "--help"
            parts += ["```text", _help([*arguments, flag]), "```", ""]
    return "\n".join(parts)


def _help(arguments: list[str]) -> str:
    printed = io.StringIO()
    with (
        patch.object(sys, "argv", ["arcloop", *arguments]),
        patch.dict(os.environ, {"COLUMNS": "110", "NO_COLOR": "1", "TERM": "dumb"}),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        main()
    text = re.sub(r"\x1b\[[0-9;]*m", "", printed.getvalue())
    # Defaults that are folders of the machine that built the page say nothing.
    return text.replace(str(ROOT), "…").rstrip()
