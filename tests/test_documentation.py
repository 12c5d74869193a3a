"""What the documentation points to is there."""

import re
from pathlib import Path

import pytest

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
