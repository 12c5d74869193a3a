"""llama.cpp's server and litellm's proxy, for real: what they answer is what the network itself writes."""

import json
from pathlib import Path

import httpx
import pytest

from arcloop.cli.run import main
from arcloop.errors import ServerError
from arcloop.records import FinishReason
from arcloop.runs.rundir import RunDir
from tests.sampling.dialogue import sampled
from tests.serving import KEY


def test_llama_cpp_completes_prompts(llama_cpp: str) -> None:
    made = sampled(llama_cpp, "completions")
    assert len(made) == 3
    for one in made:
        assert one["finish_reason"] in (FinishReason.STOP, FinishReason.LENGTH) and 1 <= one["tokens"] <= 16


@pytest.mark.parametrize("server", ["llama_cpp", "litellm"])
def test_they_answer_chats(server: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCLOOP_API_KEY", KEY)
    made = sampled(request.getfixturevalue(server), "chat")
    assert [one["finish_reason"] == FinishReason.ERROR for one in made] == [False] * 3


def test_llama_cpp_solves_the_drawings_that_the_network_in_this_process_solves(llama_cpp: str, tmp_path: Path) -> None:
    solved = {}
    for sampler in ("transformers", "openai"):
        server = ["--server.base-url", llama_cpp, "--server.model", "served"] if sampler == "openai" else []
        # The likeliest tokens are the same wherever they are sampled; augmentation makes eight prompts of each task.
        settings = ["--task-ids", "drawing-random-01", "drawing-random-02", "--rounds", "1", "--programs", "8"]
        settings += ["--sampling.temperature", "0", "--sampling.completions-per-prompt", "1", "--stopping.perfect", "0"]
        command = ["--tasks", "drawing", *settings, *server, "--sampler", sampler]
        assert main([*command, "--out", str(tmp_path / sampler)]) == 0
        solved[sampler] = RunDir.open(tmp_path / sampler).group(0, 0).search_numbers().solved
    assert solved["openai"] == solved["transformers"]
    assert "drawing-random-01" in solved["openai"]


def test_a_proxy_that_does_not_know_the_key_is_quoted(litellm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCLOOP_API_KEY", "sk-another")
    # It looks for other keys than its own in a database.
    with pytest.raises(ServerError, match=r"its models cannot be listed \(400: No connected db"):
        sampled(litellm, "chat")


def test_a_prompt_that_is_too_long_is_told_in_their_words(llama_cpp: str, litellm: str) -> None:
    body = {"model": "served", "messages": [{"role": "user", "content": "a b c " * 20_000}], "max_tokens": 1}
    for url in (llama_cpp, litellm):
        answer = httpx.post(
            f"{url}/chat/completions", json=body, headers={"Authorization": f"Bearer {KEY}"}, timeout=60
        )
        assert answer.status_code == 400 and "context" in json.dumps(answer.json())
