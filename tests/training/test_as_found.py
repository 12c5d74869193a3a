"""Models and adapters as they are found: each works as in transformers and PEFT, or ends in one line that says what to do."""

import json
import shutil
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

from arcloop.assembly import begin
from arcloop.config import Config, SamplingConfig, TrainingConfig
from arcloop.errors import ExampleError, ModelError, RunError
from arcloop.model.language import answer_end, chat_text, load_model, load_tokenizer
from arcloop.model.merging import merge
from arcloop.records import Message
from arcloop.training.examples import read_set

EMBEDDED = Path(str(resources.files("arcloop") / "embedded"))
CHAT = [Message("system", "be brief"), Message("user", "a task")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the embedded model."""
    shutil.copytree(EMBEDDED, tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    """An adapter of the embedded model that PEFT has saved."""
    model = load_model("embedded")
    trained = model.trainable_adapter(TrainingConfig(lora_r=8, lora_alpha=8, use_rslora=False, use_dora=False))
    with torch.no_grad():
        for parameter in trained.parameters.values():
            parameter.add_(0.01)
    trained.save(tmp_path / "adapter")
    return tmp_path / "adapter"


def changed(path: Path, change: dict[str, torch.Tensor | None]) -> None:
    weights = load_file(path) | {name: tensor for name, tensor in change.items() if tensor is not None}
    save_file({n: t for n, t in weights.items() if change.get(n, t) is not None}, path, metadata={"format": "pt"})


def described(path: Path, change: dict[str, Any]) -> None:
    content = json.loads(path.read_text()) | change
    path.write_text(json.dumps({name: value for name, value in content.items() if value != "gone"}))


def refused(kind: type[Exception], call: Any, *words: str) -> None:
    with pytest.raises(kind) as told:
        call()
    assert "\n" not in str(told.value) and all(word in str(told.value) for word in words), str(told.value)


@pytest.mark.parametrize("layer", ["self_attn.q_proj", "mlp.down_proj", "input_layernorm"])
def test_a_checkpoint_that_lacks_a_tensor_is_refused(folder: Path, layer: str) -> None:
    name = f"model.layers.1.{layer}.weight"
    changed(folder / "model.safetensors", {name: None})
    refused(ModelError, lambda: load_model(str(folder)), "lacks 1 tensors", name)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(folder: Path, value: float) -> None:
    name = "model.layers.0.mlp.up_proj.weight"
    weight = load_file(folder / "model.safetensors")[name]
    weight[0, 0] = value
    changed(folder / "model.safetensors", {name: weight})
    refused(ModelError, lambda: load_model(str(folder)), name, "not finite")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_hidden_layers": "2"}, "'num_hidden_layers'"),
        ({"rms_norm_eps": "1e-6"}, "'rms_norm_eps'"),
        ({"max_position_embeddings": None}, "'max_position_embeddings'"),
        ({"rope_parameters": "yarn"}, "'rope_parameters'"),
        ({"initializer_range": float("nan")}, "'initializer_range'"),
        ({"num_attention_heads": 0}, "ZeroDivisionError"),
        ({"num_attention_heads": 5}, "attention heads (5)"),
        ({"dtype": "float99"}, "float99"),
        ({"hidden_act": "bogus"}, "bogus"),
        ([], "list"),
    ],
)
def test_settings_that_transformers_cannot_use_are_told_in_one_line(folder: Path, change: Any, words: str) -> None:
    config = folder / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | change if isinstance(change, dict) else change))
    refused(ModelError, lambda: load_model(str(folder)), words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"eos_token": 4}, "eos_token"),
        ({"tokenizer_class": 5}, "AttributeError"),
        ({"model_max_length": "4096"}, "model_max_length"),
        ({"chat_template": 5}, "no chat template"),
        ([], "list"),
    ],
)
def test_settings_of_a_tokenizer_that_cannot_be_used_are_told_in_one_line(
    folder: Path, change: Any, words: str
) -> None:
    config = folder / "tokenizer_config.json"
    if "chat_template" in change:
        (folder / "chat_template.jinja").unlink()
    config.write_text(json.dumps(json.loads(config.read_text()) | change if isinstance(change, dict) else change))
    refused(ModelError, lambda: load_tokenizer(str(folder)), words)


@pytest.mark.parametrize("tokens", ["4", [[4]], ["4"], 4.5, True])
def test_tokens_that_end_an_answer_are_ids(folder: Path, tokens: Any) -> None:
    described(folder / "generation_config.json", {"eos_token_id": tokens})
    refused(ModelError, lambda: load_model(str(folder)), "eos_token_id", str(tokens))


@pytest.mark.parametrize("setting", ["dtype", "torch_dtype"])
def test_a_type_may_have_the_name_that_pytorch_prints(
    folder: Path, tmp_path: Path, adapter: Path, setting: str
) -> None:
    described(folder / "config.json", {"dtype": "gone", setting: "torch.float16"})
    assert load_model(str(folder)).network.dtype == torch.float32
    described(adapter / "adapter_config.json", {"base_model_name_or_path": str(folder)})
    merge(str(folder), adapter, tmp_path / "merged")
    weights = load_file(tmp_path / "merged" / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.float16}


def test_a_network_that_computes_no_numbers_is_refused(folder: Path) -> None:
    name = "model.norm.weight"
    weight = load_file(folder / "model.safetensors")[name].float()
    for value in (0.0, 3e38):
        changed(folder / "model.safetensors", {name: torch.full_like(weight, value)})
        refused(ModelError, lambda: load_model(str(folder)), "not finite, or nothing but zeros")


@pytest.mark.parametrize("bare", [False, True])
def test_a_checkpoint_with_more_layers_than_its_configuration_is_refused(folder: Path, bare: bool) -> None:
    layers = json.loads((folder / "config.json").read_text())["num_hidden_layers"]
    described(folder / "config.json", {"num_hidden_layers": layers - 1})
    # Old checkpoints have this buffer in every layer, and some lack the prefix.
    buffers = {f"model.layers.{i}.self_attn.rotary_emb.inv_freq": torch.ones(4) for i in range(layers)}
    weights = load_file(folder / "model.safetensors") | buffers
    save_file(
        {name.removeprefix("model.") if bare else name: tensor for name, tensor in weights.items()},
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    refused(ModelError, lambda: load_model(str(folder)), "1 layers", f"layers.{layers - 1}")


def test_what_a_checkpoint_has_beside_the_network_is_harmless(folder: Path) -> None:
    layers = json.loads((folder / "config.json").read_text())["num_hidden_layers"]
    weights = load_file(folder / "model.safetensors")
    last = f"model.layers.{layers - 1}."
    beside = {
        # A layer that predicts a further token, as DeepSeek and GLM have it, and as Qwen has it.
        **{name.replace(last, f"model.layers.{layers}."): t.clone() for name, t in weights.items() if last in name},
        f"model.layers.{layers}.eh_proj.weight": torch.ones(2, 2),
        **{name.replace(last, "mtp.layers.0."): t.clone() for name, t in weights.items() if last in name},
        "vision_tower.encoder.layers.0.self_attn.q_proj.weight": torch.ones(2, 2),
        "model.layers.0.self_attn.rotary_emb.inv_freq": torch.ones(2),
        "model.other": torch.ones(2),
    }
    save_file(weights | beside, folder / "model.safetensors", metadata={"format": "pt"})
    load_model(str(folder))


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json", "chat_template.jinja"])
def test_a_file_that_git_lfs_has_not_fetched_is_named(folder: Path, name: str) -> None:
    (folder / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")
    refused(ModelError, lambda: load_tokenizer(str(folder)), name, "git lfs pull")
    refused(ModelError, lambda: load_model(str(folder)), name, "git lfs pull")


def test_a_template_that_shows_no_answer_is_named(folder: Path) -> None:
    (folder / "chat_template.jinja").write_text("the same for everybody")
    refused(ModelError, lambda: answer_end(str(folder), load_tokenizer(str(folder))), "chat template")


def test_token_ids_beyond_the_embedding_are_refused(folder: Path) -> None:
    tokenizer = load_tokenizer(str(folder))
    tokenizer.add_tokens(["<|one more|>"])
    tokenizer.save_pretrained(folder)
    refused(ModelError, lambda: load_model(str(folder)), "<|one more|>", "rows")


def test_a_template_without_a_system_role_has_its_text_before_the_users() -> None:
    tokenizer = load_tokenizer("embedded")
    tokenizer.chat_template = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
        "<{{ m.role }}>{{ m.content }}{% endfor %}"
    )
    assert chat_text(tokenizer, CHAT) == "<user>be brief\n\na task"


def test_a_template_that_refuses_every_chat_is_named() -> None:
    tokenizer = load_tokenizer("embedded")
    tokenizer.chat_template = "{{ raise_exception('not today') }}"
    refused(ModelError, lambda: chat_text(tokenizer, CHAT), "not today", "chat template")


@pytest.mark.parametrize(
    "fault", ["{{ messages + 1 }}", "{{ 1 // 0 }}", "{{ tools | length }}", "{% for m in messages %}"]
)
def test_whatever_a_template_raises_is_told_in_one_line(fault: str) -> None:
    tokenizer = load_tokenizer("embedded")
    tokenizer.chat_template = fault + str(tokenizer.chat_template)
    refused(ModelError, lambda: chat_text(tokenizer, CHAT), "chat template refuses a chat (", "Error: ")
    refused(ModelError, lambda: answer_end("embedded", tokenizer), "chat template refuses a chat (", "Error: ")


@pytest.mark.parametrize(
    "wants",
    ["messages[-1].role == 'user'", "messages[0].role == 'system'", "strftime_now('%d %b %Y') == '26 Jul 2024'"],
)
def test_a_template_may_want_certain_turns_or_the_day(wants: str) -> None:
    tokenizer = load_tokenizer("embedded")
    end = answer_end("embedded", tokenizer)
    given = str(tokenizer.chat_template)
    both = "messages[0].role == 'system' and messages[-1].role == 'user'"
    for condition in (wants, both):
        tokenizer.chat_template = f"{{% if not ({condition}) %}}{{{{ raise_exception('no') }}}}{{% endif %}}{given}"
        assert answer_end("embedded", tokenizer) == end


def test_a_byte_order_mark_of_a_template_is_in_no_prompt(folder: Path) -> None:
    template = folder / "chat_template.jinja"
    expected = chat_text(load_tokenizer(str(folder)), CHAT)
    template.write_text("\ufeff" + template.read_text(), encoding="utf-8")
    assert chat_text(load_tokenizer(str(folder)), CHAT) == expected


def test_a_template_that_reads_the_clock_writes_a_fixed_day() -> None:
    tokenizer = load_tokenizer("embedded")
    tokenizer.chat_template = "{{ strftime_now('%Y-%m-%d') }} {{ date_string }} {{ messages[0].content }}"
    assert chat_text(tokenizer, CHAT) == "2024-07-26 26 Jul 2024 be brief"


@pytest.mark.parametrize("names", [("default", "tool_use"), ("tool_use", "default"), ("tool_use",)])
def test_of_several_templates_the_default_is_taken(folder: Path, names: tuple[str, ...]) -> None:
    (folder / "chat_template.jinja").unlink()
    templates = [{"name": name, "template": f"{name} {{{{ messages[0].content }}}}"} for name in names]
    described(folder / "tokenizer_config.json", {"chat_template": templates})
    expected = "default" if "default" in names else names[0]
    assert chat_text(load_tokenizer(str(folder)), CHAT) == f"{expected} be brief"


pytestmark = pytest.mark.filterwarnings(
    "ignore:Model has `tie_word_embeddings",
    "ignore:Setting `save_embedding_layers",
    "ignore:`lora_bias=True`",
    "ignore:Adapter 'default'. .* LoRA tensor",
)
"""What PEFT says of adapters of embeddings and with biases."""

KINDS: dict[str, dict[str, Any]] = {
    "plain": {"target_modules": ["q_proj", "v_proj"]},
    "ranks": {"target_modules": ["q_proj", "v_proj"], "rank_pattern": {"q_proj": 8}, "alpha_pattern": {"q_proj": 3}},
    "all layers": {"target_modules": "all-linear", "use_rslora": True},
    "dora": {"target_modules": "all-linear", "use_dora": True},
    "embeddings": {"target_modules": ["embed_tokens", "q_proj"]},
    "head": {"target_modules": ["lm_head", "q_proj"]},
    "tokens": {"target_modules": ["q_proj"], "trainable_token_indices": [3, 4]},
    "some layers": {"target_modules": ["q_proj"], "layers_to_transform": [0, 1]},
    "pattern": {"target_modules": r".*\.(q|up)_proj"},
}
"""What people train with PEFT."""


BIASES: dict[str, dict[str, Any]] = {
    "all biases": {"target_modules": ["q_proj", "v_proj"], "bias": "all"},
    "biases of adapted layers": {"target_modules": ["q_proj", "v_proj"], "bias": "lora_only"},
    "biases of its own": {"target_modules": ["q_proj", "v_proj"], "lora_bias": True},
}
"""The same of a model that has biases."""


def saved_by_peft(kind: str, folder: Path, model: Path = EMBEDDED) -> None:
    peft = get_peft_model(base_model(model), LoraConfig(r=4, task_type="CAUSAL_LM", **(KINDS | BIASES)[kind]))
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in peft.parameters():
            if parameter.requires_grad:
                parameter.normal_(0, 0.05)
    peft.save_pretrained(folder)


def base_model(model: Path = EMBEDDED) -> Any:
    return AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)


def same_as_in_peft(folder: Path, model: Path = EMBEDDED) -> None:
    """A saved adapter computes here what it computes there."""
    ids, ours = torch.arange(5, 25)[None], load_model("embedded" if model == EMBEDDED else str(model))
    ours.use_adapter(folder)
    with torch.inference_mode():
        expected = PeftModel.from_pretrained(base_model(model), folder).eval()(ids).logits
        torch.testing.assert_close(
            ours.logits(ours.hidden(ids, torch.arange(20)[None], segments=[20])), expected, rtol=1e-4, atol=1e-3
        )


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_that_peft_has_saved_computes_what_it_computes_there(kind: str, tmp_path: Path) -> None:
    saved_by_peft(kind, tmp_path)
    same_as_in_peft(tmp_path)


@pytest.mark.parametrize("kind", ["dora", "tokens", *BIASES])
def test_an_adapter_of_a_model_with_biases_is_searched_with_and_saved_again(
    kind: str, folder: Path, tmp_path: Path
) -> None:
    put_network(folder, "qwen2", {"num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2})
    saved_by_peft(kind, tmp_path / "adapter", folder)
    same_as_in_peft(tmp_path / "adapter", folder)
    config = Config("arc1-train", limit=1, model=str(folder), adapter=str(tmp_path / "adapter"), rounds=1, programs=2)
    run = begin(replace(config, sampling=SamplingConfig(max_tokens=4)), tmp_path / "run")
    assert run.read("submission.json")
    model = load_model(str(folder))
    model.use_adapter(tmp_path / "adapter")
    assert model.adapter is not None
    model.adapter.save(tmp_path / "again")
    first, again = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("adapter", "again"))
    assert first.keys() == again.keys() and all(torch.equal(first[name], again[name]) for name in first)


def put_network(folder: Path, kind: str, layers: dict[str, Any]) -> None:
    """A small random network of the given architecture in place of the embedded model's."""
    torch.manual_seed(1)
    config = AutoConfig.for_model(kind, vocab_size=2048, hidden_size=32, intermediate_size=64, **layers)
    for name in ("model.safetensors", "config.json"):
        (folder / name).unlink()
    AutoModelForCausalLM.from_config(config).save_pretrained(folder)


def test_an_adapter_that_no_weights_stand_for_is_not_merged(tmp_path: Path) -> None:
    saved_by_peft("biases of its own", tmp_path / "adapter")
    refused(RunError, lambda: merge("embedded", tmp_path / "adapter", tmp_path / "merged"), "has no bias", "--adapter")


@pytest.mark.parametrize("kind", ["plain", "ranks", "embeddings"])
def test_an_adapter_of_an_older_peft_computes_what_it_computes_there(kind: str, tmp_path: Path) -> None:
    saved_by_peft(kind, tmp_path)
    # What PEFT 0.5 wrote.
    early = {"r", "lora_alpha", "lora_dropout", "target_modules", "peft_type", "task_type", "base_model_name_or_path"}
    early |= {"bias", "fan_in_fan_out", "inference_mode", "rank_pattern", "alpha_pattern", "layers_to_transform"}
    description = json.loads((tmp_path / "adapter_config.json").read_text())
    described(tmp_path / "adapter_config.json", dict.fromkeys(description.keys() - early, "gone"))
    same_as_in_peft(tmp_path)


def test_an_adapter_with_other_embeddings_than_the_model_is_refused(tmp_path: Path) -> None:
    saved_by_peft("embeddings", tmp_path)
    name = "base_model.model.model.embed_tokens.base_layer.weight"
    weights = tmp_path / "adapter_model.safetensors"
    changed(weights, {name: load_file(weights)[name] + 1})
    refused(RunError, lambda: load_model("embedded").use_adapter(tmp_path), "embed_tokens", "merge the adapter")


def test_an_adapter_of_the_embedded_model_of_another_version_is_refused(adapter: Path) -> None:
    """Its name is the same in all versions, and so are the shapes, so nothing else would tell."""
    load_model("embedded").use_adapter(adapter)
    # As older versions wrote it, and as one with other weights would.
    for revision in (None, "0" * 64):
        described(adapter / "adapter_config.json", {"revision": revision})
        refused(RunError, lambda: load_model("embedded").use_adapter(adapter), "another version", "train it anew")


def test_adapters_that_cannot_be_loaded_say_why(adapter: Path) -> None:
    def load() -> None:
        load_model("embedded").use_adapter(adapter)

    weights, config = adapter / "adapter_model.safetensors", adapter / "adapter_config.json"
    whole, description = weights.read_bytes(), config.read_text()
    name = next(iter(load_file(weights)))
    changed(weights, {name: torch.full_like(load_file(weights)[name], float("nan"))})
    refused(RunError, load, name, "not finite")
    weights.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")
    refused(RunError, load, "git lfs pull")
    weights.write_bytes(whole[: len(whole) // 2])
    refused(RunError, load, str(weights), "cannot be read")
    weights.write_bytes(whole)
    described(config, {"modules_to_save": ["lm_head"]})
    refused(RunError, load, "modules_to_save (['lm_head'])", "merge")
    for content in ("[]", "{", '{"peft_type": "IA3"}', "[" * 100_000):
        config.write_text(content)
        refused(RunError, load, str(config))
    config.write_text(description)
    load()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"target_modules": "(q_proj"}, "unterminated"),
        ({"megatron_config": {"a": 1}}, "megatron"),
        ({"r": 10**9}, "rank is 1000000000"),
        ({"rank_pattern": {"q_proj": 10**9}}, "rank is 1000000000"),
        ({"r": "4"}, "whole numbers above 0"),
        ({"lora_alpha": 1e308}, "lora_alpha"),
        ({"lora_alpha": float("nan")}, "lora_alpha"),
        ({"lora_alpha": "much"}, "TypeError"),
        ({"lora_dropout": 5}, "dropout"),
        ({"trainable_token_indices": [10**9]}, "its adapter does not fit the model"),
        ({"layers_to_transform": ["a"]}, "its adapter does not fit the model"),
    ],
)
def test_an_adapter_with_settings_that_cannot_be_is_told_in_one_line(
    adapter: Path, change: dict[str, Any], words: str
) -> None:
    described(adapter / "adapter_config.json", change)
    refused(RunError, lambda: load_model("embedded").use_adapter(adapter), str(adapter), words)


