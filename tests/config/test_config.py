import dataclasses
import re
from pathlib import Path

import pytest

from arcloop import config as module
from arcloop.config import Config, PretrainConfig, SamplingConfig, from_json, to_json
from arcloop.errors import ConfigError
from arcloop.model.card import ModelCard, read_card, resolve

SOURCE = Path(module.__file__).parent.parent
SECTIONS = [value for value in vars(module).values() if dataclasses.is_dataclass(value)]


# How the code names a section's object: a setting counts as read where it follows one of these.
HOLDERS = {
    "AugmentConfig": "config|augment",
    "PromptConfig": "config|prompt",
    "RefineConfig": "config|refine",
    "SamplingConfig": "config|sampling|_config",
    "ServerConfig": "config|server|_config",
    "EngineConfig": "config|engine",
    "ExecutionConfig": "config|execution|_config",
    "SelectionConfig": "config|selection",
    "LoadingConfig": "config|loading",
    "RelabelConfig": "config|relabel",
    "TrainingConfig": "config|training|_config",
    "SessionConfig": "session",
    "PretrainConfig": "config|_config|arguments.config",
    "SearchConfig": "config|search",
    "StoppingConfig": "config|stopping",
    "BudgetConfig": "budget|_budget",
    "AnchorsConfig": "_anchors|given.anchors",
    "HealthConfig": "health",
    "ImportConfig": "settings",
    "ClusterConfig": "cluster|config|settings|given",
    "Config": "config|_config|config\\(\\)|given|arguments.config",
}


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_every_setting_is_read_somewhere(section: type) -> None:
    code = "\n".join(
        path.read_text() for path in SOURCE.rglob("*.py") if path.parent.name != "config" and path.name != "card.py"
    )
    for field in dataclasses.fields(section):
        pattern = rf"\b({HOLDERS[section.__name__]})\.{field.name}\b"
        assert re.search(pattern, code), f"{section.__name__}.{field.name} is read by nothing"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_every_setting_is_documented(section: type) -> None:
    text = "\n".join(path.read_text() for path in (SOURCE / "config").glob("*.py"))
    body = text[text.index(f"class {section.__name__}:") :].split("\n@dataclass", 1)[0]
    for field in dataclasses.fields(section):
        assert re.search(rf'^    {field.name}: .*\n    """', body, re.MULTILINE), f"{section.__name__}.{field.name}"


def test_json_gives_back_the_configuration(tmp_path: Path) -> None:
    config = Config("arc1-train", task_ids=("a", "b"), sampling=SamplingConfig(temperature=(0.5, 1.0)))
    (tmp_path / "config.json").write_text(to_json(config))
    assert from_json(Config, tmp_path / "config.json") == config


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "expected an object"),
        ("{}", r"missing settings \['tasks'\]"),
        ('{"tasks": "x", "speed": 3}', "speed"),
        ('{"tasks": "x", "sampling": {"heat": 1}}', "heat"),
        ('{"tasks": "x", "rounds": "2"}', "rounds is '2'; expected int"),
        ('{"tasks": "x", "rounds": true}', "rounds is True"),
        ('{"tasks": "x", "task_ids": [1]}', "task_ids"),
        ('{"tasks": "x", "selection": {"policy": "bogus"}}', "policy is 'bogus'"),
        ('{"tasks": "x", "sampling": {"top_p": null}}', "top_p is None"),
        ('{"tasks": "x", "sampling": 3}', "sampling is 3"),
    ],
)
def test_a_foreign_or_damaged_configuration_is_named(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ConfigError, match=words):
        from_json(Config, tmp_path / "config.json")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Config("x", rounds=0),
        lambda: Config("x", limit=0),
        lambda: SamplingConfig(top_p=0),
        lambda: SamplingConfig(temperature=(1.0, -1.0)),
        lambda: SamplingConfig(temperature=()),
        lambda: SamplingConfig(diversity=1.5),
        lambda: Config("x", group_size=-1),
        lambda: module.BudgetConfig(programs=0),
        lambda: module.BudgetConfig(seconds=0),
        lambda: module.StoppingConfig(perfect=-1),
        lambda: module.RefineConfig(share=1.5),
        lambda: module.RelabelConfig(refinements=True, frame="original"),
        lambda: module.AnchorsConfig(share=1),
        lambda: module.HealthConfig(rollback=2),
        lambda: SamplingConfig(max_tokens=0),
        lambda: module.ExecutionConfig(timeout=3, wall_timeout=2),
        lambda: module.TrainingConfig(learning_rate=0),
        lambda: module.AugmentConfig(keep_background=1.5),
        lambda: module.SelectionConfig(k=0),
        lambda: PretrainConfig(width=100, heads=3),
        lambda: PretrainConfig(heads=0),
        lambda: PretrainConfig(warmup=1),
        lambda: PretrainConfig(data_workers=-1),
        lambda: PretrainConfig(held_out_tasks=-1),
    ],
)
def test_a_value_out_of_range_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigError, match="expected"):
        wrong()  # type: ignore[operator]


def test_open_settings_are_filled_from_the_models_card() -> None:
    card = ModelCard(learning_rate=0.25, max_prompt_tokens=11, max_tokens=7)
    open_ = resolve(Config("x"), card)
    assert (open_.training.learning_rate, open_.sampling.max_prompt_tokens, open_.sampling.max_tokens) == (0.25, 11, 7)
    given = resolve(Config("x", sampling=SamplingConfig(max_tokens=99)), card)
    assert given.sampling.max_tokens == 99


def test_the_embedded_model_has_a_card() -> None:
    assert read_card("embedded").template == "compact"
