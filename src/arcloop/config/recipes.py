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

__all__ = ["named_toml", "recipe_names", "shipped", "with_recipe", "with_settings"]


def recipe_names() -> list[str]:
    """The recipes that ship with the package."""
    return shipped()


def shipped(folder: str = "") -> list[str]:
    """Names of the files of settings that ship with the package: recipes, or what is in a folder beside them."""
    names = (file.name for file in (files("arcloop") / "recipes" / folder).iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def with_recipe(base: Config, recipe: str) -> Config:
    """``base`` with the settings of a recipe: the name of one that ships with the package, or the path of a TOML file.

    Raises:
        ConfigError: there is no such recipe, it is not TOML, or has a setting that is unknown, of another kind or out of
            its range.
    """
    given = named_toml(recipe, "", f"--recipe {recipe}", "recipe", "settings such as group_size = 0 — see docs/loop.md")
    return with_settings(base, given, f"recipe {recipe}", "change the recipe")


def with_settings(base: Config, given: dict[str, Any], where: str, remedy: str) -> Config:
    """``base`` with settings as TOML gave them; ``where`` and ``remedy`` are for the error message.

    Raises:
        ConfigError: a setting is unknown, of another kind or out of its range.
    """
    settings = json.loads(to_json(base))
    _put(settings, given, where, "")
    config: Config = built(Config, settings, where, remedy)
    return config


def named_toml(name: str, folder: str, where: str, kind: str, expected: str) -> dict[str, Any]:
    """What is in a TOML file: one of those that are ``shipped`` in a folder, by its name, or any by its path.

    ``where``, ``kind`` and what is ``expected`` of its content are for the error message.

    Raises:
        ConfigError: there is no such file, or it is not TOML.
    """
    path, names = Path(name), shipped(folder)
    try:
        if name in names:
            text = (files("arcloop") / "recipes" / folder / f"{name}.toml").read_text(encoding="utf-8")
        else:
            if not path.exists():
                see = expected.rpartition(" — ")[2]
                raise ConfigError(
                    f"{where}: no such {kind}; expected {', '.join(names)}, or the path of a TOML file — {see}"
                )
            text = read_text(path)
        return tomllib.loads(text)
    # Nesting of thousands of levels, and integers of thousands of digits, end a parser in ways of their own.
    except (OSError, UnreadableError, RecursionError, ValueError) as error:
        raise ConfigError(f"{where}: cannot be read as TOML ({error}); expected {expected}") from None


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
