"""An OpenAI-compatible server: requests that are repeated where that helps, its models, its adapters.

Rate limits (429) and overload are waited out, for as long as the server says (``Retry-After``) or
twice as long each time, with jitter. The key is taken out of an answer before anything is read of it.
"""

import asyncio
import email.utils
import json
import os
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx

from arcloop.config import ServerConfig
from arcloop.errors import ServerError
from arcloop.sampling.key import Key
from arcloop.sampling.refusal import PASSING, Content, RefusedError
from arcloop.sampling.reply import read, refused
from arcloop.sampling.stream import stream

__all__ = ["Server", "Usage"]

T = TypeVar("T")

_ADDRESS = "http://127.0.0.1:8000/v1"
_LONGEST = 120.0
"""Seconds between two tries at the most, unless the server asks for more."""
_REDIRECTS = 3
"""Redirections that are followed, one after the other."""
_LARGEST = 64 << 20
"""Bytes of an answer at the most, unpacked: some thousand completions have less."""
_QUOTA = 900.0
"""A server that asks for more seconds than this is asked again after these: a used-up daily quota is to stop the run."""


@dataclass
class Usage:
    """What was asked of a server since the process began."""

    requests: int = 0
    """Requests sent, repetitions counted."""
    repeated: int = 0
    """Of those, repetitions."""
    prompt_tokens: int = 0
    """Tokens read, as the server counts them."""
    completion_tokens: int = 0
    """Tokens sampled, as the server counts them."""

    def line(self, config: ServerConfig) -> str:
        """All of it in one line, with what it cost if the configuration has prices."""
        cost = self.prompt_tokens * config.prompt_price + self.completion_tokens * config.completion_price
        return (
            f"server      {self.requests:,} requests, {self.repeated:,} of them repeated; "
            f"{self.prompt_tokens:,} prompt tokens, {self.completion_tokens:,} sampled"
            + (f"; cost {cost / 1e6:,.4f}" if cost else "")
        )


