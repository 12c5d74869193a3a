"""A folder of weights → a ``LanguageModel``: network, tokenizer and chat template in one value.

The one network serves search and training alike. Weights come as safetensors only, and no code
from a model folder is ever run.
"""

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils.logging import disable_progress_bar

from arcloop.config import LoadingConfig, PromptConfig, TrainingConfig
from arcloop.errors import ConfigError, ModelError
from arcloop.model import attention
from arcloop.model.adapter import Adapter, attach, attach_saved
from arcloop.model.card import model_folder, read_card
from arcloop.model.configuration import mended_configuration
from arcloop.model.needs import need_for_loading
from arcloop.model.precision import Dtype, compute_type, device_of
from arcloop.model.refusing import refusing
from arcloop.model.soundness import check_computing, check_settings, check_weights
from arcloop.model.weights import Weights
from arcloop.prompts.format import PromptFormat
from arcloop.records import Message

__all__ = [
    "LanguageModel",
    "adds_bos",
    "answer_end",
    "chat_ids",
    "chat_text",
    "load_model",
    "load_tokenizer",
    "prompt_format",
]

# Its bars for loading files would cut through ours.
disable_progress_bar()
# It wants one more package for 4-bit products on a CPU, and says so in every program that imports PEFT.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)

_DATE = datetime(2024, 7, 26)
"""The day on which every prompt is written: a run must not depend on the day. It is Llama 3.1's own default."""

_CLOCK = (
    "{% macro strftime_now(form) %}{{ form"
    + "".join(f" | replace('%{letter}', '{_DATE.strftime('%' + letter)}')" for letter in "aAbBcdHIjmMpSxXyY")
    + " }}{% endmacro %}{{ '' }}"
)
"""Put before a chat template that asks what time it is, this answers: transformers takes no other clock from outside."""

PADDING = ("<|finetune_right_pad_id|>", "<|fim_pad|>", "<pad>", "<|pad|>", "[PAD]", "<|endoftext|>")
"""Tokens that are meant for filling up, or free for it."""


@dataclass
class LanguageModel:
    """A causal language model that can be searched with and trained; built by ``load_model``."""

    name: str
    """``embedded``, a folder or a hub name, as the user gave it."""
    network: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    format: PromptFormat
    """How this model is shown tasks and writes programs."""
    adapter: Adapter | None = None
    """The adapter in the network; None as long as none was needed."""
    dtype: Dtype = "auto"
    """Type in which it computes; see ``LoadingConfig``."""
    pack_limit: int | None = None
    """Tokens that go through the network at once while it is trained, where more did not fit into memory."""

    def trainable_adapter(self, config: TrainingConfig) -> Adapter:
        """The adapter in the network, attached first if there is none yet."""
        if self.adapter is None:
            self.adapter = attach(self.network, self.name, config)
        return self.adapter

    def all_weights(self) -> Weights:
        """The network's own weights, to be trained all.

        Raises:
            ConfigError: they are quantized, which cannot be trained.
        """
        if getattr(self.network, "is_quantized", False):
            raise ConfigError(
                "training all weights of a 4-bit model; expected use-lora or weights in 16 or 32 bits — leave one of the two out"
            )
        self.network.requires_grad_(True)
        return Weights(self.name, self.network, self.tokenizer)

    def use_adapter(self, folder: Path | None) -> None:
        """Compute with this saved adapter from now on; None = as the base model does.

        Raises:
            RunError: ``folder`` holds no adapter, or one of another shape.
        """
        if folder is not None:
            if self.adapter is None:
                self.adapter = attach_saved(self.network, self.name, folder)
            self.adapter.load(folder)
        elif self.adapter is not None:
            self.adapter.reset()

    @property
    def device(self) -> torch.device:
        """Where the network's weights are."""
        return self.network.device

    @property
    def vocabulary(self) -> int:
        """Logits per position."""
        return int(self.network.config.vocab_size)

    def encode(self, text: str) -> list[int]:
        """See ``chat_ids``."""
        return chat_ids(self.tokenizer, text)

    def encode_answer(self, text: str) -> list[int]:
        """Token ids of a completion, with the token that ends it; the name of a special token in it is text like any other."""
        told = self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)
        return [*cast(list[int], told["input_ids"]), self.end_id]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of sampled tokens, special ones left out."""
        return cast(str, self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False))

    @cached_property
    def end_id(self) -> int:
        """See ``answer_end``."""
        return answer_end(self.name, self.tokenizer)

    @cached_property
    def pad_id(self) -> int:
        """A token to fill up with, which never ends an answer: EOS is learned, so padding must be another one.

        The tokenizer's own if it is another; else one that the vocabulary reserves, such as
        ``<|finetune_right_pad_id|>`` of Llama 3.1. The vocabulary is never extended.

        Raises:
            ModelError: there is none.
        """
        vocabulary = self.tokenizer.get_vocab()
        reserved = sorted(
            name for name in vocabulary if "reserved" in name and name in self.tokenizer.all_special_tokens
        )
        names = [self.tokenizer.pad_token, *PADDING, *reserved, self.tokenizer.unk_token]
        for name in names:
            if name in vocabulary and vocabulary[name] not in self.stop_ids:
                return int(vocabulary[name])
        raise ModelError(
            f"{self.name}: no token to pad with beside those that end an answer; expected a pad token or a reserved one"
            " — set pad_token in its tokenizer_config.json"
        )

    @cached_property
    def stop_ids(self) -> frozenset[int]:
        """Tokens at which a completion ends."""
        declared = self.network.generation_config.eos_token_id if self.network.generation_config else None
        ids = declared if isinstance(declared, list) else [declared]
        return frozenset({self.end_id, self.tokenizer.eos_token_id, *ids} - {None})

    @property
    def checkpointing(self) -> bool:
        """Does the network compute activations twice, instead of keeping them?"""
        # transformers' own name for it has changed.
        return any(getattr(module, "gradient_checkpointing", False) for module in self.network.modules())

    def start_checkpointing(self) -> None:
        """Compute them twice from now on."""
        if not self.checkpointing:
            self.network.gradient_checkpointing_enable({"use_reentrant": False})

    def hidden(self, input_ids: Tensor, position_ids: Tensor, **attention_arguments: object) -> Tensor:
        """Last hidden states (B, T, width); see ``attention`` for the further arguments."""
        output = self.network.base_model(
            input_ids=input_ids, position_ids=position_ids, use_cache=False, **attention_arguments
        )
        return cast(Tensor, output.last_hidden_state)

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits of chosen hidden states, in float32."""
        head = cast(nn.Module, self.network.get_output_embeddings())
        return cast(Tensor, head(hidden)).float()


