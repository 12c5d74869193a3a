"""``arcloop plan``: how long a run will take, and which budget fits."""

import dataclasses
import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from arcloop.assembly.lengths import prompt_length
from arcloop.assembly.probing import cores, probed, rates_of
from arcloop.cli.job import say, wide
from arcloop.config import Config, require, with_recipe
from arcloop.evaluation.planning import Limit, Rates, Work, groups_of, limits, plan, programs_that_fit
from arcloop.model.card import read_card, resolve
from arcloop.model.description import adapter_rank
from arcloop.runs.rundir import RunDir
from arcloop.tasks.sets import load_tasks

__all__ = ["main"]

_LARGE = 1000
"""Devices of the largest cluster that is thought of."""
_UNSEEN = "            no learning was seen, so it counts as nothing: plan --from a run that has learned"


@dataclass(frozen=True)
class Arguments:
    """Say how long a run takes on so many devices, how many programs fit into so many hours, and what holds up a cluster.

    The rates are those of an earlier run on such a device (``--from``), or of one of two minutes that is made for it here.
    """

    tasks: str | None = None
    """Task set, as for ``arcloop run``. Needed, except with ``--from``."""
    source: Annotated[Path | None, tyro.conf.arg(name="from", metavar="RUN")] = None
    """Folder of an earlier run, finished or not, on one device such as those asked about; its settings are the defaults."""
    gpus: int = 1
    """Devices, each with a share of the groups (docs/cluster.md); on a machine without GPUs, processes."""
    hours: float = 12.0
    """Time that there is."""
    model: str | None = None
    """Model, as for ``arcloop run``."""
    recipe: Annotated[str | None, tyro.conf.arg(metavar="NAME|FILE")] = None
    """Settings from a recipe."""
    limit: int | None = None
    """Take only the first N tasks of the set."""
    rounds: int | None = None
    """Search rounds, with learning between them."""
    programs: int | None = None
    """Programs per task and round."""
    group_size: int | None = None
    """Tasks that share an adapter; 0 = all."""
    cores: int | None = None
    """Cores beside each device, for running programs; default: this machine's."""
    gpu_memory: float | None = None
    """Memory of each GPU, in GiB, such as 24; default: what is free on this machine's."""


def main(argv: list[str]) -> int:
    """Parse the arguments and plan."""
    arguments = tyro.cli(Arguments, args=argv, prog="arcloop plan")
    require(arguments.gpus >= 1, "gpus", arguments.gpus, "expected 1 or more")
    require(0 < arguments.hours < math.inf, "hours", arguments.hours, "expected more than 0")
    require(arguments.cores is None or arguments.cores >= 1, "cores", arguments.cores, "expected 1 or more")
    memory = arguments.gpu_memory
    require(memory is None or 0 < memory < math.inf, "gpu-memory", memory, "expected more than 0 GiB")
    needed = arguments.tasks is not None or arguments.source is not None
    require(needed, "tasks", None, "expected a task set such as arc1-eval, or --from with a run")
    console = wide()
    tell = partial(say, console)
    config = _config(arguments)
    source = arguments.source
    rates = probed(config, console, tell) if source is None else rates_of(RunDir.open(source))
    rates = rates if config.learn else dataclasses.replace(rates, learning=None)
    tasks = load_tasks(config.tasks, config.limit, config.task_ids, config.skip_invalid, lambda line: None)
    groups, own, length = groups_of(len(tasks), config.group_size), iter(tasks), prompt_length(config)
    lengths = tuple(sum(length(next(own)) for _ in range(size)) for size in groups)
    work = Work(groups, config.rounds, config.programs, lengths)
    unseen = config.learns and rates.learning is None
    for line in (
        *_told(work, rates, arguments.gpus, arguments.hours, arguments.cores or cores()),
        *([_UNSEEN] if unseen else []),
        *_memory(config, arguments.gpu_memory),
    ):
        tell(line)
    return 0


def _config(arguments: Arguments) -> Config:
    """The run that is asked about."""
    base = Config("") if arguments.source is None else RunDir.open(arguments.source).config()
    base = with_recipe(base, arguments.recipe) if arguments.recipe else base
    names = ("tasks", "model", "limit", "rounds", "programs", "group_size")
    asked = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    if asked.get("tasks", base.tasks) != base.tasks:
        base = dataclasses.replace(base, tasks=asked["tasks"], limit=None, task_ids=())
    return dataclasses.replace(base, **asked)


def _told(work: Work, rates: Rates, devices: int, hours: float, own: int) -> list[str]:
    asked, one = plan(work, rates, devices), plan(work, rates, 1)
    learning = "not seen" if rates.learning is None else f"{rates.learning:.2f} s per task"
    fits = programs_that_fit(work, rates, devices, 3600 * hours)
    much = f"{len(work.groups)} groups, {work.rounds} rounds of {work.programs} programs"
    verdict = "fits" if asked.total <= 3600 * hours else "does not fit"
    lines = [
        f"measured    search {_speed(work, rates):,.1f} programs/s on such tasks, learning {learning}, start {rates.start:.0f} s",
        f"asked for   {sum(work.groups)} tasks in {much}: {work.completions:,} programs",
        f"1 device    {_hours(one.total)}",
        f"{devices:<4} devices {_hours(asked.total)}: {verdict} into {hours:g} h; {asked.devices} of them have work, "
        f"and search and learn for {asked.busy:.0%} of the time",
        f"fits        --programs {fits}: {fits * work.rounds:,} programs per task in all"
        if fits
        else "fits        not even one program per task: fewer rounds or tasks, or more devices",
    ]
    lines.append(f"disk        {rates.bytes * work.completions / 1e9:.2g} GB in the run's folder")
    lines += [f"limit       {_limit(limit)}" for limit in limits(work, rates, devices, own)]
    return lines


def _memory(config: Config, card: float | None) -> list[str]:
    """What a device's memory has to hold, and what will be chosen so that it does."""
    # Here, because torch takes seconds.
    from arcloop.footprint.device import free_bytes, known_shape
    from arcloop.footprint.outlook import free_of, outlook

    if config.weightless:
        return []
    shape = known_shape(config.model)
    if shape is None:
        return [f"memory      not estimated: the config.json of {config.model} does not say its sizes"]
    rank = 0 if config.adapter is None else adapter_rank(Path(config.adapter))
    free = free_bytes() if card is None else free_of(card)
    found = outlook(shape, resolve(config, read_card(config.model)), free, rank)
    return [f"{'' if number else 'memory':<11} {line}" for number, line in enumerate(found)]


def _speed(work: Work, rates: Rates) -> float:
    """Programs per second of these tasks."""
    tasks = sum(work.groups)
    seconds = rates.completion * tasks + rates.token * sum(work.lengths)
    return tasks / seconds if seconds > 0 else math.inf


def _limit(limit: Limit) -> str:
    many = f"at {limit.devices:,.0f} devices" if limit.devices < _LARGE else f"beyond {_LARGE:,} devices"
    return f"{limit.name}: used up {many} (now {limit.need})"


def _hours(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02} h" if seconds >= 600 else f"{seconds:.0f} s"