class Server:
    """The server of a configuration. Requests run in the event loop of whoever calls ``post``."""

    def __init__(
        self, config: ServerConfig, wait: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep
    ) -> None:
        """``wait`` lets time pass; tests pass another.

        Raises:
            ConfigError: the environment's key, or its address, is none.
        """
        # What holds for an address in the configuration, such as that it has no password in it, holds for this one too.
        self._config = replace(config, base_url=config.base_url or os.environ.get("OPENAI_BASE_URL") or _ADDRESS)
        self.address = str(self._config.base_url).rstrip("/")
        self.usage = Usage()
        self.key = Key()
        self._wait = wait
        self._not_before = 0.0

    def client(self) -> httpx.AsyncClient:
        """A connection pool for ``post``; to be closed by whoever asked for it."""
        return httpx.AsyncClient(
            headers=self.key.headers,
            # The rest is bounded together: a server that sends a blank now and then is never silent.
            timeout=httpx.Timeout(None, connect=10.0),
            limits=httpx.Limits(max_connections=self._config.concurrency),
        )

    async def post(self, client: httpx.AsyncClient, path: str, body: Content, trial: bool = False) -> Content:
        """The server's JSON answer to ``body``, asked again as often as configured.

        ``trial``: after an error of the server's own (500, 501) it is not asked again, as another form may do better.

        Raises:
            RefusedError: it said no, or nothing, to the end.
            ServerError: it does not know the key, the address or the model; nothing else will succeed either.
        """
        tries = 0.0
        while True:
            try:
                return self._read(*await self._sent(client, "POST", path, body), choices=True)
            except RefusedError as refusal:
                # A server that says when to come back is well, and busy with our other requests.
                tries += 0.1 if refusal.told else 1.0
                passing = refusal.status in PASSING and not (trial and refusal.status == 500)
                if refusal.one or (refusal.status and not passing) or tries > self._config.retries:
                    raise
            self.usage.repeated += 1
            # Half of it at random: clients that were refused together should not come back together.
            await self._wait(min(2.0 ** int(tries - 0.5), _LONGEST) * random.uniform(0.5, 1.0))

    def served_model(self, wanted: str) -> str:
        """The name of the model to ask for: the configured one, or the only one that is served, or ``wanted``.

        Raises:
            ServerError: the server cannot be reached, or the choice is not clear.
        """
        if self._config.model is not None:
            return self._config.model
        try:
            content = self._run(self._models)
        except RefusedError as refusal:
            raise self._error(
                f"its models cannot be listed ({refusal}); expected a running OpenAI-compatible server",
                "start it, check --server.base-url, or name the model with --server.model",
            ) from None
        data = content.get("data")
        # vLLM lists loaded adapters among the models, with the model that they belong to as their parent.
        entries = [m for m in data if isinstance(m, dict) and not m.get("parent")] if isinstance(data, list) else []
        names = [str(entry["id"]) for entry in entries if "id" in entry]
        if wanted in names:
            return wanted
        if len(names) == 1:
            return names[0]
        raise self._error(
            f"serves {', '.join(names) or 'nothing that it lists'}", "pass --server.model with one of them"
        )

    def check_adapters(self) -> None:
        """Make sure that the server can load adapters while it runs.

        Raises:
            ServerError: it cannot.
        """
        try:
            # Lacks what is needed: a server that offers it says so, another does not know the address.
            self._tell("/load_lora_adapter", {})
        except RefusedError as refusal:
            if refusal.status in (404, 405, 501):
                raise self._cannot_learn() from None
            if refusal.status == 0:
                raise self._error(f"cannot be reached ({refusal})", "start it, or check --server.base-url") from None

    def load_adapter(self, name: str, folder: Path) -> None:
        """Serve the adapter saved in ``folder``, which the server must be able to read, under ``name``.

        Raises:
            ServerError: it cannot.
        """
        body = {"lora_name": name, "lora_path": str(folder.resolve())}
        try:
            self._tell("/load_lora_adapter", body)
        except RefusedError as refusal:
            raise self._error(
                f"cannot load the adapter in {folder} ({refusal}); expected a server that reads this folder and has "
                "--max-lora-rank of at least --training.lora-r",
                "start it so, then resume the run",
            ) from None

    def unload_adapter(self, name: str) -> None:
        """Stop serving an adapter; one that the server has forgotten by itself is no error."""
        try:
            self._tell("/unload_lora_adapter", {"lora_name": name})
        except RefusedError as refusal:
            if refusal.status not in (400, 404):
                raise self._error(f"cannot unload an adapter ({refusal})", "restart it, then resume the run") from None

    def stop(self, refusal: RefusedError) -> ServerError:
        """The error for a run that goes no further because requests are refused one after the other."""
        return self._error(
            f"requests fail one after the other, the last with: {refusal}; expected a server that answers",
            "mend it, then resume the run",
        )

    def _tell(self, path: str, body: Content) -> None:
        """Have the server do something; vLLM answers in words."""

        async def told(client: httpx.AsyncClient) -> Content:
            text, kind = await self._sent(client, "POST", path, body)
            return self._read(text, kind) if text.lstrip().startswith("{") else {}

        self._run(told)

    async def _models(self, client: httpx.AsyncClient) -> Content:
        return self._read(*await self._sent(client, "GET", "/models", None))

    def _read(self, text: str, kind: str, choices: bool = False) -> Content:
        try:
            return read(text, kind, choices)
        except RefusedError as refusal:
            raise self._known(refusal) from None

    async def _sent(self, client: httpx.AsyncClient, method: str, path: str, body: Content | None) -> tuple[str, str]:
        """Text and content type of a good answer, without the key: what is read of it later may be cut anywhere."""
        await self._turn()
        self.usage.requests += 1
        try:
            async with asyncio.timeout(self._config.timeout):
                response, text = await _answer(client, method, self.address + path, body)
                for _ in range(_REDIRECTS):
                    if not response.is_redirect or response.next_request is None:
                        break
                    response, text = await _answer(client, method, self._elsewhere(response), body)
        except TimeoutError:
            raise RefusedError(f"no whole answer came within {self._config.timeout:g} seconds") from None
        except httpx.HTTPError as error:
            raise RefusedError(self.key.out_of_message(f"{type(error).__name__} {error}".strip())) from None
        except httpx.InvalidURL as error:
            raise self._error(
                f"is no address ({self.key.out_of_message(str(error))})", "check --server.base-url"
            ) from None
        if response.is_redirect:
            raise self._redirected(response.headers.get("location", "nowhere"))
        text = self.key.out_of(text)
        if not response.is_success:
            raise self._refused(response, text)
        return text, self.key.out_of(response.headers.get("content-type", ""))

    def _elsewhere(self, response: httpx.Response) -> httpx.URL:
        """Where a redirection leads, if that is the same server."""
        here, there = response.request.url, response.next_request.url if response.next_request else response.request.url
        if (here.scheme, here.host, here.port) != (there.scheme, there.host, there.port):
            raise self._redirected(str(there))
        return there

    def _redirected(self, address: str) -> ServerError:
        address = self.key.out_of_message(address)
        return self._error(
            f"redirects to {address:.120}; expected an API there", "pass its address as --server.base-url"
        )

    async def _turn(self) -> None:
        """Wait until the server is ready again, if it said when."""
        if (left := self._not_before - time.monotonic()) > 0:
            await self._wait(left)

    def _refused(self, response: httpx.Response, text: str) -> RefusedError:
        asked = _retry_after(response.headers.get("retry-after", "")) if response.status_code in PASSING else 0.0
        self._not_before = max(self._not_before, time.monotonic() + min(asked, _QUOTA))
        return self._known(refused(text, response.status_code, told=0 < asked < _QUOTA))

    def _known(self, refusal: RefusedError) -> RefusedError:
        """The refusal without our key in it; one that no other request will escape ends the run.

        Raises:
            ServerError: the key is refused.
        """
        if refusal.status in (401, 403) and not refusal.one:
            raise self._error(
                f"refuses the key ({refusal.status}); expected a valid one in the environment", "set ARCLOOP_API_KEY"
            )
        refusal.args = (self.key.out_of_message(str(refusal)),)
        return refusal

    def _cannot_learn(self) -> ServerError:
        return self._error(
            "cannot load adapters; expected vLLM started with VLLM_ALLOW_RUNTIME_LORA_UPDATING=True and --enable-lora",
            "start such a server, use another --sampler, or search alone with --rounds 1 or --no-learn",
        )

    def _error(self, what: str, next_step: str) -> ServerError:
        return ServerError(f"{self.address}: {what} — {next_step}")

    def _run(self, ask: Callable[[httpx.AsyncClient], Coroutine[Any, Any, T]]) -> T:
        async def main(emit: Callable[[T], None]) -> None:
            async with self.client() as client:
                emit(await ask(client))

        (content,) = stream(main)
        return content


async def _answer(
    client: httpx.AsyncClient, method: str, address: str | httpx.URL, body: Content | None
) -> tuple[httpx.Response, str]:
    """An answer and its text; one that is too long is not read to its end, and refused."""
    async with client.stream(method, address, json=body) as response:
        content = bytearray()
        async for part in response.aiter_bytes():
            content += part
            if len(content) > _LARGEST:
                raise RefusedError(f"an answer of more than {_LARGEST >> 20} MB came", 200)
    # JSON may come in UTF-16 or 32 as well.
    return response, content.decode(json.detect_encoding(content), "replace")


def _retry_after(value: str) -> float:
    """Seconds that a server asks to wait, with a number or a date; 0 if it does not."""
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0
