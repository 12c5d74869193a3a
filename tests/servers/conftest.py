"""llama.cpp's server with the embedded model, and litellm's proxy before it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from arcloop.model.card import model_folder
from tests import ROOT
from tests.serving import free_port, serving

ENVIRONMENT = ROOT / ".venv-servers"
KEY = f"sk-{'0123456789abcdef' * 4}"
"""Which the proxy wants to be given."""


@pytest.fixture(scope="session")
def llama_cpp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a llama.cpp server with the embedded model."""
    folder, port = tmp_path_factory.mktemp("llama"), free_port()
    convert = [ENVIRONMENT / "bin" / "python", Path(__file__).parent / "to_gguf.py"]
    subprocess.run([*convert, model_folder("embedded"), folder / "served.gguf"], check=True)
    server = [str(ENVIRONMENT / "llama" / "bin" / "llama-server"), "--model", str(folder / "served.gguf")]
    options = ["--alias", "served", "--ctx-size", "8192", "--parallel", "4", "--threads", "1", "--no-webui"]
    command = [*server, *options, "--host", "127.0.0.1", "--port", str(port)]
    with serving(command, f"http://127.0.0.1:{port}/health", folder / "log", {}):
        yield f"http://127.0.0.1:{port}/v1"


@pytest.fixture(scope="session")
def litellm(llama_cpp: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a litellm proxy before that server, for chats and for completions."""
    folder, port = tmp_path_factory.mktemp("litellm"), free_port()
    behind = {"api_base": llama_cpp, "api_key": "none"}
    models = [
        {"model_name": "served", "litellm_params": {"model": "openai/served", **behind}},
        {"model_name": "text", "litellm_params": {"model": "text-completion-openai/served", **behind}},
    ]
    # JSON is YAML.
    (folder / "config.yaml").write_text(json.dumps({"model_list": models}))
    command = [str(ENVIRONMENT / "bin" / "litellm"), "--config", str(folder / "config.yaml"), "--host", "127.0.0.1"]
    ready = f"http://127.0.0.1:{port}/health/liveliness"
    # Without a list of prices from the network, and at home in the test's folder.
    quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "HOME": str(folder), "LITELLM_MASTER_KEY": KEY}
    with serving([*command, "--port", str(port)], ready, folder / "log", quiet):
        yield f"http://127.0.0.1:{port}/v1"
