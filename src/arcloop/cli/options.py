"""A run's settings as command-line options: what ``run``, ``search`` and ``show`` share."""

import argparse
import ast
import dataclasses
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_type_hints

import tyro

from arcloop.config import ClusterConfig, Config, ImportConfig, PromptConfig, require
from arcloop.prompts.format import named_template

__all__ = [
    "SHOWN",
    "ClusterOptions",
    "Drawn",
    "PromptOptions",
    "RunOptions",
    "flags",
    "print_short_help",
    "recipe_in",
    "source_in",
]


Drawn = Literal["transformers", "vllm", "openai", "grammar", "replay"]
"""Samplers that can be asked for; what is imported has a command of its own."""


@dataclass(frozen=True)
class PromptOptions(PromptConfig):
    """``PromptConfig`` on the command line."""

    template: Annotated[str | None, tyro.conf.arg(aliases=("--prompt-template",), metavar="NAME|FILE")] = None
    """``barc``, ``compact``, ``plain``, or a file with a template; default: what the model was trained on. ``barc``: the
    BARC models' own format, byte for byte. ``compact``: the embedded model's. ``plain``: for chat models that were not
    trained on the program library. Or a file with a template of your own (docs/search.md), whose text is
    stored with the run."""

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

    skip_invalid: Annotated[bool, tyro.conf.arg(aliases=("--tasks.skip-invalid",))] = False
    """Leave out tasks that are no valid ARC tasks, such as those with grids larger than 30×30, and name them; without it
    the first one is an error."""
    prompt: PromptOptions = field(default_factory=PromptOptions)
    """In which words the model is asked."""
    sampler: Drawn = "transformers"
    """What draws completions. ``transformers``: the network in this process that is also trained. ``vllm``: a vLLM engine
    in this process (extra gpu). ``openai``: any OpenAI-compatible server; it learns if it can load adapters, as vLLM's can.
    ``grammar``: random programs, without a model. ``replay``: the completions of an earlier run. These two search and
    never learn, so further rounds are further searches."""
    imported: Annotated[ImportConfig, tyro.conf.Suppress] = field(default_factory=ImportConfig)
    """How the file of an import is read; of no use here."""
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


@dataclass(frozen=True)
class ClusterOptions:
    """``ClusterConfig`` on the command line."""

    cluster: Annotated[str | None, tyro.conf.arg(metavar="local|auto|ADDRESS")] = None
    """Spread the groups of tasks on Ray: ``local`` uses all GPUs of this machine, or its CPUs where there are none; ``auto``
    the Ray cluster that it belongs to; or the address of one (docs/ray.md)."""
    cluster_workers: Annotated[int | None, tyro.conf.arg(name="cluster.workers", metavar="N")] = None
    """Groups that are worked on at a time, at the most; default: as many as there is room for."""
    cluster_gpus_per_group: Annotated[float | None, tyro.conf.arg(name="cluster.gpus-per-group", metavar="G")] = None
    """GPUs of a worker; 0.5 = two workers share one. Default: 1 where there are GPUs and a network is computed here, else 0."""
    cluster_cpus_per_group: Annotated[int, tyro.conf.arg(name="cluster.cpus-per-group", metavar="N")] = 1
    """Threads that a worker without a GPU computes with. On a CPU the same programs come of the same number only."""

    def config(self) -> ClusterConfig | None:
        """What was asked for; None = this process does all.

        Raises:
            ConfigError: a value is out of its range, or there is no ``--cluster`` beside it.
        """
        if self.cluster is None:
            alone = (self.cluster_workers, self.cluster_gpus_per_group, self.cluster_cpus_per_group) == (None, None, 1)
            require(alone, "cluster", None, "expected local, auto or an address beside --cluster.… options")
            return None
        return ClusterConfig(
            self.cluster, self.cluster_workers, self.cluster_gpus_per_group, self.cluster_cpus_per_group
        )


