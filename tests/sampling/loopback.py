"""A little OpenAI-compatible server on loopback that does as a test tells it."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Reply = tuple[int, Any, dict[str, str]]
"""Status, JSON content or bytes, headers."""


class Loopback:
    """``answer`` makes the reply to each POST from its path and content; all of them are kept."""

    def __init__(self, answer: Callable[[str, dict[str, Any]], Reply], models: list[Any] | None = None) -> None:
        self.asked: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._reply(200, {"data": [{"id": "served"}] if models is None else models}, {})

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                if raw:  # else who asked has gone away
                    body = json.loads(raw)
                    outer.asked.append((self.path, body, {name.lower(): value for name, value in self.headers.items()}))
                    self._reply(*answer(self.path, body))

            def _reply(self, status: int, content: Any, headers: dict[str, str]) -> None:
                raw = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in {"content-type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def choices(body: dict[str, Any], count: int | None = None) -> Reply:
    """A good answer with as many choices as asked, or ``count``."""
    made = [
        {"text": f"text {k}", "finish_reason": "stop", "logprobs": {"token_logprobs": [-1.0, -0.5]}}
        for k in range(body.get("n", 1) if count is None else count)
    ]
    return 200, {"choices": made, "usage": {"prompt_tokens": 10, "completion_tokens": 2 * len(made)}}, {}
