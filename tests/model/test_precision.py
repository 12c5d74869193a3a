"""In which type a network computes on which card, where its weights go, and what is found to be missing before the work begins."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch._subclasses import fake_tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.functional import scaled_dot_product_attention

from arcloop.assembly import begin
from arcloop.assembly.parts import make_parts
from arcloop.config import Config, EngineConfig, LoadingConfig, TrainingConfig
from arcloop.errors import ConfigError
from arcloop.model import attention
from arcloop.model.attention import Segments, attend_segments
from arcloop.model.language import load_model
from arcloop.model.needs import need_for_training
from arcloop.model.precision import compute_type, device_of, has_bfloat16

CUDA, CPU = torch.device("cuda", 0), torch.device("cpu")
T4, L4, H100 = (7, 5), (8, 9), (9, 0)


def card(monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int]) -> None:
    """A machine with such a card, as far as it is asked for what it is."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda device=None: capability)
    monkeypatch.setattr("torch.cuda.is_bf16_supported", lambda: capability >= (8, 0))
    monkeypatch.setattr("torch.cuda.get_device_name", lambda device=None: "a card")


@pytest.mark.parametrize(
    ("capability", "found"),
    [(T4, torch.float16), ((8, 0), torch.bfloat16), (L4, torch.bfloat16), (H100, torch.bfloat16)],
)
def test_a_card_computes_in_the_16_bits_that_it_has(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], found: torch.dtype
) -> None:
    card(monkeypatch, capability)
    assert compute_type("auto", CUDA) is found
    assert has_bfloat16(CUDA) is (found is torch.bfloat16)
    assert compute_type("float16", CUDA) is torch.float16
    assert compute_type("float32", CUDA) is torch.float32


def test_bfloat16_is_refused_where_it_would_be_emulated(monkeypatch: pytest.MonkeyPatch) -> None:
    card(monkeypatch, T4)
    with pytest.raises(
        ConfigError, match=r"loading\.dtype is bfloat16; expected a type that a card computes — pass float16"
    ):
        compute_type("bfloat16", CUDA)


def test_a_cpu_computes_in_what_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert compute_type("bfloat16", CPU) is torch.bfloat16
    assert compute_type("auto", CPU) in (torch.bfloat16, torch.float32)


def test_weights_go_to_one_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert device_of(LoadingConfig()) == CPU
    card(monkeypatch, L4)
    assert device_of(LoadingConfig()) == CUDA == device_of(LoadingConfig(device_map="cuda"))
    assert device_of(LoadingConfig(device_map="cuda:1")) == torch.device("cuda", 1)
    assert device_of(LoadingConfig(device_map="cpu")) == CPU
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert device_of(LoadingConfig()) == torch.device("cuda", 3)


@pytest.mark.parametrize("named", ["auto", "balanced", "sequential", "meta", "gpu"])
def test_a_model_is_not_spread_over_devices(named: str) -> None:
    with pytest.raises(ConfigError, match="expected one device, such as cuda:1") as refused:
        load_model("embedded", loading=LoadingConfig(device_map=named))
    assert "--engine.tensor-parallel-size" in str(refused.value) and "\n" not in str(refused.value)