def test_weights_of_an_adapter_have_a_point_and_may_be_of_one_byte(adapter: Path) -> None:
    weights = adapter / "adapter_model.safetensors"
    given = load_file(weights)
    save_file({name: t.to(torch.float8_e4m3fn) for name, t in given.items()}, weights, metadata={"format": "pt"})
    model = load_model("embedded")
    model.use_adapter(adapter)
    assert model.adapter is not None
    name, parameter = next(iter(model.adapter.parameters.items()))
    assert torch.equal(parameter, given[name.replace(".default.", ".")].to(torch.float8_e4m3fn).float())
    for kind in (torch.int8, torch.complex64):
        save_file({name: t.to(kind) for name, t in given.items()}, weights, metadata={"format": "pt"})
        refused(RunError, lambda: load_model("embedded").use_adapter(adapter), str(weights), str(kind)[6:])


def test_half_a_surrogate_pair_in_a_row_is_named(tmp_path: Path) -> None:
    rows = [{"prompt": "a", "completion": "b"}, {"prompt": "a\ud800", "completion": "b"}]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    tokenizer = load_tokenizer("embedded")
    refused(
        ExampleError,
        lambda: list(read_set(tmp_path / "rows.jsonl", lambda messages: chat_text(tokenizer, messages), "<end>")),
        "row 2, prompt: half a surrogate pair",
    )