def chat_text(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> str:
    """The messages in the tokenizer's chat template, up to where the answer begins.

    Raises:
        ModelError: the template refuses them.
    """
    turns = [{"role": m.role, "content": m.content} for m in messages]
    ways = [turns]
    if [m.role for m in messages[:2]] == ["system", "user"]:
        # Some templates take no system role: its text then goes before the user's.
        first = {"role": "user", "content": f"{messages[0].content}\n\n{messages[1].content}"}
        ways.append([first, *turns[2:]])
    return _rendered(tokenizer, ways, answers=True)


def _rendered(tokenizer: PreTrainedTokenizerBase, ways: Sequence[list[dict[str, str]]], answers: bool) -> str:
    """The first of the chats that the template takes; with ``answers`` up to where the next answer begins.

    Raises:
        ModelError: it takes none of them, with what it says of the last.
    """
    for turns in ways[:-1]:
        with contextlib.suppress(ModelError):
            return _rendered(tokenizer, [turns], answers)
    with refusing(
        lambda why: ModelError(
            f"--model {tokenizer.name_or_path}: its chat template refuses a chat ({why}); expected one of system, user and "
            "assistant — use another model, or mend its chat_template"
        )
    ):
        template = tokenizer.get_chat_template()
        return cast(
            str,
            tokenizer.apply_chat_template(
                ways[-1],
                chat_template=_CLOCK + template if "strftime_now" in template else template,
                tokenize=False,
                add_generation_prompt=answers,
                date_string=_DATE.strftime("%d %b %Y"),
            ),
        )


def chat_ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Token ids of a rendered chat: with exactly one beginning-of-text token where the model has one."""
    ids = cast(list[int], tokenizer(text, add_special_tokens=False)["input_ids"])
    bos = tokenizer.bos_token_id
    # A chat template usually writes the token itself; one that does not leaves it to the tokenizer.
    if bos is not None and ids[:1] != [bos] and adds_bos(tokenizer):
        ids.insert(0, cast(int, bos))
    return ids


def adds_bos(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Does the tokenizer itself put a beginning-of-text token before what it encodes?"""
    bos = tokenizer.bos_token_id
    return bos is not None and cast(list[int], tokenizer("")["input_ids"])[:1] == [bos]


def answer_end(name: str, tokenizer: PreTrainedTokenizerBase) -> int:
    """The token that the chat template puts after an answer: ``<|eot_id|>`` for Llama 3.

    Raises:
        ModelError: there is none.
    """
    answer = "7~arcloop~7"  # what no template says by itself
    user, system = {"role": "user", "content": "a"}, {"role": "system", "content": "a"}
    chat = [user, {"role": "assistant", "content": answer}]
    # Some templates want a system's turn first, or a user's last.
    text = _rendered(tokenizer, [chat, [system, *chat], [*chat, user], [system, *chat, user]], answers=False)
    _, shown, after = text.rpartition(answer)
    ids = cast(list[int], tokenizer(after.strip(), add_special_tokens=False)["input_ids"])
    if not shown or not ids or ids[0] not in tokenizer.all_special_ids:
        raise ModelError(
            f"{name}: its chat template ends an answer without a special token; expected one such as <|eot_id|> — use a chat model"
        )
    return ids[0]


def load_tokenizer(name: str) -> PreTrainedTokenizerBase:
    """The model's tokenizer, without its weights.

    Raises:
        ModelError: there is no such model, or its tokenizer has no chat template.
    """
    folder = model_folder(name)
    with refusing(
        lambda why: ModelError(
            f"--model {name}: its tokenizer cannot be loaded ({why}); expected a Hugging Face model — check the name, "
            "or its config.json and tokenizer_config.json"
        )
    ):
        tokenizer = AutoTokenizer.from_pretrained(folder, config=mended_configuration(folder), trust_remote_code=False)
    with refusing(
        lambda why: ModelError(
            f"--model {name}: its tokenizer cannot encode ({why}); expected what transformers writes, such as a number for "
            "model_max_length — mend its tokenizer_config.json"
        )
    ):
        tokenizer("")  # some settings are first read here
    template = tokenizer.chat_template
    if isinstance(template, dict):
        # Several by name: that for ordinary chats.
        template = template.get("default") or next(iter(template.values()), None)
    if not template or not isinstance(template, str):
        raise ModelError(
            f"--model {name}: its tokenizer has no chat template; expected a chat model — use an instruction-tuned one"
        )
    # A byte-order mark would begin every prompt.
    tokenizer.chat_template = template.removeprefix("\ufeff")
    return tokenizer


def prompt_format(name: str, tokenizer: PreTrainedTokenizerBase, config: PromptConfig) -> PromptFormat:
    """How the model is asked: in the template of the configuration, else in that of its card."""
    card = read_card(name)
    template, cells = config.template or card.template, config.cells or card.cells
    return PromptFormat(template, lambda messages: chat_text(tokenizer, messages), config.library, cells)


def load_model(
    name: str, prompt: PromptConfig | None = None, loading: LoadingConfig | None = None, *, full: bool = False
) -> LanguageModel:
    """Load a model onto the GPU if there is one, else the CPU.

    ``full``: all its weights are to be trained, so they are held in float32 whatever it computes in.

    Raises:
        ModelError: there is no such model, or it cannot be used: no chat template, no safetensors.
        ConfigError: 4-bit weights are wanted, and bitsandbytes is not installed; or the device cannot do what is wanted.
    """
    loading = loading or LoadingConfig()
    need_for_loading(loading)
    tokenizer = load_tokenizer(name)
    device = device_of(loading)
    cuda = device.type == "cuda"
    # A CPU searches in float32 unless it is told otherwise.
    half = not full and (cuda or loading.dtype != "auto")
    kind = compute_type(loading.dtype, device) if half else torch.float32
    folder = model_folder(name, weights=True)
    refused = "expected a Hugging Face causal language model with safetensors — check the name, or its config.json"
    with refusing(lambda why: ModelError(f"--model {name}: cannot be loaded ({why}); {refused}")):
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            config=mended_configuration(folder),
            output_loading_info=True,
            dtype=kind if cuda else torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            device_map={"": device} if cuda else None,
            quantization_config=_four_bits(kind) if loading.use_4bit_quantization else None,
        )
        network: PreTrainedModel = loaded[0]
        check_weights(network, tokenizer, loaded[1]["missing_keys"], loaded[1]["unexpected_keys"])
        check_settings(network)
        attention.install(network)
        network.eval()
        layer: Any
        for layer in network.modules():
            if hasattr(layer, "support_avx512bf16_for_cpu"):
                # bitsandbytes' kernel of such CPUs has no gradient: what lies below its layers would silently learn nothing right.
                layer.support_avx512bf16_for_cpu = False
        check_computing(network)
    words = prompt_format(name, tokenizer, prompt or PromptConfig())
    return LanguageModel(name, network, tokenizer, words, dtype=loading.dtype)


def _four_bits(kind: torch.dtype) -> BitsAndBytesConfig:
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=kind,
    )
