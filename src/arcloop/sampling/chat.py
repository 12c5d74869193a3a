"""Completions from a chat service, for those that offer no other interface: search alone.

The text of a prompt is its list of messages as JSON: what the service is sent, and what the run records.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from arcloop.config import SamplingConfig, ServerConfig
from arcloop.errors import ConfigError
from arcloop.prompts.format import PromptFormat
from arcloop.records import Message, Prompt
from arcloop.sampling.refusal import Content
from arcloop.sampling.requests import Asking
from arcloop.sampling.server import Server

__all__ = ["ChatSampler", "chat_json"]


class ChatSampler(Asking):
    """A ``Sampler`` on ``/v1/chat/completions``.

    The model's tokenizer is not known: a prompt's length is estimated, at 3 characters a token.
    """

    _path = "/chat/completions"
    _renames = True

    def __init__(
        self,
        name: str,
        format_: PromptFormat,
        sampling: SamplingConfig,
        config: ServerConfig,
        *,
        server: Server | None = None,
    ) -> None:
        """``format_`` must render with ``chat_json``, and leave the beginning of the answer to the model.

        Raises:
            ServerError: the server cannot be reached, or does not serve the model.
            ConfigError: the template begins the answer, or ``sampling`` was not resolved.
        """
        if format_.prefix:
            raise ConfigError(
                f"prompt.template is {format_.name}, which begins the answer itself; expected one that a chat "
                "service can answer — pass --prompt.template plain"
            )
        server = server or Server(config)
        super().__init__(server.served_model(name), format_, sampling, server, config.concurrency)
        self._settings["logprobs"] = True

    def length(self, text: str) -> int:
        """See ``Sampler``: an estimate."""
        return -(-len(text) // 3)

    def use_adapter(self, folder: Path | None) -> None:
        """See ``Sampler``; nothing but the base model.

        Raises:
            ConfigError: an adapter is asked for.
        """
        if folder is not None:
            raise ConfigError(
                f"server.api is 'chat', asked to use the adapter {folder}; expected completions, which can learn "
                "— pass --server.api completions or --rounds 1"
            )

    def _body(self, prompt: Prompt) -> Content:
        return {"messages": json.loads(prompt.text)}


def chat_json(messages: Sequence[Message]) -> str:
    """Messages as the JSON that a chat service takes: a ``Chat`` for ``ChatSampler``'s format."""
    return json.dumps([{"role": m.role, "content": m.content} for m in messages], ensure_ascii=False)
