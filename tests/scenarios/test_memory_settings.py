"""Settings that change memory alone may change while a run is under way; real runs of the embedded model."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from rich.console import Console

from arcloop.assembly import begin, carry_on
from arcloop.cli import resume
from arcloop.config import Config, SamplingConfig, TrainingConfig
from arcloop.errors import ConfigError, RunError
from arcloop.runs.rundir import RunDir
from arcloop.sampling.transformers import TransformersSampler
from arcloop.submission.kaggle import validate

SMALL = Config(
    "drawing", limit=1, rounds=2, programs=4, seed=3, sampling=SamplingConfig(max_tokens=48, completions_per_prompt=4)
)


def test_memory_settings_may_change_when_a_run_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "run"
    run = begin(SMALL, out)
    (out / "round_000").mkdir()  # it has begun: from here on its settings count
    before = (out / "config.json").read_bytes()
    other = dataclasses.replace(
        SMALL,
        sampling=dataclasses.replace(SMALL.sampling, rows=3),
        training=TrainingConfig(pack_tokens=700, gradient_checkpointing=True),
    )
    assert begin(other, out).config_now().sampling.rows == 3
    with pytest.raises(RunError, match="a run with seed 3, not 4"):
        begin(dataclasses.replace(other, seed=4), out)
    with pytest.raises(RunError, match="a run with training"):
        begin(dataclasses.replace(SMALL, training=TrainingConfig(lora_r=8)), out)

    assert resume.main([str(out), "--sampling.rows", "2", "--training.no-gradient-checkpointing"]) == 0
    assert run.finished and validate(run.read("submission.json"), run.tasks(), "it")
    assert json.loads((out / "memory.json").read_text()) == {
        "sampling.rows": 2,
        "training.gradient_checkpointing": False,
        "training.pack_tokens": 700,
    }
    # What is said of no such setting leaves it as it is; the configuration itself is as it was.
    assert begin(SMALL, out).config_now().training.pack_tokens == 700
    assert (out / "config.json").read_bytes() == before and run.config().sampling.rows is None

    (out / "memory.json").write_text('{"sampling.rows": "many"}')
    with pytest.raises(ConfigError, match=r"memory\.json"):
        RunDir.open(out).config_now()
    (out / "memory.json").write_text('{"seed": 4}')
    with pytest.raises(ConfigError, match=r"'seed'; expected one of sampling\.rows"):
        RunDir.open(out).config_now()


def test_what_memory_did_not_allow_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decode = TransformersSampler._decode
    tried: list[int] = []

    def small(self: TransformersSampler, *arguments: object) -> Iterator[object]:
        tried.append(self.limits[0])
        if self.limits[0] > 32:
            raise torch.OutOfMemoryError("as on a small GPU")
        return decode(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(TransformersSampler, "_decode", small)
    run = begin(dataclasses.replace(SMALL, rounds=1), tmp_path / "run")
    carry_on(run, Console(quiet=True))
    assert run.finished and tried[:3] == [128, 64, 32]
    now = RunDir.open(run.path).config_now().sampling
    assert (now.rows, now.prefill_tokens) == (32, 8192)
