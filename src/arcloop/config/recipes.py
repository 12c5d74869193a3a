"""Recipes: named files of settings, as TOML.

A recipe names settings as the configuration does (``group_size``, ``[sampling] temperature``) and stands between the
defaults and what is asked for beside it. The run stores what came of it, not the recipe's name.
"""

import difflib
import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from arcloop.config.run import Config
from arcloop.config.stored import built, to_json
from arcloop.errors import ConfigError
from arcloop.files import UnreadableError, read_text

__all__ = ["recipe_names", "with_recipe"]


def recipe_names() -> list[str]:
    """The recipes that ship with the package."""
    names = (file.name for file in (files("arcloop") / "recipes").iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def with_recipe(base: Config, recipe: str) -> Config:
    """``base`` with the settings of a recipe: the name of one that ships with the package, or the path of a TOML file.

    Raises:
        ConfigError: there is no such recipe, it is not TOML, or has a setting that is unknown, of another kind or out of
            its range.
    """
    settings = json.loads(to_json(base))
    where = f"recipe {recipe}"
    _put(settings, _read(recipe), where, "")
    config: Config = built(Config, settings, where, "change the recipe")
    return config


def _read(recipe: str) -> dict[str, Any]:
    path = Path(recipe)
    try:
        if recipe in recipe_names():
            text = (files("arcloop") / "recipes" / f"{recipe}.toml").read_text(encoding="utf-8")
        else:
            if not path.exists():
                raise ConfigError(
                    f"--recipe {recipe}: no such recipe; expected {', '.join(recipe_names())}, or the path of a TOML file "
                    "— see docs/loop.md"
                )
            text = read_text(path)
        return tomllib.loads(text)
    # Nesting of thousands of levels, and integers of thousands of digits, end a parser in ways of their own.
    except (OSError, UnreadableError, RecursionError, ValueError) as error:
        raise ConfigError(
            f"--recipe {recipe}: cannot be read as TOML ({error}); expected settings such as group_size = 0 — see docs/loop.md"
        ) from None


def _put(settings: dict[str, Any], given: dict[str, Any], where: str, section: str) -> None:
    """Change ``settings``, in place, to what is given."""
    for name, value in given.items():
        if name not in settings:
            near = difflib.get_close_matches(name, settings, 3, 0.5) or sorted(settings)
            raise ConfigError(
                f"{where}: no setting {section}{name}; expected {section}{' or '.join(near)} — arcloop run --help-all has all"
            )
        if isinstance(settings[name], dict) and isinstance(value, dict):
            _put(settings[name], value, where, f"{section}{name}.")
        else:
            settings[name] = value
