"""One process that pretrains, on a clock of its own: each step takes a minute."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.distributed as dist
from safetensors.torch import load_file

from arcloop.config import PretrainConfig
from arcloop.model.language import LanguageModel
from arcloop.pretraining import replica as worker

Train = Callable[..., tuple[list[dict[str, float]], dict[str, torch.Tensor]]]


@pytest.fixture
def train(model: LanguageModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Train]:
    """Configuration, folder and, if it is to be killed, after how many steps → its log and its checkpoint."""
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    dist.init_process_group("gloo", init_method=(tmp_path / "rendezvous").as_uri(), rank=0, world_size=1)
    step = worker._step

    def run(
        config: PretrainConfig, name: str, killed: int = 99
    ) -> tuple[list[dict[str, float]], dict[str, torch.Tensor]]:
        now = [0.0]

        def timed(*arguments: object) -> tuple[float, int]:
            if now[0] == 60.0 * killed:
                raise KeyboardInterrupt
            now[0] += 60.0
            return step(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: now[0]))
        monkeypatch.setattr(worker, "_step", timed)
        folder = tmp_path / name
        model.tokenizer.save_pretrained(folder)
        try:
            worker.train(config, folder, 0)
        except KeyboardInterrupt:
            assert killed < 99
        log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
        return log, load_file(folder / worker.CHECKPOINT)

    yield run
    dist.destroy_process_group()


@pytest.fixture
def config(small: PretrainConfig) -> PretrainConfig:
    return replace(small, minutes=8, held_out=3, held_out_tasks=0, drawing=0.5, refinement=0.0)


def test_checkpoints_say_what_is_solved_and_measuring_changes_nothing(train: Train, config: PretrainConfig) -> None:
    plain, weights = train(config, "plain")
    log, same = train(replace(config, held_out_tasks=4), "measured")
    assert [line["steps"] for line in log] == [6, 8]
    assert all(0 <= line["programs_solved"] <= 1 and 0 <= line["drawings_solved"] <= 1 for line in log)
    assert [line | {"programs_solved": 0, "drawings_solved": 0} for line in plain] == [
        line | {"programs_solved": 0, "drawings_solved": 0} for line in log
    ]
    assert "programs_solved" not in plain[0]
    assert all(torch.equal(same[name], tensor) for name, tensor in weights.items())


def test_killed_and_resumed_it_ends_as_if_nothing_had_happened(train: Train, config: PretrainConfig) -> None:
    _, weights = train(config, "whole")
    log, _ = train(config, "broken", killed=7)
    assert log[-1]["steps"] == 6
    log, same = train(config, "broken")
    assert log[-1]["steps"] == 8
    assert all(torch.equal(same[name], tensor) for name, tensor in weights.items())
