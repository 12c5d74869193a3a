"""Sampling from a vLLM engine in this process, for models that want a GPU.

Every draw is a request of its own with its own seed; the engine's prefix cache reads a prompt once
for all of them (the engine itself would split one request for n completions in the same way). So a
completion depends on its prompt and its draw's seed alone, up to the rounding of differently shaped
matrix products.

Adapters are exchanged without a restart, each under a name and number that were never used before:
the prefix cache goes by the name, and would give the last adapter's keys and values to the next one.
While adapters are trained, the engine rests and gives back the GPU's memory; before it takes that
again, whoever has it is asked to leave.
"""

import contextlib
import dataclasses
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

from arcloop.config import EngineConfig, SamplingConfig
from arcloop.errors import ConfigError, ModelError, ServerError
from arcloop.model.card import model_folder
from arcloop.model.language import answer_end, chat_ids
from arcloop.prompts.format import PromptFormat
from arcloop.records import Completion, FinishReason
from arcloop.sampling.engine import further_arguments
from arcloop.sampling.lora import check_lora, lora_rank_limit
from arcloop.sampling.port import Draw, Request, UnderWay, untold

__all__ = ["VllmSampler"]


class VllmSampler:
    """A ``Sampler`` on a vLLM engine; ``close`` ends it."""

    def __init__(
        self,
        name: str,
        tokenizer: PreTrainedTokenizerBase,
        format_: PromptFormat,
        sampling: SamplingConfig,
        engine: EngineConfig,
        lora_r: int | None = None,
        *,
        before_waking: Callable[[], None] = lambda: None,
    ) -> None:
        """Start the engine.

        ``lora_r``: rank of the adapters that will be used; None = none will be. ``before_waking`` is called before the
        engine takes the GPU's memory again, after it has rested.

        Raises:
            ConfigError: vLLM is not installed, lacks what ``engine`` asks for, computes no adapters of that rank, or
                ``sampling`` was not resolved.
            ModelError: vLLM cannot load the model.
        """
        if sampling.max_tokens is None or sampling.max_prompt_tokens is None:
            raise ConfigError(
                "sampling.max-tokens or max-prompt-tokens is None; expected numbers — resolve the config with the model's card first"
            )
        limit = None if lora_r is None else lora_rank_limit(lora_r)
        self._vllm = _import()
        self._dead = self._vllm.v1.engine.exceptions.EngineDeadError
        self._format = format_
        self._tokenizer = tokenizer
        self._settings = {
            "top_p": sampling.top_p,
            "min_p": sampling.min_p,
            "max_tokens": sampling.max_tokens,
            "logprobs": 0,  # of the sampled tokens alone
            "stop_token_ids": [answer_end(name, tokenizer)],
            "output_kind": self._vllm.sampling_params.RequestOutputKind.FINAL_ONLY,
        }
        platform = self._vllm.platforms.current_platform
        self._can_rest = platform.is_sleep_mode_available()
        self._before_waking = before_waking
        known = {field.name for field in dataclasses.fields(self._vllm.EngineArgs)}
        arguments = {
            "model": model_folder(engine.model or name, weights=True),
            "tokenizer": model_folder(name),
            "max_model_len": sampling.max_prompt_tokens + sampling.max_tokens,
            "enable_prefix_caching": True,
            "enable_lora": limit is not None,
            **({} if limit is None else {"max_lora_rank": limit, "max_loras": 1}),
            "tensor_parallel_size": engine.tensor_parallel_size,
            "gpu_memory_utilization": engine.gpu_memory_utilization,
            "quantization": engine.quantization,
            **({} if engine.quantization == "bitsandbytes" else {"load_format": "safetensors"}),
            "enforce_eager": engine.enforce_eager,
            "enable_sleep_mode": self._can_rest,
            # On a CPU, a seeded request whose prompt is read in pieces kills the engine (seen with 0.32).
            **({"enable_chunked_prefill": False} if platform.is_cpu() else {}),
            "logprobs_mode": "raw_logprobs",  # before temperature and nucleus
            "trust_remote_code": False,
            **further_arguments(engine.extra, known),
        }
        try:
            self._engine = self._vllm.LLM(**arguments).llm_engine
        except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
            reason = " ".join(str(error).split())[:300]
            raise ModelError(
                f"--model {name}: vLLM cannot start with it ({reason}); expected a model and engine arguments that it supports, "
                "and GPUs that hold it — see what it printed above, lower --engine.gpu-memory-utilization, or pass "
                "--engine.quantization fp8"
            ) from None
        self._folder: Path | None = None
        self._adapter: Any = None
        self._numbers = itertools.count(1)
        self._resting = False

    @property
    def format(self) -> PromptFormat:
        """See ``Sampler``."""
        return self._format

    def length(self, text: str) -> int:
        """See ``Sampler``."""
        return len(chat_ids(self._tokenizer, text))

    def use_adapter(self, folder: Path | None) -> None:
        """See ``Sampler``.

        Raises:
            ConfigError: it is of a kind that vLLM cannot compute with.
            RunError: there is no adapter.
        """
        if folder is not None:
            check_lora(folder)
        self._unload()
        self._folder = folder
        if not self._resting:
            self._load()

    def rest(self) -> None:
        """Give back the GPU's memory until the next ``sample``; does nothing where the platform cannot."""
        if self._can_rest and not self._resting:
            self._unload()
            self._engine.reset_prefix_cache()
            # Level 1 keeps the weights in the machine's memory; level 2 does not come back right with adapters.
            self._engine.sleep(level=1)
            self._resting = True

    def close(self) -> None:
        """End the engine and its processes."""
        self._engine.engine_core.shutdown()

    def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        """See ``Sampler``.

        Raises:
            ServerError: the engine died.
        """
        if self._resting:
            self._before_waking()
            self._engine.wake_up()
            self._resting = False
            self._load()
        waiting: dict[str, tuple[Request, Draw]] = {}
        try:
            for request in requests:
                prompt = {"prompt_token_ids": chat_ids(self._tokenizer, request.prompt.text)}
                for draw in request.draws:
                    settings = self._vllm.SamplingParams(
                        **self._settings, temperature=draw.temperature, seed=draw.seed % 2**63
                    )
                    self._engine.add_request(draw.completion_id, prompt, settings, lora_request=self._adapter)
                    waiting[draw.completion_id] = request, draw
            while waiting:
                for output in self._engine.step():
                    if output.finished:
                        request, draw = waiting.pop(output.request_id)
                        yield _completion(request, draw, output)
        except self._dead as error:
            raise ServerError(
                f"vLLM's engine died ({error}); expected it to live — see what it printed above, then resume the run"
            ) from None
        finally:
            if waiting:
                # An engine that is dead, as after Ctrl-C, has nothing to forget.
                with contextlib.suppress(self._dead):
                    self._engine.abort_request(list(waiting))

    def _load(self) -> None:
        if self._folder is not None:
            number = next(self._numbers)
            self._adapter = self._vllm.lora.request.LoRARequest(
                f"arcloop-{number}", number, str(self._folder.resolve())
            )
            self._engine.add_lora(self._adapter)

    def _unload(self) -> None:
        if self._adapter is not None:
            self._engine.remove_lora(self._adapter.lora_int_id)
            self._adapter = None


def _completion(request: Request, draw: Draw, output: Any) -> Completion:
    (made,) = output.outputs
    # What else the engine may say (abort) is a bug of ours, and raises here.
    reason = FinishReason(made.finish_reason)
    prompt = request.prompt
    return Completion(
        output.request_id,
        prompt.id,
        prompt.task_id,
        made.text,
        len(made.token_ids),
        reason,
        made.cumulative_logprob,
        draw.temperature,
    )


def _import() -> Any:
    # It reports what is run on it to its makers unless told not to.
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    try:
        import vllm
        import vllm.lora.request
        import vllm.platforms
        import vllm.sampling_params
        import vllm.v1.engine.exceptions
    except ImportError as error:
        raise ConfigError(
            f"sampler is 'vllm', which cannot be imported ({error}); expected the extra gpu — pip install 'arcloop[gpu]'"
        ) from None
    return vllm
