"""Real servers, for as long as a test needs them."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests import ROOT

__all__ = ["KEY", "free_port", "litellm", "serving", "transformers_serve"]

KEY = f"sk-{'0123456789abcdef' * 4}"
"""Which the proxy wants to be given."""
_PATIENCE = 300
"""Seconds until a server has to be ready; vLLM takes a minute."""


def free_port() -> int:
    """A port of this machine that nobody listens to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def serving(command: Sequence[str], ready: str, log: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Run a server; the block begins when ``ready``, an address of it, answers with 200. What it says is in ``log``."""
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=os.environ | environment)
        try:
            deadline = time.monotonic() + _PATIENCE
            while True:
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-8000:]
                try:
                    if httpx.get(ready).status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                time.sleep(0.2)
            yield
        finally:
            process.terminate()
            process.wait()


@contextmanager
def transformers_serve(model: Path, log: Path) -> Iterator[str]:
    """``transformers serve`` with a model folder; yields the address of its API, where the folder is the model's name."""
    port = free_port()
    # Not its command line, which also needs what its other commands import.
    program = "import sys; from transformers.cli.serve import Serve; Serve(sys.argv[1], port=int(sys.argv[2]), host='127.0.0.1')"
    command = [sys.executable, "-c", program, str(model), str(port)]
    with serving(command, f"http://127.0.0.1:{port}/health", log, {"OMP_NUM_THREADS": "1"}):
        yield f"http://127.0.0.1:{port}/v1"


@contextmanager
def litellm(behind: str, model: str, folder: Path) -> Iterator[str]:
    """litellm's proxy before a server, from an environment of its own: ``served`` for chats, ``text`` for completions."""
    port = free_port()
    server = {"api_base": behind, "api_key": "none"}
    models = [
        {"model_name": "served", "litellm_params": {"model": f"openai/{model}", **server}},
        {"model_name": "text", "litellm_params": {"model": f"text-completion-openai/{model}", **server}},
    ]
    # JSON is YAML.
    (folder / "config.yaml").write_text(json.dumps({"model_list": models}))
    program = str(ROOT / ".venv-servers" / "bin" / "litellm")
    command = [program, "--config", str(folder / "config.yaml"), "--host", "127.0.0.1", "--port", str(port)]
    # Without a list of prices from the network, and at home in the test's folder.
    quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "HOME": str(folder), "LITELLM_MASTER_KEY": KEY}
    with serving(command, f"http://127.0.0.1:{port}/health/liveliness", folder / "log", quiet):
        yield f"http://127.0.0.1:{port}/v1"
