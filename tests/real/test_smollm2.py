"""SmolLM2-135M-Instruct from its GGUF file: the whole of docs/models.md, and the servers that people run such a model with."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from rich.console import Console
from rich.table import Table

from arcloop.runs.rundir import RunDir
from tests.models_page import valid_code, walk
from tests.serving import KEY, litellm, transformers_serve
from tests.smollm2 import smollm2

LONGEST = "300"
"""Tokens of a completion; a program of the grammar has fewer, an essay has more."""
SMALLER = {
    "search --tasks arc1-train --limit 5": ["--n-predictions", "4", "--max-output-tokens", LONGEST],
    "search --tasks arc1-train --limit 100": ["--n-predictions", "8"],
    "search --tasks arc1-train --limit 2": ["--limit", "1", "--n-predictions", "2", "--max-output-tokens", LONGEST],
    "train": ["--batch-size", "4", "--max-tokens", "1500"],
    "train --train-dataset-path sets/grammar --model MODEL --max-steps 4": ["--max-steps", "2"],
    "run": ["--limit", "2", "--programs", "8", "--rounds", "2", "--sampling.max-tokens", LONGEST],
}


def arcloop(words: list[str], folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "arcloop.cli", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page's commands were run."""
    folder = tmp_path_factory.mktemp("page")
    table = Table("command", "seconds")

    def run(words: list[str]) -> str:
        start = time.monotonic()
        printed = arcloop(words, folder)
        table.add_row(" ".join(words).replace(str(smollm2()), "MODEL"), f"{time.monotonic() - start:.0f}")
        return printed

    walk(smollm2(), SMALLER, run)
    Console(width=200).print(table)
    return folder


def test_sixty_steps_teach_it_to_write_programs(folder: Path) -> None:
    before, after = (valid_code(folder / "runs" / name) for name in ("first-look", "taught-look"))
    print(f"\nvalid code before {before:.0%}, after 60 steps {after:.0%}")
    assert before < 0.5 < after


def test_it_goes_on_learning_from_there(folder: Path) -> None:
    run = RunDir.open(folder / "runs" / "taught")
    learned = run.group(0, 0).path / "adapter" / "adapter_model.safetensors"
    print(f"\nvalid code of its rounds: {valid_code(run.path):.0%}")
    assert run.read("submission.json") and learned.is_file()


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[tuple[str, str]]:
    """Address of ``transformers serve`` with the taught model, and the model's name there."""
    model = folder / "models" / "taught"
    with transformers_serve(model, folder / "serve.log") as url:
        yield url, str(model)


def search(folder: Path, name: str, url: str, model: str, api: str) -> None:
    words = ["search", "--tasks", "arc1-train", "--limit", "1", "--model", str(folder / "models" / "taught")]
    server = ["--sampler", "openai", "--server.base-url", url, "--server.model", model, "--server.api", api]
    arcloop([*words, *server, "--n-predictions", "4", "--max-output-tokens", LONGEST, "--out", f"runs/{name}"], folder)
    print(f"\nvalid code from {name}: {valid_code(folder / 'runs' / name):.0%}")
    assert valid_code(folder / "runs" / name) > 0


def test_it_is_served_by_transformers(folder: Path, served: tuple[str, str]) -> None:
    search(folder, "served", *served, "completions")


def test_it_is_served_through_litellm(
    folder: Path, served: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCLOOP_API_KEY", KEY)
    with litellm(*served, tmp_path) as url:
        assert httpx.get(f"{url}/models", headers={"Authorization": f"Bearer {KEY}"}).status_code == 200
        search(folder, "proxied", url, "served", "chat")