SHOWN = (
    "tasks",
    "limit",
    "task_ids",
    "model",
    "adapter",
    "rounds",
    "programs",
    "seed",
    "group_size",
    "restart",
    "sampler",
    "source",
    "prompt.template",
    "prompt.library",
    "refine.share",
    "augment.dihedral",
    "augment.colors",
    "sampling.temperature",
    "sampling.top_p",
    "sampling.max_tokens",
    "sampling.rows",
    "server.base_url",
    "server.model",
    "server.api",
    "engine.tensor_parallel_size",
    "loading.use_4bit_quantization",
    "selection.policy",
    "selection.k",
    "relabel.simplify",
    "relabel.variants",
    "training.lora_r",
    "training.learning_rate",
    "training.epochs",
    "training.batch_size",
    "stopping.perfect",
    "budget.programs",
    "budget.seconds",
    "execution.workers",
    "execution.timeout",
)
"""The settings that people set, which ``--help`` shows; ``--help-all`` shows the others too."""


_OPEN = ("gradient-checkpointing", "use-4bit-quantization")
"""Flags that are chosen where nobody says them."""


def print_short_help(arguments: type, base: RunOptions, prog: str) -> None:
    """Print the help of a command that takes a run's settings: its own options and the ``SHOWN`` ones.

    ``arguments``: the command's dataclass, with the settings in its field ``config`` and, if it has them, those of a cluster
    in ``spread``; ``base``: what is the default.
    """
    shown: list[tuple[str, Any, Any]] = []
    for owner, name, value in _options(arguments, base):
        hint = get_type_hints(owner)[name.rpartition(".")[2]]
        spelled = {"source": "from"}.get(name, name)
        # The first sentence says what it is; all of it is in --help-all.
        text = _documentation(owner, name.rpartition(".")[2]).replace("``", "").partition(". ")[0].rstrip(".")
        annotated = Annotated[hint, tyro.conf.arg(name=spelled, help=text)]  # type: ignore[valid-type]
        shown.append((name.replace(".", "_"), annotated, field(default=value)))
    description = inspect.cleandoc(arguments.__doc__ or "")
    more = f"{prog} --help-all shows every option and says more; docs/loop.md explains recipes."
    help_ = dataclasses.make_dataclass("Help", shown, kw_only=True)
    tyro.cli(help_, args=["--help"], prog=prog, description=f"{description}\n\n{more}")


def _options(arguments: type, base: RunOptions) -> Iterator[tuple[type, str, Any]]:
    """The class that an option is documented in, its dotted name and its default, in the order of the help."""
    for own in dataclasses.fields(arguments):
        if own.name == "spread":
            yield ClusterOptions, "cluster", None
        elif own.name != "config":
            default = tyro.MISSING if own.default is dataclasses.MISSING else own.default
            yield arguments, own.name, default
    for name in SHOWN:
        section, _, setting = name.rpartition(".")
        holder = getattr(base, section) if section else base
        yield type(holder), name, getattr(holder, setting)


def _documentation(owner: type, name: str) -> str:
    """The text under a field, in the class that says it or the next one above."""
    for cls in owner.__mro__:
        if not dataclasses.is_dataclass(cls):
            continue
        body = cast(ast.ClassDef, ast.parse(inspect.getsource(cls)).body[0]).body
        for statement, after in pairwise(body):
            match statement, after:
                case ast.AnnAssign(target=ast.Name(id=found)), ast.Expr(value=ast.Constant(value=str(text))):
                    if found == name:
                        return " ".join(text.split())
    return ""


def flags(argv: list[str]) -> list[str]:
    """Arguments with the value that a flag means, where its default is neither yes nor no: ``--x`` and ``--no-x``."""
    said: list[str] = []
    for place, word in enumerate(argv):
        within, _, name = word.removeprefix("--").replace("_", "-").rpartition(".")
        yes = name.removeprefix("no-")
        if not word.startswith("--") or yes not in _OPEN:
            said.append(word)
            continue
        said.append(f"--{within}.{yes}" if within else f"--{yes}")
        if name != yes:
            said.append("False")
        elif argv[place + 1 : place + 2] not in (["True"], ["False"], ["None"]):
            said.append("True")
    return said


def recipe_in(argv: list[str]) -> str | None:
    """The recipe that the arguments name (``--recipe NAME|FILE``), so that its settings can be the defaults."""
    return _option(argv, "--recipe")


def source_in(argv: list[str]) -> Path | None:
    """The run that the arguments say is to be replayed (``--from RUN``), so that its settings can be the defaults."""
    source = _option(argv, "--from")
    return Path(source) if source else None


def _option(argv: list[str], name: str) -> str | None:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument(name, dest="value", nargs="?")
    value: str | None = parser.parse_known_args(argv)[0].value
    return value
