"""What is said where vLLM is not installed; the engine itself is tested by ``make test-vllm``."""

import sys

import pytest

from arcloop.config import EngineConfig, PromptConfig, SamplingConfig
from arcloop.errors import ConfigError
from arcloop.model.language import load_tokenizer, prompt_format
from arcloop.sampling.vllm import VllmSampler


def test_without_vllm_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    tokenizer = load_tokenizer("embedded")
    format_ = prompt_format("embedded", tokenizer, PromptConfig())
    sampling = SamplingConfig(max_tokens=8, max_prompt_tokens=64)
    with pytest.raises(ConfigError, match=r"pip install 'arcloop\[gpu\]'"):
        VllmSampler("embedded", tokenizer, format_, sampling, EngineConfig())
    with pytest.raises(ConfigError, match="at most 512"):
        VllmSampler("embedded", tokenizer, format_, sampling, EngineConfig(), lora_r=1000)
    with pytest.raises(ConfigError, match="resolve the config"):
        VllmSampler("embedded", tokenizer, format_, SamplingConfig(), EngineConfig())
