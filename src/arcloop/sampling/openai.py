"""Completions from an OpenAI-compatible server: vLLM, SGLang, llama.cpp, ``transformers serve``.

Prompts are the rendered chat, sent as token ids where the server takes them, so that no second
beginning-of-text token is put before them; else as text. See ``asking`` for what becomes of requests,
and docs/samplers.md for what to expect of which server.
"""

import uuid
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from arcloop.config import SamplingConfig, ServerConfig
from arcloop.model.language import adds_bos, answer_end, chat_ids
from arcloop.prompts.format import PromptFormat
from arcloop.records import Completion, Prompt
from arcloop.sampling.lora import check_lora
from arcloop.sampling.port import Draw
from arcloop.sampling.refusal import Content, RefusedError
from arcloop.sampling.requests import Asking
from arcloop.sampling.server import Server

__all__ = ["OpenAISampler"]


class OpenAISampler(Asking):
    """A ``Sampler`` on ``/v1/completions``: the model continues the rendered chat, as it does in training."""

    _path = "/completions"

    def __init__(
        self,
        name: str,
        tokenizer: PreTrainedTokenizerBase,
        format_: PromptFormat,
        sampling: SamplingConfig,
        config: ServerConfig,
        *,
        learns: bool = False,
        server: Server | None = None,
    ) -> None:
        """``name`` and ``tokenizer`` are those of the model that the server serves; ``learns``: adapters will be loaded.

        Raises:
            ServerError: the server cannot be reached, does not serve the model, or cannot load adapters.
            ConfigError: ``sampling`` was not resolved.
        """
        server = server or Server(config)
        if learns:
            server.check_adapters()
        super().__init__(server.served_model(name), format_, sampling, server, config.concurrency)
        self._tokenizer = tokenizer
        self._settings |= {"logprobs": 0, "stop_token_ids": [answer_end(name, tokenizer)]}
        self._takes_ids: bool | None = None  # until the first answer

    def length(self, text: str) -> int:
        """See ``Sampler``."""
        return len(chat_ids(self._tokenizer, text))

    def use_adapter(self, folder: Path | None) -> None:
        """See ``Sampler``; ``folder`` must be readable by the server.

        Raises:
            ServerError: the server cannot load it.
            ConfigError: it is of a kind that vLLM cannot compute with.
        """
        before, self._model = self._model, self._base
        if before != self._base:
            self._server.unload_adapter(before)
        if folder is not None:
            check_lora(folder)
            # A new name each time: vLLM finds keys and values of earlier prompts by the adapter's name.
            name = f"arcloop-{uuid.uuid4().hex}"
            self._server.load_adapter(name, folder)
            self._model = name

    def _body(self, prompt: Prompt) -> Content:
        text = prompt.text
        if self._takes_ids is not False:
            return {"prompt": chat_ids(self._tokenizer, text)}
        bos = self._tokenizer.bos_token
        # The server's tokenizer will put it there.
        return {"prompt": text.removeprefix(str(bos)) if bos and adds_bos(self._tokenizer) else text}

    def _on_trial(self, body: Content) -> bool:
        return isinstance(body["prompt"], list) and self._takes_ids is not True

    def _adapt(self, refusal: RefusedError, body: Content, without: set[str]) -> bool:
        if refusal.one:
            return False
        named = "prompt" in str(refusal).lower()
        if not (self._on_trial(body) and named) and super()._adapt(refusal, body, without):
            return True
        # Whatever a server says to token ids that it does not take, text may do.
        if (
            self._on_trial(body)
            and refusal.status in range(400, 502)
            and refusal.status not in (401, 402, 403, 404, 429)
        ):
            self._takes_ids = False
            without.clear()
            return True
        return False

    def _completions(self, content: Content, prompt: Prompt, draws: tuple[Draw, ...]) -> list[Completion]:
        made = super()._completions(content, prompt, draws)
        self._takes_ids = self._takes_ids is not False
        return made
