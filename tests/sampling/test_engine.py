"""What of vLLM's engine arguments is passed through, and who has the GPU when; engines themselves: ``make test-vllm``."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from arcloop.assembly import begin
from arcloop.assembly.parts import _LateTrainer
from arcloop.config import Config, EngineConfig, LoadingConfig
from arcloop.errors import ConfigError
from arcloop.model.card import model_digest
from arcloop.sampling.engine import further_arguments
from arcloop.sampling.vllm import VllmSampler

KNOWN = {"max_num_seqs", "max_num_batched_tokens", "kv_cache_dtype", "max_loras", "speculative_config", "worker_cls"}


def test_values_are_json_or_text() -> None:
    extra = (
        "max-num-seqs=512",
        "kv_cache_dtype=fp8",
        'speculative_config={"method": "ngram", "num_speculative_tokens": 3}',
        "max_loras=",
    )
    assert further_arguments(extra, KNOWN) == {
        "max_num_seqs": 512,
        "kv_cache_dtype": "fp8",
        "speculative_config": {"method": "ngram", "num_speculative_tokens": 3},
        "max_loras": "",
    }
    assert further_arguments(("kv_cache_dtype=" + "[" * 10**5,), KNOWN)["kv_cache_dtype"].startswith("[[")
    assert further_arguments((), KNOWN) == {}


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("max_num_seq=3", "knows no max_num_seq; expected an engine argument such as max_num_seqs"),
        ("nothing=3", "knows no nothing; expected an engine argument as vllm serve --help lists them"),
        ("tensor-parallel-size=2", "use --engine.tensor-parallel-size"),
        ("model=x", "use --engine.model"),
        ("max_model_len=9", "use --sampling.max-prompt-tokens"),
        ("enable_lora=false", "is set by arcloop"),
        ("trust_remote_code=true", "may name code"),
        ("worker_cls=a.B", "may name code"),
        ("reasoning_parser_plugin=a.py", "may name code"),
    ],
)
def test_what_is_unknown_or_not_left_to_the_user_is_refused(word: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        further_arguments((word,), KNOWN)
    assert message in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("extra", [("max_num_seqs",), ("=3",), ("a b=3",), ("a-b=3", "a_b=4")])
def test_each_is_a_key_with_a_value_once(extra: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"engine\.extra is .*expected KEY=VALUE, each key once"):
        EngineConfig(extra=extra)


class Engine:
    """Notes what an engine is asked to do with the GPU's memory."""

    def __init__(self, events: list[str]) -> None:
        self._events = events

    def reset_prefix_cache(self) -> None:
        pass

    def sleep(self, level: int) -> None:
        self._events.append("engine leaves")

    def wake_up(self) -> None:
        self._events.append("engine comes")


class Network(torch.nn.Module):
    """Notes where it is moved to; a card that is not there cannot be moved to."""

    def __init__(self, events: list[str]) -> None:
        super().__init__()
        self.events, self.device = events, torch.device("cuda:0")

    def to(self, *args: Any, **settings: Any) -> Any:
        self.device = torch.device(args[0])
        self.events.append("network comes" if self.device.type == "cuda" else "network leaves")
        return self


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happens, with a network that is loaded onto a card."""
    events: list[str] = []

    class Model:
        def __init__(self) -> None:
            events.append("network comes")
            self.network = Network(events)

        @property
        def device(self) -> torch.device:
            return self.network.device

    def fit(asked: Any) -> None:
        events.append("learn")

    monkeypatch.setattr("arcloop.model.language.load_model", lambda *settings: Model())
    monkeypatch.setattr("arcloop.training.trainer.LoraTrainer", lambda *settings: SimpleNamespace(fit=fit))
    return events


@pytest.mark.parametrize("four_bits", [False, True])
def test_engine_and_network_are_never_on_the_gpu_together(events: list[str], four_bits: bool) -> None:
    config = Config("", sampler="vllm", loading=LoadingConfig(use_4bit_quantization=four_bits))
    sampler: Any = VllmSampler.__new__(VllmSampler)
    trainer = _LateTrainer(config, 1, before=lambda: sampler.rest(), stays=True)
    sampler._engine, sampler._can_rest, sampler._resting = Engine(events), True, False
    sampler._adapter = sampler._folder = None
    sampler._dead, sampler._before_waking = RuntimeError, trainer.rest
    for _ in range(2):
        assert list(sampler.sample([])) == []
        events.append("search")
        for _ in range(3):
            trainer.fit(None)  # type: ignore[arg-type]
    first = ["search", "engine leaves", "network comes", "learn", "learn", "learn"]
    assert events == [*first, "network leaves", "engine comes", *first]


def test_beside_a_server_the_network_leaves_after_each_training(events: list[str]) -> None:
    trainer = _LateTrainer(Config("", sampler="openai"), 1)
    for _ in range(2):
        trainer.fit(None)  # type: ignore[arg-type]
    assert events == ["network comes", "learn", "network leaves"] * 2


def test_the_file_of_weights_for_the_engine_alone_counts_for_the_run(tmp_path: Path) -> None:
    config = Config("drawing", task_ids=("drawing-lines-9",), sampler="vllm")
    plain = begin(config, tmp_path / "plain").manifest().model_sha256
    other = dataclasses.replace(config, engine=EngineConfig(model="embedded"))
    assert plain == model_digest("embedded")
    assert begin(other, tmp_path / "other").manifest().model_sha256 not in (plain, "")
