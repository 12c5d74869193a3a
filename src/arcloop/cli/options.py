"""A run's settings as command-line options: what ``run``, ``search`` and ``show`` share."""

import argparse
import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from arcloop.config import Config, PromptConfig
from arcloop.prompts.format import named_template

__all__ = ["PromptOptions", "RunOptions", "source_in"]


@dataclass(frozen=True)
class PromptOptions(PromptConfig):
    """``PromptConfig`` on the command line."""

    template: Annotated[str | None, tyro.conf.arg(aliases=("--prompt-template",), metavar="NAME|FILE")] = None
    """``barc``: the BARC models' own format, byte for byte. ``compact``: the embedded model's. ``plain``: for chat models
    that were not trained on the program library. Or a file with a template of your own (docs/search.md), whose text is
    stored with the run. Default: what the model was trained on."""

    def config(self) -> PromptConfig:
        """The settings, with the text of a template file in the place of its path.

        Raises:
            ConfigError: the file cannot be read, or is no template.
        """
        template = None if self.template is None else named_template(self.template)
        return PromptConfig(template, self.library, self.cells)


@dataclass(frozen=True)
class RunOptions(Config):
    """``Config`` on the command line."""

    prompt: PromptOptions = field(default_factory=PromptOptions)
    """In which words the model is asked."""
    source: Annotated[str | None, tyro.conf.arg(name="from", metavar="RUN")] = None
    """Folder of the run whose completions ``--sampler replay`` gives again; its settings are the defaults then."""

    @classmethod
    def of(cls, config: Config) -> "RunOptions":
        """Options whose defaults are a configuration's values."""
        values = {f.name: getattr(config, f.name) for f in dataclasses.fields(Config)}
        return cls(
            **values | {"prompt": PromptOptions(config.prompt.template, config.prompt.library, config.prompt.cells)}
        )

    def config(self) -> Config:
        """The configuration that was asked for.

        Raises:
            ConfigError: as ``PromptOptions.config``.
        """
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(Config)}
        return Config(**values | {"prompt": self.prompt.config()})


def source_in(argv: list[str]) -> Path | None:
    """The run that the arguments say is to be replayed (``--from RUN``), so that its settings can be the defaults."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--from", dest="source", nargs="?")
    source: str | None = parser.parse_known_args(argv)[0].source
    return Path(source) if source else None
