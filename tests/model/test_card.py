"""What a model wants to be treated like: from its card, its configuration, its name; on this machine or on the hub."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import huggingface_hub.constants
import pytest

from arcloop.assembly import begin
from arcloop.cli.card import main
from arcloop.config import Config, SamplingConfig, TrainingConfig
from arcloop.errors import ConfigError, ModelError
from arcloop.model.card import ModelCard, guessed_template, model_digest, model_folder, read_card, resolve
from arcloop.model.language import load_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The embedded model without a card, with a context of 1,000 tokens."""
    path = tmp_path / "model"
    shutil.copytree(model_folder("embedded"), path, ignore=shutil.ignore_patterns("arcloop.json"))
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 1000}))
    return path


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Path], Path]:
    """Puts a folder into an empty cache of the hub, whose network is not there."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)

    def put(name: str, source: Path) -> Path:
        place = tmp_path / "hub" / f"models--{name.replace('/', '--')}"
        (place / "refs").mkdir(parents=True)
        (place / "refs" / "main").write_text("c0ffee")
        shutil.copytree(source, place / "snapshots" / "c0ffee")
        return place / "snapshots" / "c0ffee"

    return put


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("barc0/Llama-3.1-ARC-Potpourri-Induction-8B", "barc"),
        ("somebody/BARC-mine", "barc"),
        ("Qwen/Qwen3-8B", "plain"),
        ("/models/Llama-3.1-8B-Instruct", "plain"),
    ],
)
def test_of_a_model_without_a_card_the_template_is_guessed_from_its_name(name: str, template: str) -> None:
    assert guessed_template(name) == template


def test_prompt_and_completion_fit_into_the_models_context(folder: Path) -> None:
    card = read_card(str(folder))
    assert (card.template, card.context) == ("plain", 1000)
    open_ = resolve(Config("", training=TrainingConfig(max_tokens=2000)), card)
    assert (open_.sampling.max_prompt_tokens, open_.sampling.max_tokens) == (500, 500)
    assert open_.training.max_tokens == 1000
    short = resolve(Config("", sampling=SamplingConfig(max_tokens=100)), card)
    assert (short.sampling.max_prompt_tokens, short.sampling.max_tokens) == (900, 100)
    for asked in (SamplingConfig(max_tokens=100, max_prompt_tokens=901), SamplingConfig(max_tokens=1000)):
        with pytest.raises(ConfigError, match="more than the 1000 that the model reads"):
            resolve(Config("", sampling=asked), card)
    # Where the context is not known nothing is capped.
    assert resolve(Config(""), ModelCard()).sampling.max_prompt_tokens == 10_000


def test_a_run_says_what_was_guessed(folder: Path, tmp_path: Path) -> None:
    told: list[str] = []
    config = Config("drawing", model=str(folder), limit=1)
    assert begin(config, tmp_path / "run", told.append).config().prompt.template == "plain"
    assert len(told) == 1 and "no arcloop.json" in told[0] and "template plain" in told[0]
    begin(Config("drawing", limit=1), tmp_path / "embedded", told.append)
    assert len(told) == 1


def test_a_card_is_shown_written_and_found(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "guessed" in shown and "plain" in shown and "1000" in shown
    assert main([str(folder), "--template", "compact", "--max-tokens", "300"]) == 0
    card = read_card(str(folder))
    assert (card.template, card.max_tokens, card.context) == ("compact", 300, 1000)
    with pytest.raises(ConfigError, match="--context is -1"):
        main([str(folder), "--context", "-1"])
    with pytest.raises(ConfigError, match="part of arcloop"):
        main(["embedded", "--max-tokens", "1"])
    with pytest.raises(ConfigError, match="no such folder"):
        main([str(folder), "--template", "barc", "--out", str(folder / "nowhere")])


def test_what_the_hubs_cache_holds_is_used_without_a_network(
    folder: Path, hub: Callable[[str, Path], Path], tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="not to be had from the hub"):
        model_folder("org/small")
    assert read_card("org/small") == ModelCard("plain") and model_digest("org/small") == ""
    snapshot = hub("org/small", folder)
    assert model_folder("org/small", weights=True) == str(snapshot)
    assert read_card("org/small").context == 1000
    assert main(["org/small", "--template", "compact"]) == 0
    assert read_card("org/small").template == "compact"
    run = begin(Config("drawing", model="org/small", limit=1), tmp_path / "run")
    assert run.config().model == "org/small" and run.manifest().model_sha256 == model_digest("org/small") != ""
    assert load_model("org/small").name == "org/small"
    index = snapshot / "model.safetensors.index.json"
    for content, words in (("[]", "cannot be read"), ('{"weight_map": {"a": "none"}}', "weights are not all")):
        index.write_text(content)
        with pytest.raises(ModelError, match=words):
            model_folder("org/small", weights=True)
    index.unlink()
    (snapshot / "model.safetensors").unlink()
    assert model_folder("org/small") == str(snapshot)
    with pytest.raises(ModelError, match="weights are not all in the hub's cache"):
        model_folder("org/small", weights=True)


def test_a_configuration_that_is_none_is_refused(folder: Path) -> None:
    for content, context in (('{"max_position_embeddings": "many"}', None), ('{"text_config": {"n_ctx": 7}}', 7)):
        (folder / "config.json").write_text(content)
        assert read_card(str(folder)).context == context
    (folder / "config.json").write_text("[" * 100)
    with pytest.raises(ModelError, match=r"config.json: cannot be read"):
        read_card(str(folder))


@pytest.mark.parametrize("inner", [False, True])
def test_layers_without_end_are_refused_before_one_is_made(folder: Path, inner: bool) -> None:
    config = json.loads((folder / "config.json").read_text()) | {"num_hidden_layers": 10**8}
    (folder / "config.json").write_text(json.dumps({"text_config": config} if inner else config))
    with pytest.raises(ModelError, match=r"its num_hidden_layers is 100000000; expected up to 10,000"):
        load_model(str(folder))


def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"GG")
    with pytest.raises(ModelError, match="a file; expected a model folder in Hugging Face's form, or a GGUF file"):
        model_folder(str(tmp_path / "model.bin"))
