"""Recipes: what ships reads and resolves, options win, and a mistake is one line."""

import dataclasses
from pathlib import Path

import pytest

from arcloop.config import AugmentConfig, Config, recipe_names, with_recipe
from arcloop.errors import ConfigError
from tests import ROOT

BASE = Config("drawing")


@pytest.mark.parametrize("name", recipe_names())
def test_what_ships_resolves_changes_something_and_is_documented(name: str) -> None:
    assert with_recipe(BASE, name) != BASE
    assert f"`{name}`" in (ROOT / "docs" / "loop.md").read_text()


def test_a_recipe_stands_between_the_defaults_and_what_is_given() -> None:
    base = dataclasses.replace(BASE, seed=7, augment=AugmentConfig(keep_background=0.5))
    made = with_recipe(base, "no-augmentation")
    assert made == dataclasses.replace(base, augment=AugmentConfig(False, False, 0.5, False))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_a_recipe_and_whole_numbers_are_numbers(tmp_path: Path, encoding: str) -> None:
    text = "rounds = 3\n[sampling]\ntemperature = [1, 0.8]\ntop_p = 1\n"
    (tmp_path / "mine.toml").write_bytes(text.encode(encoding))
    made = with_recipe(BASE, str(tmp_path / "mine.toml"))
    assert (made.rounds, made.sampling.temperature, made.sampling.top_p) == (3, (1, 0.8), 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("round = 3", "no setting round; expected rounds"),
        ("[training]\nlr = 1e-4", "no setting training.lr; expected training."),
        ("[selection]\nk = 'eight'", "selection: k is 'eight'; expected int — change the recipe"),
        ("selection = 3", "selection is 3; expected an object with settings — change the recipe"),
        ("rounds = 0", "rounds"),
        ("rounds : 3", "cannot be read as TOML"),
        ("rounds = " + "[" * 100_000, "cannot be read as TOML"),
        ("rounds = " + "9" * 5_000, "cannot be read as TOML"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_is_expected(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ConfigError) as raised:
        with_recipe(BASE, str(tmp_path / "mine.toml"))
    assert says in str(raised.value) and "\n" not in str(raised.value)


def test_an_unknown_name_lists_what_ships() -> None:
    with pytest.raises(ConfigError, match="--recipe painting: no such recipe; expected drawing, no-augmentation, or"):
        with_recipe(BASE, "painting")
