"""What servers have said to arcloop, said again: the same is asked, and the same is made of it."""

import re

import pytest

from tests import ROOT
from tests.sampling.dialogue import Dialogue, dialogues, replay

KEPT = dialogues()


@pytest.mark.parametrize("name", KEPT)
def test_what_a_server_said_becomes_completions(name: str) -> None:
    dialogue: Dialogue = KEPT[name]
    made, asked = replay(dialogue)
    assert made == list(dialogue.made)
    assert asked == [(exchange.path, exchange.asked) for exchange in dialogue.exchanges]


def test_every_server_in_the_documentation_has_one() -> None:
    rows = re.findall(r"^\| ([^|]*) \|.*`tests/sampling/dialogues`", (ROOT / "docs" / "samplers.md").read_text(), re.M)
    named = {name.strip() for row in rows for name in row.split(",")}
    assert named == {dialogue.server.split(" (")[0] for dialogue in KEPT.values()}
