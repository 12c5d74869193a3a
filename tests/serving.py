"""Real servers, for as long as a test needs them."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

__all__ = ["free_port", "serving"]

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
