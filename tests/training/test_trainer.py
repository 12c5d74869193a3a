"""The trainer against plain transformers and PEFT, and the traps of this field."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from arcloop.config import LoadingConfig, TrainingConfig
from arcloop.errors import RunError
from arcloop.model.card import model_folder
from arcloop.model.language import LanguageModel, load_model
from arcloop.records import Example
from arcloop.training import Fitting, optimization
from arcloop.training.loss import completion_loss
from arcloop.training.rows import Row, encode_rows
from arcloop.training.trainer import LoraTrainer

PROGRAM = "def transform(input_grid):\n    return np.flip(input_grid, {axis})"


@pytest.fixture
def model() -> Iterator[LanguageModel]:
    yield load_model("embedded")


def examples(count: int) -> list[Example]:
    begin = "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nInput:\n"
    end = "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nfrom common import *\n\n"
    made = []
    for number in range(count):
        cells = " ".join(["Black", "Blue", "Red"][k % 3] for k in range(3 + number))
        made.append(Example(f"e{number}", "task", begin + cells + end, PROGRAM.format(axis=number % 2)))
    return made


def config(**changes: object) -> TrainingConfig:
    return TrainingConfig(**{"learning_rate": 1e-3, "epochs": 3, "batch_size": 2, "lora_r": 4, **changes})  # type: ignore[arg-type]


def reference_loss(rows: list[Row]) -> float:
    """The same sum from an untouched transformers model, row by row."""
    network = AutoModelForCausalLM.from_pretrained(model_folder("embedded"), dtype=torch.float32)
    total = 0.0
    for row in rows:
        ids = torch.tensor([row.ids])
        labels = torch.tensor([[-100] * row.prompt + list(row.ids[row.prompt :])])
        with torch.inference_mode():
            total += network(ids, labels=labels, use_cache=False).loss.item() * row.trained
    return total


def test_packed_rows_have_the_loss_that_each_has_alone(model: LanguageModel) -> None:
    rows, _ = encode_rows(model, examples(4), 10_000)
    expected = reference_loss(rows)
    with torch.inference_mode():
        assert completion_loss(model, rows).item() == pytest.approx(expected, rel=1e-5)
        assert completion_loss(model, rows, align=32).item() == pytest.approx(expected, rel=1e-5)
        assert sum(completion_loss(model, [row]).item() for row in rows) == pytest.approx(expected, rel=1e-5)


def test_only_the_completion_and_its_end_are_trained_on(model: LanguageModel) -> None:
    example = examples(1)[0]
    (row,), _ = encode_rows(model, [example], 10_000)
    trained = list(row.ids[row.prompt :])
    assert model.decode(row.ids[: row.prompt]).endswith("from common import *\n\n")
    assert trained[-1] == model.end_id
    assert model.decode(trained[:-1]) == example.completion
    assert row.ids.count(model.tokenizer.bos_token_id) == 1
    assert model.tokenizer.pad_token_id not in row.ids


def test_a_weight_scales_the_loss(model: LanguageModel) -> None:
    (row,), _ = encode_rows(model, examples(1), 10_000)
    half = Row(row.ids, row.prompt, 0.5)
    with torch.inference_mode():
        assert completion_loss(model, [half]).item() == pytest.approx(
            completion_loss(model, [row]).item() / 2, rel=1e-5
        )


def test_a_too_long_example_is_dropped_and_counted_never_cut(model: LanguageModel, tmp_path: Path) -> None:
    made = examples(3)
    longest = max(len(row.ids) for row in encode_rows(model, made, 10_000)[0])
    rows, dropped = encode_rows(model, made, longest - 1)
    assert (len(rows), dropped) == (2, 1)
    fit = LoraTrainer(model, config(max_tokens=longest - 1)).fit(Fitting(made, None, tmp_path / "a", random.Random(0)))
    assert (fit.rows, fit.dropped) == (2, 1)


def test_training_lowers_the_loss_and_changes_the_adapter_alone(model: LanguageModel, tmp_path: Path) -> None:
    base = {name: p.clone() for name, p in model.network.named_parameters()}
    steps: list[tuple[int, int]] = []
    fit = LoraTrainer(model, config(epochs=8)).fit(
        Fitting(examples(4), None, tmp_path / "a", random.Random(0), lambda step, of, loss: steps.append((step, of)))
    )
    assert fit.losses[-1] < fit.losses[0]
    assert fit.change > 0
    assert fit.steps == 16 and steps == [(k + 1, 16) for k in range(16)]
    for name, parameter in model.network.named_parameters():
        if "lora_" not in name:
            assert torch.equal(parameter, base[name.replace(".base_layer", "")])
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]
    assert all("lora_" in name for name in load_file(tmp_path / "a" / "adapter_model.safetensors"))


def test_equal_inputs_give_equal_adapters_also_on_a_used_trainer(model: LanguageModel, tmp_path: Path) -> None:
    trainer = LoraTrainer(model, config())
    for name in ("a", "b"):
        trainer.fit(Fitting(examples(4), None, tmp_path / name, random.Random(1)))
    first, second = ((tmp_path / name / "adapter_model.safetensors").read_bytes() for name in ("a", "b"))
    assert first == second


def test_a_saved_adapter_gives_the_same_logits_in_plain_peft(model: LanguageModel, tmp_path: Path) -> None:
    from peft import PeftModel

    LoraTrainer(model, config()).fit(Fitting(examples(4), None, tmp_path / "a", random.Random(0)))
    (row,), _ = encode_rows(model, examples(1), 10_000)
    ids = torch.tensor([row.ids])
    with torch.inference_mode():
        ours = model.logits(model.hidden(ids, torch.arange(ids.shape[1])[None], segments=[ids.shape[1]]))
        plain = PeftModel.from_pretrained(
            AutoModelForCausalLM.from_pretrained(model_folder("embedded"), dtype=torch.float32), str(tmp_path / "a")
        )
        theirs = plain(ids, use_cache=False).logits
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_without_an_adapter_the_network_computes_what_its_base_computes(model: LanguageModel, tmp_path: Path) -> None:
    (row,), _ = encode_rows(model, examples(1), 10_000)
    with torch.inference_mode():
        base = completion_loss(model, [row]).item()
    LoraTrainer(model, config()).fit(Fitting(examples(4), None, tmp_path / "a", random.Random(0)))
    with torch.inference_mode():
        assert completion_loss(model, [row]).item() < base
        model.use_adapter(None)
        assert completion_loss(model, [row]).item() == base
        fresh = load_model("embedded")
        fresh.use_adapter(tmp_path / "a")
        model.use_adapter(tmp_path / "a")
        assert completion_loss(fresh, [row]).item() == completion_loss(model, [row]).item() < base


def test_a_learned_program_is_sampled_more_often(model: LanguageModel, tmp_path: Path) -> None:
    (row,), _ = encode_rows(model, examples(1), 10_000)
    LoraTrainer(model, config(epochs=40, batch_size=1)).fit(
        Fitting(examples(1), None, tmp_path / "a", random.Random(0))
    )
    with torch.inference_mode():
        # Likelier than not, as a whole and with its end: the end-of-text token was learned too.
        assert completion_loss(model, [row]).item() < 0.69


def test_out_of_memory_it_goes_on_with_less_at_once_and_comes_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In bfloat16, which some CPUs have, other packs round otherwise.
    exact = LoadingConfig(dtype="float32")
    model, rows = load_model("embedded", loading=exact), examples(6)
    LoraTrainer(load_model("embedded", loading=exact), config(batch_size=6)).fit(
        Fitting(rows, None, tmp_path / "undisturbed", random.Random(1))
    )
    longest = max(len(row.ids) for row in encode_rows(model, rows, 10_000)[0])
    passed: list[int] = []

    def small(of: LanguageModel, pack: list[Row], align: int = 1) -> torch.Tensor:
        tokens = sum(len(row.ids) for row in pack)
        if not of.checkpointing or tokens > 2 * longest:
            raise torch.OutOfMemoryError("as on a small GPU")
        passed.append(tokens)
        return completion_loss(of, pack, align)

    monkeypatch.setattr(optimization, "completion_loss", small)
    trainer = LoraTrainer(model, config(batch_size=6))
    trainer.fit(Fitting(rows, None, tmp_path / "spared", random.Random(1)))
    stored = [load_file(tmp_path / name / "adapter_model.safetensors") for name in ("undisturbed", "spared")]
    for name, tensor in stored[0].items():
        torch.testing.assert_close(stored[1][name], tensor, rtol=1e-3, atol=1e-5)
    assert model.pack_limit and max(passed) <= 2 * longest and len(passed) > 3
    # What was found is kept, and what cannot be spared any more is told.
    before = len(passed)
    trainer.fit(Fitting(rows, None, tmp_path / "again", random.Random(1)))
    assert (tmp_path / "again" / "adapter_model.safetensors").read_bytes() == (
        tmp_path / "spared" / "adapter_model.safetensors"
    ).read_bytes() and len(passed) > before
    monkeypatch.setattr(optimization, "completion_loss", never)
    with pytest.raises(RunError, match="memory is too small for a row of"):
        trainer.fit(Fitting(rows, None, tmp_path / "never", random.Random(1)))


def never(*_: object) -> torch.Tensor:
    raise torch.OutOfMemoryError("as on a GPU that is full")


def test_no_examples_leave_an_untrained_adapter(model: LanguageModel, tmp_path: Path) -> None:
    fit = LoraTrainer(model, config()).fit(Fitting([], None, tmp_path / "a", random.Random(0)))
    assert (fit.rows, fit.steps, fit.change) == (0, 0, 0)
    model.use_adapter(tmp_path / "a")


def test_a_missing_or_foreign_adapter_is_named(model: LanguageModel, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="expected a saved adapter"):
        model.use_adapter(tmp_path / "none")
    LoraTrainer(model, config()).fit(Fitting([], None, tmp_path / "a", random.Random(0)))
    other = load_model("embedded")
    other.trainable_adapter(config(lora_r=8, lora_alpha=8))
    with pytest.raises(RunError, match="another adapter"):
        other.use_adapter(tmp_path / "a")


@pytest.mark.parametrize(("steps", "rising"), [(0, 0), (1, 0), (2, 0), (8, 2), (20, 5), (400, 5)])
def test_a_training_of_few_steps_is_soon_warm(steps: int, rising: int) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)])
    course = optimization._course(config(warmup=5), optimizer, steps)
    factors = [course(taken) for taken in range(max(steps, 1))]
    assert [factor == 1 for factor in factors] == [taken >= rising for taken in range(max(steps, 1))]
    assert all(factor > 0 for factor in factors) and factors[:rising] == sorted(factors[:rising])
