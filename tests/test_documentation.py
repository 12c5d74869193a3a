"""What the documentation points to is there."""

import importlib
import re
from pathlib import Path

import pytest

from arcloop.cli import COMMANDS
from tests import ROOT

DOCUMENTS = sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")])


def test_every_test_that_shows_a_claim_exists() -> None:
    path, named = ROOT, 0
    for file, name in re.findall(
        r"`(tests/[a-z_/]+\.py)?::(test_[a-z0-9_]+)`", (ROOT / "docs" / "security.md").read_text()
    ):
        path, named = ROOT / file if file else path, named + 1
        assert f"def {name}(" in path.read_text(), f"{path}::{name}"
    assert named > 25


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        file, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        there = path.parent / file if file else path
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", there.read_text(), re.M)
            assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}, (
                target
            )


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_commands_of_make_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"`make ([a-z-]+)`", path.read_text())) <= targets


def test_every_document_is_in_the_site() -> None:
    nav = re.findall(r"[ :]([a-z_]+\.md)$", (ROOT / "mkdocs.yml").read_text().partition("nav:")[2], re.M)
    made = re.findall(r'^    "[A-Z]+\.md": "([a-z]+\.md)",$', (ROOT / "scripts" / "docs_site.py").read_text(), re.M)
    there = [path.name for path in (ROOT / "docs").glob("*.md")]
    assert sorted(nav) == sorted([*there, *made, "commands.md"])


def test_every_command_has_its_help_in_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mkdocs", reason="the extra docs is not installed")
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    page = importlib.import_module("docs_site").commands()
    for command in COMMANDS:
        assert f"\n## arcloop {command}\n" in page and f"usage: arcloop {command} " in page
    for part in ("--sampling.min-p", "usage: arcloop show program ", "--report-to"):
        assert part in page
    assert "\x1b" not in page and str(ROOT) not in page
