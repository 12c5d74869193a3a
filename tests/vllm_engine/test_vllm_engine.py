"""vLLM's engine in this process, on a CPU, against the network itself."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from arcloop.config import EngineConfig
from arcloop.errors import ArcloopError, ConfigError
from arcloop.records import FinishReason
from arcloop.runs.rundir import RunDir
from arcloop.sampling.vllm import VllmSampler
from tests.vllm_engine.small_model import RANK, SAMPLING, Small, agree, follows_the_adapter, requests, sample


@pytest.fixture(scope="module")
def engine(small: Small) -> Iterator[VllmSampler]:
    model, config = small.model, EngineConfig(enforce_eager=True, extra=("max_num_seqs=16",))
    sampler = VllmSampler(str(small.folder), model.tokenizer, model.format, SAMPLING, config, RANK)
    yield sampler
    sampler.close()


def test_every_draw_gives_one_completion_that_its_seed_decides(small: Small, engine: VllmSampler) -> None:
    asked = requests(small.model, 3, 5)
    made = sample(engine, asked)
    assert made.keys() == {draw.completion_id for request in asked for draw in request.draws}
    assert len({c.text for c in made.values()}) > 10
    for completion in made.values():
        assert 1 <= completion.tokens <= 8 and completion.logprob < 0
        assert (completion.finish_reason is FinishReason.LENGTH) <= (completion.tokens == 8)
    again = sample(engine, asked[::-1])
    same = sum(made[i].text == again[i].text for i in made)
    assert same >= len(made) - 2  # the order changes the shapes of the products, and so the rounding


def test_further_arguments_reach_the_engine(small: Small, engine: VllmSampler) -> None:
    assert engine._engine.vllm_config.scheduler_config.max_num_seqs == 16
    for extra, message in (("max_num_seq=16", "max_num_seqs"), ("kv_cache_dtype=fp9", "Input should be 'auto'")):
        config = EngineConfig(enforce_eager=True, extra=(extra,))
        with pytest.raises(ArcloopError, match=message):
            VllmSampler(str(small.folder), small.model.tokenizer, small.model.format, SAMPLING, config, RANK)


def test_log_probabilities_follow_the_adapter(small: Small, engine: VllmSampler) -> None:
    follows_the_adapter(engine, small)


def test_another_adapter_in_the_same_folder_is_another_adapter(
    small: Small, engine: VllmSampler, tmp_path: Path
) -> None:
    for adapter in small.adapters:
        shutil.copytree(adapter, tmp_path / "adapter", dirs_exist_ok=True)
        engine.use_adapter(tmp_path / "adapter")
        agree(engine, small, adapter)
    engine.use_adapter(None)
    agree(engine, small, None)


def test_rest_is_followed_by_the_same_completions(small: Small, engine: VllmSampler) -> None:
    engine.use_adapter(small.adapters[0])
    engine.rest()
    agree(engine, small, small.adapters[0])


def test_a_dora_adapter_does_not_reach_the_engine(small: Small, engine: VllmSampler, tmp_path: Path) -> None:
    folder = tmp_path / "dora"
    shutil.copytree(small.adapters[0], folder)
    description = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(description | {"use_dora": True}))
    engine.use_adapter(None)
    with pytest.raises(ConfigError, match=r"DoRA.*--sampler transformers"):
        engine.use_adapter(folder)
    agree(engine, small, None)


def test_more_prompts_than_are_read_at_once(small: Small, engine: VllmSampler) -> None:
    asked = requests(small.model, 40, 4)
    for request in asked:
        object.__setattr__(request.prompt, "text", request.prompt.text * 10)
    assert len(sample(engine, asked)) == 160


def test_leaving_early_leaves_nothing_behind(small: Small, engine: VllmSampler) -> None:
    asked = requests(small.model, 3, 5)
    stream = engine.sample(asked)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    # The same ids again: the engine has forgotten them.
    assert len(sample(engine, asked)) == 15


def test_the_loop_searches_and_learns_with_an_engine(small: Small, tmp_path: Path) -> None:
    settings = ["--tasks", "drawing", "--limit", "2", "--rounds", "2", "--programs", "4", "--model", str(small.folder)]
    lengths = ["--sampling.max-tokens", "8", "--sampling.max-prompt-tokens", "1016", "--training.lora-r", str(RANK)]
    command = [sys.executable, "-m", "arcloop.cli", "run", *settings, *lengths, "--sampler", "vllm"]
    done = subprocess.run(
        [*command, "--group-size", "1", "--engine.enforce-eager", "--out", str(tmp_path / "run")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert RunDir.open(tmp_path / "run").finished
