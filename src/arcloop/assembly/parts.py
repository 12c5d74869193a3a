"""Config → the sampler and the trainer of a run."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from arcloop.config import Config
from arcloop.errors import ServerError
from arcloop.hindsight.anchors import Anchors
from arcloop.imports.imported import ImportSampler
from arcloop.model.card import read_card
from arcloop.model.description import adapter_rank
from arcloop.model.needs import need_for_loading, need_for_training, need_package
from arcloop.prompts.format import PromptFormat
from arcloop.records import Task
from arcloop.runs.rundir import RunDir
from arcloop.sampling import Sampler
from arcloop.sampling.grammar import GrammarSampler
from arcloop.sampling.lora import check_lora
from arcloop.sampling.replay import ReplaySampler
from arcloop.training import Fit, Fitting, Trainer
from arcloop.training.examples import read_set

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

    from arcloop.model.language import LanguageModel

__all__ = ["Parts", "make_parts"]

# Imports of torch are inside the functions, because they take seconds that an error in the arguments should not.


@dataclass(frozen=True)
class Parts:
    """What searches and what learns."""

    sampler: Sampler
    trainer: Trainer | None
    """None beside a sampler without weights, and where nothing is to be learned."""
    anchors: Anchors | None = None
    """Where anchor rows come from; None where nothing is learned."""
    apart: bool = False
    """Do sampler and trainer share neither network nor device, so that both can work at a time?"""
    summary: Callable[[], str] = lambda: ""
    """What was used of a server so far, in one line; empty where there is none."""
    by_rounds: bool = False
    """Do sampler and trainer share a device that it takes long to hand over, so that a whole round is searched before it is learned from?"""
    spared: Callable[[], dict[str, Any]] = dict
    """Settings that memory has allowed no more of than this, by their dotted names; empty where it never ran out."""


@contextlib.contextmanager
def make_parts(
    config: Config, tasks: Sequence[Task], tell: Callable[[str], None] = lambda line: None, devices: int = 1
) -> Iterator[Parts]:
    """The sampler and the trainer of a resolved configuration, for as long as the context lasts.

    ``tasks`` are those of the run, which random programs are made for; ``tell`` is given a line on what was chosen so
    that the model fits into a GPU; ``devices``: GPUs, or shares of the cores, over which a learning is spread.

    Raises:
        ArcloopError: the model, the server or the engine cannot be had, or what a later learning needs.
    """
    _find_what_is_needed(config)
    if config.sampler == "grammar":
        yield Parts(GrammarSampler(tasks, config.prompt.template or read_card(config.model).template), None)
    elif config.sampler == "replay":
        yield _replay(config)
    elif config.sampler == "imported":
        with _imported(config, tasks) as parts:
            yield parts
    else:
        make = {"vllm": _vllm, "openai": _openai}.get(config.sampler)
        # A device that was named is the one that is wanted.
        devices = devices if config.loading.device_map is None else 1
        with _transformers(config, tell, devices) if make is None else make(config, devices) as parts:
            yield parts if config.learn else replace(parts, trainer=None, by_rounds=False)


def _find_what_is_needed(config: Config) -> None:
    """Raise ``ConfigError`` for what is missing, also where only the learning of a later round needs it."""
    if config.sampler == "vllm":
        need_package("vllm", "sampler vllm")
        if config.engine.quantization == "bitsandbytes":
            need_package("vllm-bnb-plugin", "engine.quantization bitsandbytes", "vllm_bnb_plugin")
    if config.learns or config.sampler == "transformers":
        need_for_loading(config.loading)
    if config.learns:
        need_for_training(config.training)


def _replay(config: Config) -> Parts:
    source = RunDir.open(Path(config.source or ""))
    template = config.prompt.template or read_card(config.model).template
    return Parts(ReplaySampler(str(source.path), template, source.groups(), source.answered), None)


@contextlib.contextmanager
def _imported(config: Config, tasks: Sequence[Task]) -> Iterator[Parts]:
    template = config.prompt.template or read_card(config.model).template
    with tempfile.TemporaryDirectory(prefix="arcloop-import-") as folder:
        sampler = ImportSampler(
            Path(config.source or ""),
            config.imported,
            template,
            {task.id for task in tasks},
            config.programs,
            Path(folder) / "programs.sqlite",
        )
        with contextlib.closing(sampler):
            yield Parts(sampler, None)


@contextlib.contextmanager
def _transformers(config: Config, tell: Callable[[str], None], devices: int) -> Iterator[Parts]:
    from arcloop.footprint.device import fitted
    from arcloop.model.language import load_model
    from arcloop.sampling.transformers import TransformersSampler
    from arcloop.training.peers import Peers
    from arcloop.training.trainer import LoraTrainer

    training = config.training if config.learns else None
    rank = 0 if config.adapter is None else adapter_rank(Path(config.adapter))
    found = fitted(config.model, config.loading, config.sampling, training, rank, tell)
    model = load_model(config.model, config.prompt, found.loading)
    sampler = TransformersSampler(model, found.sampling or config.sampling)
    settings = found.training or config.training
    began = sampler.limits

    def spared() -> dict[str, Any]:
        less: dict[str, Any] = {}
        if sampler.limits != began:
            less["sampling.rows"], less["sampling.prefill_tokens"] = sampler.limits
        if model.pack_limit is not None:
            less["training.pack_tokens"] = model.pack_limit
        if model.checkpointing and not settings.gradient_checkpointing:
            less["training.gradient_checkpointing"] = True
        return less

    anchors = _anchors(config, model.format, model.tokenizer)
    with contextlib.closing(Peers(config.model, found.loading, settings, devices, stay=True)) as peers:
        yield Parts(sampler, LoraTrainer(model, settings, peers), anchors, spared=spared)


@contextlib.contextmanager
def _vllm(config: Config, devices: int) -> Iterator[Parts]:
    from arcloop.model.language import load_tokenizer, prompt_format
    from arcloop.sampling.vllm import VllmSampler

    tokenizer = load_tokenizer(config.model)
    format_ = prompt_format(config.model, tokenizer, config.prompt)
    rank = config.training.lora_r if config.learns else None
    if config.adapter is not None:
        check_lora(Path(config.adapter))
        rank = adapter_rank(Path(config.adapter))
    trainer = _LateTrainer(config, devices, before=lambda: sampler.rest(), stays=True)
    sampler = VllmSampler(
        config.model, tokenizer, format_, config.sampling, config.engine, rank, before_waking=trainer.rest
    )
    try:
        yield Parts(sampler, trainer, _anchors(config, format_, tokenizer), by_rounds=True)
    finally:
        trainer.close()
        sampler.close()


@contextlib.contextmanager
def _openai(config: Config, devices: int) -> Iterator[Parts]:
    from arcloop.model.language import load_tokenizer, prompt_format
    from arcloop.sampling.chat import ChatSampler, chat_json
    from arcloop.sampling.openai import OpenAISampler
    from arcloop.sampling.server import Server

    server = Server(config.server)
    sampler: Sampler
    anchors = None
    if config.server.api == "chat":
        card = read_card(config.model)
        template, cells = config.prompt.template or card.template, config.prompt.cells or card.cells
        format_ = PromptFormat(template, chat_json, config.prompt.library, cells)
        sampler = ChatSampler(config.model, format_, config.sampling, config.server, server=server)
    else:
        tokenizer = load_tokenizer(config.model)
        format_ = prompt_format(config.model, tokenizer, config.prompt)
        learns = config.learns or config.adapter is not None
        anchors = _anchors(config, format_, tokenizer)
        sampler = OpenAISampler(
            config.model, tokenizer, format_, config.sampling, config.server, learns=learns, server=server
        )
    trainer = _LateTrainer(config, devices)
    try:
        yield Parts(sampler, trainer, anchors, True, lambda: server.usage.line(config.server))
    finally:
        trainer.close()
        # The server outlives the run; the run's adapter need not stay in it.
        with contextlib.suppress(ServerError):
            sampler.use_adapter(None)


def _anchors(config: Config, format_: PromptFormat, tokenizer: "PreTrainedTokenizerBase") -> Anchors:
    from arcloop.model.language import answer_end

    end = str(tokenizer.decode([answer_end(config.model, tokenizer)]))
    return Anchors(config.anchors, format_, lambda path: read_set(Path(path), format_.chat, end))


class _LateTrainer:
    """A ``LoraTrainer`` whose network is loaded when there is something to train, beside a sampler that has its own."""

    def __init__(
        self, config: Config, devices: int, before: Callable[[], None] = lambda: None, stays: bool = False
    ) -> None:
        """``before`` is called before the network takes memory. ``stays``: it leaves the GPU when it is told to, by ``rest``.

        Otherwise it leaves after each training. From the other ``devices`` it leaves then where the engine may be on them.
        """
        from arcloop.training.peers import Peers

        self._config = config
        alone = stays and config.engine.tensor_parallel_size == 1
        self._peers = Peers(config.model, config.loading, config.training, devices, stay=alone)
        self._before = before
        self._stays = stays
        self._model: LanguageModel | None = None

    def fit(self, asked: Fitting) -> Fit:
        """See ``Trainer``."""
        from arcloop.model.language import load_model
        from arcloop.training.trainer import LoraTrainer

        self._before()
        if self._model is None:
            self._model = load_model(self._config.model, self._config.prompt, self._config.loading)
            self._home = self._model.device
        self._move(self._home)
        try:
            return LoraTrainer(self._model, self._config.training, self._peers).fit(asked)
        finally:
            if not self._stays:
                self.rest()

    def close(self) -> None:
        """End those who train along."""
        self._peers.close()

    def rest(self) -> None:
        """Wait in the machine's memory, not on the GPU."""
        import torch

        if self._model is not None and self._home.type == "cuda":
            self._move(torch.device("cpu"))
            torch.cuda.empty_cache()

    def _move(self, device: "torch.device") -> None:
        if self._model is not None and self._model.device != device:
            # As a plain module: the signature that transformers gives to ``to`` is not one that can be checked.
            cast("torch.nn.Module", self._model.network).to(device)
