"""The configuration in a run's folder: its schema, and the conversion of what arcloop 0.1 wrote."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from arcloop.config import Config, EngineConfig, LoadingConfig, config_json, read_config
from arcloop.errors import ConfigError

CONFIG = Config("drawing", rounds=3)


def first_schema(rescore: bool = False, order: str = "shuffled") -> dict[str, Any]:
    """As arcloop 0.1 wrote ``CONFIG``."""
    raw: dict[str, Any] = json.loads(config_json(CONFIG))
    del raw["schema"]
    raw["training"]["order"] = order
    return raw | {"voting": {"rescore": rescore, "views": 8, "candidates": 8}}


def read(folder: Path, raw: object) -> Config:
    (folder / "config.json").write_text(json.dumps(raw))
    return read_config(folder / "config.json")


def test_what_is_written_is_read_and_says_its_schema(tmp_path: Path) -> None:
    raw = json.loads(config_json(CONFIG))
    assert next(iter(raw)) == "schema" and raw["schema"] == 2
    assert read(tmp_path, raw) == CONFIG


def test_the_first_schema_is_converted(tmp_path: Path) -> None:
    assert read(tmp_path, first_schema()) == CONFIG


def test_one_quantization_for_engine_and_training_becomes_two(tmp_path: Path) -> None:
    four_bits = dataclasses.replace(CONFIG, sampler="vllm", loading=LoadingConfig(use_4bit_quantization=True))
    raw = json.loads(config_json(four_bits))
    assert read(tmp_path, raw) == four_bits
    del raw["engine"]["quantization"]
    assert read(tmp_path, raw) == dataclasses.replace(four_bits, engine=EngineConfig(quantization="bitsandbytes"))


def test_a_setting_that_is_gone_goes_in_its_default_position_alone(tmp_path: Path) -> None:
    raw = json.loads(config_json(CONFIG))
    raw["selection"]["kl_budget"] = 0.0
    assert read(tmp_path, raw) == CONFIG
    raw["selection"]["kl_budget"] = 0.35
    with pytest.raises(ConfigError, match=r"selection: unknown settings \['kl_budget'\]"):
        read(tmp_path, raw)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (first_schema(rescore=True), "voting.rescore is True; expected the default"),
        (first_schema(order="best-last"), "training.order is 'best-last'; expected the default"),
        (json.loads(config_json(CONFIG)) | {"schema": 3}, "schema 3; expected 2 or 1"),
        (json.loads(config_json(CONFIG)) | {"voting": {}}, "unknown settings"),
        ([], "expected an object with settings"),
    ],
)
def test_what_this_version_cannot_do_is_refused_in_one_line(tmp_path: Path, raw: object, says: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(tmp_path, raw)
    assert says in str(raised.value) and "\n" not in str(raised.value)
