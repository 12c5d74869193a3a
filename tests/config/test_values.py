"""Numbers that are none, and values that would be taken although nothing works with them."""

import math
from dataclasses import replace

import pytest

from arcloop.config import BudgetConfig, Config, ExecutionConfig, SamplingConfig, ServerConfig
from arcloop.errors import ConfigError
from arcloop.search.budget import moment


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_no_setting_is_infinite_or_no_number(value: float) -> None:
    base = Config("arc1-train")
    sections = [
        name for name in ("training", "selection", "budget", "augment", "anchors", "sampling") if hasattr(base, name)
    ]
    tried = 0
    for name in sections:
        section = getattr(base, name)
        for setting, now in vars(section).items() if hasattr(section, "__dict__") else ():
            if isinstance(now, float):
                with pytest.raises(ConfigError):
                    replace(base, **{name: replace(section, **{setting: value})})
                tried += 1
    assert tried >= 5
    with pytest.raises(ConfigError, match="temperature"):
        SamplingConfig(temperature=(1.0, value))
    with pytest.raises(ConfigError, match="timeout"):
        ExecutionConfig(timeout=value)


def test_whole_numbers_are_of_a_size_that_can_be_worked_with() -> None:
    with pytest.raises(ConfigError, match=r"budget\.seconds is 1000.*; expected finite numbers"):
        Config("drawing", budget=BudgetConfig(seconds=10**400))
    with pytest.raises(ConfigError, match="seed is 9223372036854775808; expected a whole number of 64 bits"):
        Config("drawing", seed=2**63)


def test_absurd_values_are_refused() -> None:
    for memory in (1, 10**12):
        with pytest.raises(ConfigError, match="memory"):
            ExecutionConfig(memory=memory)
    for text in ("nan", "inf", "-inf", "soon"):
        with pytest.raises(ConfigError, match="--deadline"):
            moment(text, 0.0)
    for url in ("https://x/v1?key=secret", "https://x/v1#secret", "https://a:secret@x/v1"):
        with pytest.raises(ConfigError) as told:
            ServerConfig(base_url=url)
        assert "secret" not in str(told.value)


def test_a_long_value_is_cut_in_what_is_said_of_it() -> None:
    with pytest.raises(ConfigError, match=r"^server\.base-url is 'aaa") as told:
        ServerConfig(base_url="a" * 10_000)
    assert len(str(told.value)) < 400
