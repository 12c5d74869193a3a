"""Rounds that are searches alone: each can use what those before have found, whoever writes the programs."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from arcloop.assembly import run
from arcloop.config import (
    Config,
    ExecutionConfig,
    PromptConfig,
    RefineConfig,
    SamplingConfig,
    ServerConfig,
    StoppingConfig,
)
from arcloop.errors import ConfigError
from tests.sampling.loopback import Loopback, Reply
from tests.search.test_draws import sources

CONFIG = Config(
    "arc1-train",
    limit=1,
    rounds=2,
    learn=False,
    programs=4,
    stopping=StoppingConfig(perfect=0),
    execution=ExecutionConfig(workers=1),
    sampling=SamplingConfig(completions_per_prompt=2, max_tokens=64),
)
ANSWER = "```python\ndef transform(grid):\n    return grid[::-1]\n```"


def test_of_a_model_that_could_learn_they_are_one_search(tmp_path: Path) -> None:
    two = run(CONFIG, tmp_path / "two").directory
    one = run(dataclasses.replace(CONFIG, rounds=1, programs=8), tmp_path / "one").directory
    assert sources(two) == sources(one) and [len(found) for found in sources(one).values()] == [8]
    assert not list(two.path.rglob("adapter*"))


def test_a_chat_service_is_shown_its_earlier_programs(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(path: str, body: dict[str, Any]) -> Reply:
        asked.append(body["messages"][-1]["content"])
        return 200, {"choices": [{"message": {"content": ANSWER}, "finish_reason": "stop"}] * body["n"]}, {}

    with Loopback(answer) as server:
        config = dataclasses.replace(
            CONFIG,
            model="served",
            sampler="openai",
            server=ServerConfig(server.url, api="chat"),
            prompt=PromptConfig(template="plain"),
            refine=RefineConfig(1.0),
        )
        directory = run(config, tmp_path / "run").directory
    assert [len(found) for found in sources(directory).values()] == [8]
    assert ["grid[::-1]" in text for text in asked] == [False, False, True, True]


def test_with_learning_a_chat_service_has_one_round() -> None:
    chat = ServerConfig(api="chat")
    with pytest.raises(ConfigError, match=r"rounds is 2; expected 1 with --server.api chat, .* or --no-learn"):
        Config("drawing", sampler="openai", server=chat)
    assert Config("drawing", sampler="openai", server=chat, learn=False).rounds == 2
