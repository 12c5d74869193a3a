"""The loss curve of stock TRL on the same rows, in the same order, from the same weights."""

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

from arcloop.config import LoadingConfig, SessionConfig, TrainingConfig
from arcloop.model.card import model_folder
from arcloop.model.language import load_model
from arcloop.training.rows import Row
from arcloop.training.session import Session, prepare
from tests.training.relabeled import relabeled, write_set

STEPS, BATCH = 6, 4


def ours(folder: Path, rate: float = 1e-3, **kind: Any) -> tuple[list[float], list[list[Row]], Path | None]:
    """Our curve, the batches that it came from, and the adapter that it began with."""
    model = load_model("embedded", loading=LoadingConfig(dtype="float32"), full=not kind.get("use_lora", True))
    folder.mkdir(exist_ok=True)
    data = write_set(folder / "rows.jsonl", relabeled(model, 16))
    use_lora = kind.pop("use_lora", True)
    training = TrainingConfig(learning_rate=rate, lora_r=4, lora_alpha=8, batch_size=BATCH, warmup=0, **kind)
    settings = SessionConfig((str(data),), max_steps=STEPS, logging_steps=1, use_lora=use_lora)
    work = Session(model, prepare(model, settings, 4096, folder), training, settings, folder)
    if use_lora:
        work.trained.save(folder / "initial")
    losses: list[float] = []
    work.run(lambda line: losses.append(line.loss))
    return losses, [work.batch(step) for step in range(STEPS)], folder / "initial" if use_lora else None


def theirs(batches: list[list[Row]], initial: Path | None, folder: Path) -> list[float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from datasets import Dataset
        from peft import PeftModel
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from trl import SFTConfig, SFTTrainer

        class InOrder(SFTTrainer):  # type: ignore[misc,unused-ignore]
            def _get_train_sampler(self, *_: Any, **__: Any) -> Any:
                return torch.utils.data.SequentialSampler(self.train_dataset)

        rows = [row for batch in batches for row in batch]
        masks = [[0] * row.prompt + [1] * row.trained for row in rows]
        data = Dataset.from_dict({"input_ids": [list(row.ids) for row in rows], "completion_mask": masks})
        network = AutoModelForCausalLM.from_pretrained(model_folder("embedded"), dtype=torch.float32)
        if initial is not None:
            network = PeftModel.from_pretrained(network, str(initial), is_trainable=True)
        config = SFTConfig(
            output_dir=str(folder / "trl"),
            max_steps=STEPS,
            per_device_train_batch_size=1,
            gradient_accumulation_steps=BATCH,
            learning_rate=1e-3,
            lr_scheduler_type="constant",
            logging_steps=1,
            completion_only_loss=True,
            max_length=None,
            report_to="none",
            bf16=False,
            use_cpu=True,
            save_strategy="no",
            gradient_checkpointing=False,
            disable_tqdm=True,
            dataset_num_proc=None,
        )
        tokenizer = AutoTokenizer.from_pretrained(model_folder("embedded"))
        trainer = InOrder(model=network, args=config, train_dataset=data, processing_class=tokenizer)
        trainer.train()
        return [line["loss"] for line in trainer.state.log_history if "loss" in line]


@pytest.mark.parametrize(
    "kind",
    [{"use_rslora": False}, {"use_dora": True}, {"use_lora": False}],
    ids=["LoRA", "DoRA and rsLoRA", "all weights"],
)
def test_the_loss_curve_is_that_of_trl(tmp_path: Path, kind: dict[str, Any]) -> None:
    pytest.importorskip("trl")
    losses, batches, initial = ours(tmp_path, **kind)
    unmoved, _, _ = ours(tmp_path / "unmoved", rate=1e-12, **kind)
    assert losses[-1] != pytest.approx(unmoved[-1], rel=0.01)
    assert theirs(batches, initial, tmp_path) == pytest.approx(losses, rel=2e-3)
