"""``arcloop train``: the commands as they are documented, resuming, several processes, and what a mistake is told."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from arcloop.cli.train import main
from arcloop.config import LoadingConfig, SessionConfig, TrainingConfig
from arcloop.errors import ConfigError
from arcloop.model.language import LanguageModel, load_model
from arcloop.training import checkpoint
from arcloop.training.rows import Row
from arcloop.training.session import METRICS, Session, _held_out, prepare
from arcloop.training.store import RowStore
from tests import ROOT
from tests.training.relabeled import relabeled, write_set

SCRIPT = ROOT / "scripts" / "finetuning_hr.py"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("set") / "rows.jsonl", relabeled(load_model("embedded"), 24))


def training(**changes: Any) -> TrainingConfig:
    return TrainingConfig(**{"learning_rate": 1e-3, "lora_r": 4, "batch_size": 4, "warmup": 0, "epochs": 2, **changes})


def session(dataset: Path, out: Path, training_: TrainingConfig, **changes: Any) -> Session:
    model = load_model("embedded", loading=LoadingConfig(dtype="float32"))
    config = SessionConfig((str(dataset),), **{"logging_steps": 1, "save_steps": 3, "save_total_limit": 9, **changes})
    out.mkdir(exist_ok=True)
    return Session(model, prepare(model, config, training_.max_tokens, out), training_, config, out)


def curve(out: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (out / METRICS).read_text().splitlines()]


def logits_in_plain_peft(folder: Path, ids: list[int]) -> torch.Tensor:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from arcloop.model.card import model_folder

    base = AutoModelForCausalLM.from_pretrained(model_folder("embedded"), dtype=torch.float32)
    with torch.inference_mode():
        logits: torch.Tensor = PeftModel.from_pretrained(base, str(folder))(torch.tensor([ids]), use_cache=False).logits
    return logits


def logits_here(model: LanguageModel, ids: list[int]) -> torch.Tensor:
    with torch.inference_mode():
        places = torch.arange(len(ids))[None]
        return model.logits(model.hidden(torch.tensor([ids]), places, segments=[len(ids)]))


def test_the_documented_command_ends_with_an_adapter_that_plain_peft_loads(dataset: Path, tmp_path: Path) -> None:
    words = (
        "--device-map None --max-steps 10 --n-gpus 1 --per-device-train-batch-size 1 --batch-size 32 --max-seq-len 4096"
        " --logging-steps 1 --save-steps 1000 --lora-r 32 --use-dora --use-rslora --no-resume_from_checkpoint"
    )
    given = ["--model-path", "embedded", "--train_dataset_path", str(dataset), "--output-dir", str(tmp_path / "out")]
    done = subprocess.run([sys.executable, SCRIPT, *given, *words.split()], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(curve(tmp_path / "out")) == 10
    description = json.loads((tmp_path / "out" / "adapter_config.json").read_text())
    assert (description["r"], description["use_dora"], description["use_rslora"]) == (32, True, True)
    model = load_model("embedded")
    model.use_adapter(tmp_path / "out")
    ids = model.encode(relabeled(model, 1)[0].prompt)
    assert torch.allclose(logits_here(model, ids), logits_in_plain_peft(tmp_path / "out", ids), atol=1e-3)


def test_two_processes_have_the_loss_curve_of_one(dataset: Path, tmp_path: Path) -> None:
    options = ["--train-dataset-path", str(dataset), "--max-steps", "6", "--batch-size", "8", "--lora-r", "4"]
    options += ["--learning-rate", "1e-3", "--logging-steps", "1", "--dtype", "float32", "--use-dora", "--lora-r", "32"]
    assert main([*options, "--output-dir", str(tmp_path / "one"), "--n-gpus", "1"]) == 0
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command = [*launcher, str(SCRIPT), *options, "--output-dir", str(tmp_path / "two"), "--n-gpus", "2"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert curve(tmp_path / "two") == pytest.approx(curve(tmp_path / "one"), rel=2e-4)


def test_a_launcher_that_starts_fewer_processes_is_caught(dataset: Path, tmp_path: Path) -> None:
    options = ["--train-dataset-path", str(dataset), "--output-dir", str(tmp_path / "out"), "--max-steps", "1"]
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2"]
    launched = [*launcher, "--num_machines", "1", str(SCRIPT)]
    for command in ([*launched, *options], [sys.executable, str(SCRIPT), *options, "--n-gpus", "2"]):
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode != 0
        assert "2 processes were asked for and 1 started" in done.stdout + done.stderr
        assert "torchrun --nproc_per_node 2" in done.stdout + done.stderr


@pytest.mark.parametrize("kind", [{}, {"use_dora": True, "optimizer": "adamw_torch"}, {"lora_dropout": 0.2}])
def test_an_interrupted_training_goes_on_with_the_very_losses(
    dataset: Path, tmp_path: Path, kind: dict[str, Any]
) -> None:
    config = training(**kind)
    whole = session(dataset, tmp_path / "whole", config)
    whole.run()
    assert whole.steps == 12

    class StopError(Exception):
        pass

    def stop_at(step: int) -> Any:
        def on_step() -> None:
            if work.done == step:
                raise StopError

        return on_step

    work = session(dataset, tmp_path / "parts", config)
    with pytest.raises(StopError):
        work.run(on_step=stop_at(8))
    # With other intervals, and after the newest checkpoint was cut short.
    weights = sorted((tmp_path / "parts").glob("checkpoint-*"))[-1] / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    work = session(dataset, tmp_path / "parts", config, save_steps=5)
    assert [folder.name for folder in work.damaged] == ["checkpoint-000006"]
    assert work.done == 3
    work.run()
    assert curve(tmp_path / "parts") == curve(tmp_path / "whole")
    one, two = ((tmp_path / name / "adapter_model.safetensors").read_bytes() for name in ("parts", "whole"))
    assert one == two


def test_a_signal_leaves_a_checkpoint_and_the_same_command_goes_on(dataset: Path, tmp_path: Path) -> None:
    options = ["--train-dataset-path", str(dataset), "--output-dir", str(tmp_path), "--lora-r", "4"]
    options += ["--max-steps", "400", "--batch-size", "4", "--logging-steps", "1"]
    process = subprocess.Popen([sys.executable, str(SCRIPT), *options], stdout=subprocess.PIPE, text=True)
    while not (tmp_path / METRICS).is_file() or not (tmp_path / METRICS).read_text():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and "the same command goes on there" in said
    found, damaged = checkpoint.newest(tmp_path)
    assert found is not None and found.step == len(curve(tmp_path)) and not damaged


def test_an_interrupt_in_the_middle_of_a_step_waits_for_its_end(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session(dataset, tmp_path / "whole", training()).run()
    work = session(dataset, tmp_path / "parts", training())
    clip = torch.nn.utils.clip_grad_norm_

    def interrupted(*arguments: Any, **settings: Any) -> torch.Tensor:
        if work.done == 4:
            os.kill(os.getpid(), signal.SIGINT)
        return clip(*arguments, **settings)

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", interrupted)
    with pytest.raises(KeyboardInterrupt):
        work.run()
    monkeypatch.undo()
    assert work.done == 5
    session(dataset, tmp_path / "parts", training()).run()
    one, two = ((tmp_path / name / "adapter_model.safetensors").read_bytes() for name in ("parts", "whole"))
    assert one == two


def test_another_training_is_not_continued(dataset: Path, tmp_path: Path) -> None:
    session(dataset, tmp_path, training(epochs=1)).run()
    with pytest.raises(ConfigError, match="other settings or rows"):
        session(dataset, tmp_path, training(epochs=1, learning_rate=2e-3))
    # Nor one of as many rows and tokens in another order.
    lines = dataset.read_text().splitlines(keepends=True)
    other = tmp_path / dataset.name
    other.write_text("".join(lines[::-1]))
    with pytest.raises(ConfigError, match="other settings or rows"):
        session(other, tmp_path, training(epochs=1))
    anew = session(dataset, tmp_path, training(epochs=1, learning_rate=2e-3), resume_from_checkpoint=False)
    assert anew.done == 0 and not list(tmp_path.glob("checkpoint-*"))


def test_how_a_step_is_computed_changes_nothing(dataset: Path, tmp_path: Path) -> None:
    session(dataset, tmp_path / "packed", training(epochs=1)).run()
    expected = curve(tmp_path / "packed")
    ways = {"single": {"packing": False}, "pairs": {"packing": False, "per_device_train_batch_size": 2}}
    ways |= {"small": {"pack_tokens": 256}, "checkpointed": {"gradient_checkpointing": True, "pack_tokens": 256}}
    for name, way in ways.items():
        session(dataset, tmp_path / name, training(epochs=1, **way)).run()
        assert curve(tmp_path / name) == pytest.approx(expected, rel=1e-4), name


def test_held_out_tasks_are_measured_and_not_trained_on(dataset: Path, tmp_path: Path) -> None:
    work = session(dataset, tmp_path, training(epochs=1), eval_split=0.3, eval_steps=2)
    held, kept = set(work.prepared.held_out), set(work.prepared.trained)
    assert held and not held & kept and len(held | kept) == 24
    work.run()
    lines = [json.loads(line) for line in (tmp_path / METRICS).read_text().splitlines()]
    assert [line["eval_loss"] is not None for line in lines] == [
        line["step"] % 2 == 0 or line["step"] == work.steps for line in lines
    ]
    assert lines[-1]["eval_loss"] == pytest.approx(work.held_out_loss(), rel=1e-5)


def test_a_training_goes_on_from_an_adapter(dataset: Path, tmp_path: Path) -> None:
    session(dataset, tmp_path / "first", training(epochs=4, use_dora=True)).run()
    second = session(dataset, tmp_path / "second", training(), adapter_path=str(tmp_path / "first"))
    second.run()
    assert curve(tmp_path / "second")[0] < curve(tmp_path / "first")[0]
    assert json.loads((tmp_path / "second" / "adapter_config.json").read_text())["use_dora"]


def test_all_weights_are_trained_and_saved_as_a_model(dataset: Path, tmp_path: Path) -> None:
    config = training(learning_rate=1e-4)
    model = load_model("embedded", full=True)
    settings = SessionConfig((str(dataset),), use_lora=False, logging_steps=1, save_steps=3)
    tmp_path.mkdir(exist_ok=True)
    Session(model, prepare(model, settings, 4096, tmp_path), config, settings, tmp_path).run()
    trained = load_model(str(tmp_path))
    assert trained.format.template == "compact"
    same = [torch.equal(a, b) for a, b in zip(trained.network.parameters(), model.network.parameters(), strict=True)]
    assert all(same)
    assert curve(tmp_path)[-1] < curve(tmp_path)[0]


def test_too_long_examples_are_dropped_and_counted(dataset: Path, tmp_path: Path, capsys: Any) -> None:
    options = ["--train-dataset-path", str(dataset), "--output-dir", str(tmp_path), "--max-steps", "1"]
    assert main([*options, "--max-seq-len", "105"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "examples left out, longer than 105 tokens" in said
    with pytest.raises(ConfigError, match="no row to train on"):
        main([*options, "--max_seq_len", "10"])


def test_inspecting_shows_what_is_learned(dataset: Path, tmp_path: Path, capsys: Any) -> None:
    assert main(["--train-dataset-path", str(dataset), "--output-dir", str(tmp_path / "no"), "--inspect", "2"]) == 0
    said = capsys.readouterr().out
    assert said.count("of them learned") == 2 and "<|eot_id|>" in said
    assert not (tmp_path / "no").exists()


def test_a_batch_that_cannot_be_shared_is_an_error(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="batch-size is 4; expected a multiple"):
        session(dataset, tmp_path, training(per_device_train_batch_size=3))


def test_what_this_machine_cannot_do_is_said(monkeypatch: pytest.MonkeyPatch, dataset: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine can")
    monkeypatch.setattr("arcloop.model.needs.find_spec", lambda name: object())
    with pytest.raises(ConfigError, match="needs an NVIDIA GPU"):
        session(dataset, tmp_path, training(use_liger_kernel=True))
    with pytest.raises(ConfigError, match="needs an NVIDIA GPU"):
        session(dataset, tmp_path, training(optimizer="adamw_8bit"))


@pytest.mark.parametrize("kind", [{}, {"use_dora": True}])
def test_a_4_bit_base_is_trained_and_only_the_adapter_saved(
    dataset: Path, tmp_path: Path, kind: dict[str, Any]
) -> None:
    pytest.importorskip("bitsandbytes")
    model = load_model("embedded", loading=LoadingConfig(use_4bit_quantization=True, dtype="float32"))
    before = {name: p.clone() for name, p in model.network.named_parameters()}
    config, settings = training(**kind), SessionConfig((str(dataset),), max_steps=2, logging_steps=1)
    Session(model, prepare(model, settings, 4096, tmp_path), config, settings, tmp_path).run()
    assert len(curve(tmp_path)) == 2 and curve(tmp_path)[0] < 2
    names = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert names == {"adapter_config.json", "adapter_model.safetensors", METRICS, "rows.arrow", "rows.json"}
    for name, parameter in model.network.named_parameters():
        if "lora_" not in name:
            assert torch.equal(parameter, before[name.replace(".base_layer", "")]), name
    assert (tmp_path / "adapter_model.safetensors").stat().st_size < 1 << 20
    with pytest.raises(ConfigError, match="4-bit"):
        load_model("embedded", loading=LoadingConfig(use_4bit_quantization=True)).all_weights()


def test_the_order_is_new_in_each_epoch_and_no_task_dominates(dataset: Path, tmp_path: Path) -> None:
    work = session(dataset, tmp_path, replace(training(), batch_size=8))
    first, second = ([row.ids for step in steps for row in work.batch(step)] for steps in ((0, 1, 2), (3, 4, 5)))
    assert sorted(first) == sorted(second) and first != second


def test_the_environment_of_accelerate_sets_the_precision(
    monkeypatch: pytest.MonkeyPatch, dataset: Path, tmp_path: Path
) -> None:
    monkeypatch.setitem(os.environ, "ACCELERATE_MIXED_PRECISION", "fp8")
    with pytest.raises(ConfigError, match="expected bf16"):
        main(["--train-dataset-path", str(dataset), "--output-dir", str(tmp_path)])


def test_as_many_tasks_are_held_out_as_asked_for(tmp_path: Path) -> None:
    tasks = [f"task {k}" for k in range(40) for _ in range(1 + k % 7)]
    rows = RowStore.build(tmp_path / "rows.arrow", ((Row((1, 2), 1, 1.0), task, 0) for task in tasks))
    for share, count in ((0.1, 4), (0.5, 20), (0.001, 1)):
        held = _held_out(rows, SessionConfig(("set",), eval_split=share))
        held_tasks = {tasks[place] for place in held}
        assert len(held_tasks) == count
        assert sorted(held) == [place for place, task in enumerate(tasks) if task in held_tasks]


def test_what_is_trained_does_not_take_the_place_of_a_file(tmp_path: Path, dataset: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("{}")
    with pytest.raises(ConfigError, match=r"rows.jsonl: a file, or in one; expected a folder"):
        main(["--train-dataset-path", str(dataset), "--output-dir", str(tmp_path / "rows.jsonl")])
    assert (tmp_path / "rows.jsonl").read_text() == "{}"
