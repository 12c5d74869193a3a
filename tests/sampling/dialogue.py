"""What arcloop and a server said to each other, kept as a file: recorded from a server, or written after its documentation."""

import dataclasses
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx

from arcloop.config import AugmentConfig, PromptConfig, SamplingConfig, ServerConfig
from arcloop.model.language import load_tokenizer, prompt_format
from arcloop.prompts.format import PromptFormat, make_prompts
from arcloop.records import Completion
from arcloop.sampling import Draw, Request
from arcloop.sampling.chat import ChatSampler, chat_json
from arcloop.sampling.openai import OpenAISampler
from arcloop.sampling.server import Server
from tests.arc_grids import FLIP
from tests.sampling.loopback import Loopback, Reply

__all__ = ["FOLDER", "Dialogue", "dialogues", "recording", "replay", "sampled"]

FOLDER = Path(__file__).parent / "dialogues"
_DRAWS = 3
_KEPT = ("content-type", "retry-after", "location")
"""Headers of answers that mean something."""
Api = Literal["completions", "chat"]


@dataclass(frozen=True)
class Exchange:
    """A request and its answer."""

    path: str
    asked: dict[str, Any]
    """What was asked, without the prompt: of it only whether it was ``ids``, ``text`` or ``messages``."""
    status: int
    headers: dict[str, str]
    text: str


@dataclass(frozen=True)
class Dialogue:
    """All that was said while one prompt was completed."""

    server: str
    source: str
    """How it was recorded, or which page it follows."""
    api: Api
    exchanges: tuple[Exchange, ...]
    made: tuple[dict[str, Any], ...]
    """What has to become of it, in the order of the draws: fields of the completions."""

    def write(self, name: str) -> None:
        """Keep it."""
        text = json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=False, sort_keys=True)
        (FOLDER / f"{name}.json").write_text(text + "\n")


def dialogues() -> dict[str, Dialogue]:
    """Those that are kept, by name."""
    found = {}
    for path in sorted(FOLDER.glob("*.json")):
        content = json.loads(path.read_text())
        exchanges = tuple(Exchange(**one) for one in content.pop("exchanges"))
        found[path.stem] = Dialogue(**{**content, "exchanges": exchanges, "made": tuple(content["made"])})
    return found


def sampled(url: str, api: Api, max_tokens: int = 16) -> list[dict[str, Any]]:
    """Have a server complete one prompt, one request at a time; what was made, in the order of the draws."""
    tokenizer = load_tokenizer("embedded")
    config, sampling = ServerConfig(url, concurrency=1, retries=1), SamplingConfig(max_tokens=max_tokens)
    if api == "chat":
        format_ = PromptFormat("plain", chat_json)
        sampler: ChatSampler | OpenAISampler = ChatSampler(
            "served", format_, sampling, config, server=Server(config, _at_once)
        )
    else:
        format_ = prompt_format("embedded", tokenizer, PromptConfig())
        sampler = OpenAISampler("served", tokenizer, format_, sampling, config, server=Server(config, _at_once))
    (prompt,) = make_prompts(FLIP, 0, 1, 1, AugmentConfig(), format_, seed=1)
    draws = tuple(Draw(f"d{k}", 100 + k) for k in range(_DRAWS))
    made = {completion.id: completion for completion in sampler.sample([Request(prompt, draws)])}
    return [_fields(made[draw.completion_id]) for draw in draws]


@contextmanager
def recording(
    url: str, api: Api, server: str, source: str, model: str = "served"
) -> Iterator[tuple[str, list[Dialogue]]]:
    """The address of a go-between that keeps what is said, and a list that has the dialogue when the block ends.

    ``model``: its name there; what is kept calls it ``served``. Of the other tokens that were likely, which some servers
    list unasked, one is kept.
    """
    exchanges: list[Exchange] = []
    kept: list[Dialogue] = []

    def answer(path: str, body: dict[str, Any]) -> Reply:
        headers = {"Authorization": f"Bearer {os.environ.get('ARCLOOP_API_KEY', '')}"}
        told = httpx.post(url.removesuffix("/v1") + path, json=body | {"model": model}, headers=headers, timeout=300)
        headers = {name: told.headers[name] for name in _KEPT if name in told.headers}
        exchanges.append(
            Exchange(path, _without_prompt(body), told.status_code, headers, _short(told.text.replace(model, "served")))
        )
        return told.status_code, told.content, headers

    with Loopback(answer) as between:
        yield between.url, kept
    kept.append(Dialogue(server, source, api, tuple(exchanges), ()))


def replay(dialogue: Dialogue) -> tuple[list[dict[str, Any]], list[tuple[str, dict[str, Any]]]]:
    """Say the server's part again; what is made of it, and what was asked for."""
    told = iter(dialogue.exchanges)

    def answer(path: str, body: dict[str, Any]) -> Reply:
        exchange = next(told)
        return exchange.status, exchange.text.encode(), exchange.headers

    with Loopback(answer) as server:
        made = sampled(server.url, dialogue.api)
    return made, [(path, _without_prompt(body)) for path, body, _ in server.asked]


def _short(text: str) -> str:
    try:
        content = json.loads(text)
    except ValueError:
        return text
    for choice in content.get("choices", ()):
        for token in ((choice.get("logprobs") or {}).get("content")) or ():
            token["top_logprobs"] = token["top_logprobs"][:1]
    return json.dumps(content, ensure_ascii=False)


async def _at_once(seconds: float) -> None:
    """What is waited for in a test."""


def _without_prompt(body: dict[str, Any]) -> dict[str, Any]:
    kinds = {"prompt": "ids" if isinstance(body.get("prompt"), list) else "text", "messages": "messages"}
    return {name: kinds.get(name, value) for name, value in body.items()}


def _fields(completion: Completion) -> dict[str, Any]:
    return {
        "text": completion.text,
        "tokens": completion.tokens,
        "finish_reason": str(completion.finish_reason),
        "logprob": None if math.isnan(completion.logprob) else round(completion.logprob, 6),
    }