def without(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    original = importlib.util.find_spec

    def found(name: str, *others: Any) -> Any:
        return None if name in packages else original(name, *others)

    monkeypatch.setattr("arcloop.model.needs.find_spec", found)


@pytest.mark.parametrize(
    ("settings", "package"),
    [
        ({"sampler": "vllm"}, "vllm"),
        ({"sampler": "vllm", "engine": EngineConfig(quantization="bitsandbytes")}, "vllm-bnb-plugin"),
        ({"sampler": "vllm", "loading": LoadingConfig(use_4bit_quantization=True)}, "bitsandbytes"),
        ({"sampler": "openai", "loading": LoadingConfig(use_4bit_quantization=True)}, "bitsandbytes"),
        ({"training": TrainingConfig(optimizer="paged_adamw_8bit")}, "bitsandbytes"),
        ({"training": TrainingConfig(use_liger_kernel=True)}, "liger-kernel"),
    ],
)
def test_a_missing_package_is_named_before_the_first_search(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: dict[str, Any], package: str
) -> None:
    there = {"vllm"} if package != "vllm" else set()
    without(monkeypatch, package, package.replace("-", "_"))
    original = importlib.util.find_spec
    if there:
        kept = {package, package.replace("-", "_")}
        monkeypatch.setattr(
            "arcloop.model.needs.find_spec",
            lambda name: None if name in kept else object() if name in there else original(name),
        )
    run = begin(Config("drawing", task_ids=("drawing-lines-9",), **settings), tmp_path / "run")
    with pytest.raises(ConfigError) as refused, make_parts(run.config(), run.tasks()):
        pass
    message = str(refused.value)
    assert f"needs the package {package}, which is not installed" in message and "pip install 'arcloop[gpu]'" in message
    assert "\n" not in message


def test_what_only_learning_needs_is_not_asked_of_a_search(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without(monkeypatch, "bitsandbytes", "liger_kernel")
    learning = TrainingConfig(optimizer="adamw_8bit", use_liger_kernel=True)
    run = begin(Config("drawing", task_ids=("drawing-lines-9",), rounds=1, training=learning), tmp_path / "run")
    with make_parts(run.config(), run.tasks()) as parts:
        assert parts.trainer is not None


def test_kernels_for_a_gpu_are_refused_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("arcloop.model.needs.find_spec", lambda name: object())
    for settings in ({"use_liger_kernel": True}, {"optimizer": "adamw_8bit"}):
        with pytest.raises(ConfigError, match="needs an NVIDIA GPU, and there is none here"):
            need_for_training(TrainingConfig(**settings), "cpu")  # type: ignore[arg-type]
        need_for_training(TrainingConfig(**settings), "cuda")  # type: ignore[arg-type]


def packed(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    starts: Tensor,
    starts_of_keys: Tensor,
    longest: int,
    longest_of_keys: int,
    *,
    scale: float,
    window_size: tuple[int, int],
    enable_gqa: bool,
) -> Tensor:
    """What torch's kernel for packed rows computes, (T, heads, D) each, by its documentation."""
    assert window_size == (-1, 0) and starts is starts_of_keys and starts.dtype is torch.int32
    lengths = starts.diff().tolist()
    assert longest == longest_of_keys == max(lengths) and sum(lengths) == len(query)
    parts = zip(*(part.transpose(0, 1).split(lengths, 1) for part in (query, key, value)), strict=True)
    attended = [
        scaled_dot_product_attention(q, k, v, is_causal=True, scale=scale, enable_gqa=enable_gqa) for q, k, v in parts
    ]
    return torch.cat(attended, 1).transpose(0, 1)


@pytest.mark.parametrize("heads_of_keys", [4, 2])
def test_one_kernel_for_all_segments_is_asked_for_what_the_loop_computes(
    monkeypatch: pytest.MonkeyPatch, heads_of_keys: int
) -> None:
    torch.manual_seed(0)
    segments = Segments((5, 1, 17, 9))
    query = torch.randn(1, 4, 32, 16)
    key, value = torch.randn(2, 1, heads_of_keys, 32, 16)
    expected = attend_segments(query, key, value, segments, 0.3)
    monkeypatch.setattr(attention, "varlen_attn", packed)
    found = attention._attend_packed(query, key, value, segments, 0.3)
    assert found.shape == expected.shape == (1, 32, 4, 16)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(attention._attend_packed(query, key, value, [5, 1, 17, 9], 0.3), expected)
    assert segments.bounds(CPU) is segments.bounds(CPU)


def without_numbers(monkeypatch: pytest.MonkeyPatch) -> FakeTensorMode:
    """Tensors as on a card, without numbers: torch's own kernels say which shapes and types they take and give."""
    # A copy to a card is what they cannot do without one.
    starts = lambda segments, device: torch.empty(len(segments) + 1, dtype=torch.int32, device=device)  # noqa: E731
    monkeypatch.setattr(Segments, "bounds", starts)
    # Nor is there a driver where torch was built for CUDA.
    monkeypatch.setattr(fake_tensor, "init_gpu_context", lambda device: None)
    return FakeTensorMode()


@pytest.mark.parametrize(
    ("capability", "kind", "width", "kernel"),
    [
        (L4, torch.bfloat16, 64, True),
        (H100, torch.float16, 128, True),
        (T4, torch.float16, 64, False),
        (L4, torch.float32, 64, False),
        (L4, torch.bfloat16, 36, False),
        (L4, torch.bfloat16, 512, False),
    ],
)
def test_newer_cards_take_the_kernel_for_packed_rows(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], kind: torch.dtype, width: int, kernel: bool
) -> None:
    card(monkeypatch, capability)
    calls: list[bool] = []
    real = attention.varlen_attn

    def counted(*arguments: Any, **settings: Any) -> Any:
        calls.append(True)
        return real(*arguments, **settings)

    monkeypatch.setattr(attention, "varlen_attn", counted)
    with without_numbers(monkeypatch):
        query = torch.empty(1, 4, 32, width, device=CUDA, dtype=kind)
        key = torch.empty(1, 2, 32, width, device=CUDA, dtype=kind)
        found = attend_segments(query, key, key, [20, 12], 0.3)
    assert bool(calls) is (kernel and attention._PACKED)  # torch has a kernel that fits from 2.13 on
    assert found.shape == (1, 32, 4, width) and found.dtype is kind and found.is_cuda


def test_under_autocast_the_kernel_gets_16_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    card(monkeypatch, L4)
    with without_numbers(monkeypatch), torch.autocast("cuda", torch.bfloat16):
        query = torch.empty(1, 4, 32, 64, device=CUDA)
        assert attend_segments(query, query, query, [20, 12], 0.3).dtype is torch.bfloat16


def test_no_plan_is_made_for_every_length() -> None:
    load_model("embedded")
    assert not torch.backends.cuda.cudnn_sdp_enabled()