REMEMBERING: dict[str, dict[str, Any]] = {
    "bloom": {"n_layer": 1, "n_head": 2},
    "falcon": {"num_hidden_layers": 1, "num_attention_heads": 2},
    "mamba": {"num_hidden_layers": 1},
    "lfm2": {
        "num_hidden_layers": 2,
        "layer_types": ["conv", "full_attention"],
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
    },
    "mistral": {"num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2, "sliding_window": 8},
}
"""Small ones of kinds whose layers remember by other means than attention over all that was before."""


@pytest.mark.parametrize("kind", [*REMEMBERING, "llama", "qwen2"])
def test_a_model_that_remembers_by_other_means_is_refused_in_one_line(kind: str, folder: Path) -> None:
    layers = REMEMBERING.get(kind, {"num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2})
    put_network(folder, kind, layers)
    if kind in REMEMBERING:
        refused(ModelError, lambda: load_model(str(folder)), "cannot be loaded")
    else:
        load_model(str(folder))


@pytest.mark.parametrize("changes", [{"target_modules": r".*\.(q|up)_proj"}, {"exclude_modules": ["lm_head"]}])
def test_an_adapter_is_saved_with_the_layers_that_it_was_found_with(
    adapter: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    if "target_modules" in changes:
        weights = load_file(adapter / "adapter_model.safetensors")
        others = dict.fromkeys(n for n in weights if ".q_proj." not in n and ".up_proj." not in n)
        changed(adapter / "adapter_model.safetensors", others)
    described(adapter / "adapter_config.json", changes)
    model = load_model("embedded")
    model.use_adapter(adapter)
    assert model.adapter is not None
    model.adapter.save(tmp_path / "again")
    content = json.loads((tmp_path / "again" / "adapter_config.json").read_text())
    assert {name: content[name] for name in changes} == changes
    load_model("embedded").use_adapter(tmp_path / "again")
    network = AutoModelForCausalLM.from_pretrained(EMBEDDED)
    PeftModel.from_pretrained(network, tmp_path / "again")


def test_names_of_special_tokens_in_a_program_are_text() -> None:
    model = load_model("embedded")
    end = model.tokenizer.convert_ids_to_tokens(model.end_id)
    ids = model.encode_answer(f"x = 1  # {end}{model.tokenizer.bos_token}\n")
    assert ids.count(model.end_id) == 1 and ids[-1] == model.end_id and model.tokenizer.bos_token_id not in ids
    source = "def transform(grid):\n    grid[1:2, 3:4] = Color.RED\n    return grid\n"
    assert model.encode_answer(source) == [
        *model.tokenizer(source, add_special_tokens=False)["input_ids"],
        model.end_id,
    ]
    assert model.encode(f"{end}")[-1] == model.end_id  # in a prompt it is what the chat template writes
