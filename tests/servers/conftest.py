"""llama.cpp's server with the embedded model, and litellm's proxy before it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from arcloop.model.card import model_folder
from tests import ROOT, serving

ENVIRONMENT = ROOT / ".venv-servers"


@pytest.fixture(scope="session")
def llama_cpp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a llama.cpp server with the embedded model."""
    folder, port = tmp_path_factory.mktemp("llama"), serving.free_port()
    convert = [ENVIRONMENT / "bin" / "python", Path(__file__).parent / "to_gguf.py"]
    subprocess.run([*convert, model_folder("embedded"), folder / "served.gguf"], check=True)
    server = [str(ENVIRONMENT / "llama" / "bin" / "llama-server"), "--model", str(folder / "served.gguf")]
    options = ["--alias", "served", "--ctx-size", "8192", "--parallel", "4", "--threads", "1", "--no-webui"]
    command = [*server, *options, "--host", "127.0.0.1", "--port", str(port)]
    with serving.serving(command, f"http://127.0.0.1:{port}/health", folder / "log", {}):
        yield f"http://127.0.0.1:{port}/v1"


@pytest.fixture(scope="session")
def litellm(llama_cpp: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a litellm proxy before that server, for chats and for completions."""
    with serving.litellm(llama_cpp, "served", tmp_path_factory.mktemp("litellm")) as url:
        yield url
