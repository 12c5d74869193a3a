"""A run directory and a cluster → what is left of the run, done by workers on the cluster."""

import secrets
from collections.abc import Callable
from importlib.metadata import version

from rich.console import Console

from arcloop.assembly.lengths import prompt_length
from arcloop.assembly.parts import make_parts
from arcloop.cluster.actor import MARK, Brief, Isolate, MakeParts
from arcloop.cluster.driver import Driver
from arcloop.cluster.nodes import Nodes, connected, gpus_of_a_worker
from arcloop.cluster.parcel import BEGINNING
from arcloop.config import ClusterConfig
from arcloop.execution import Sandbox
from arcloop.files import write_bytes
from arcloop.progress import Progress
from arcloop.runs.rundir import RunDir

__all__ = ["spread"]


def spread(
    run: RunDir,
    cluster: ClusterConfig,
    console: Console,
    deadline: float | None,
    tell: Callable[[str], None],
    make: MakeParts = make_parts,
    isolate: Isolate = Sandbox,
) -> None:
    """Search and learn what is left of a run, each group where there is room for it.

    ``deadline``: seconds since 1970. ``make`` and ``isolate`` make what searches, learns and runs
    programs, on each worker; they have to be importable there.

    Raises:
        DeadlineError: the deadline came first; what was found until then is stored.
        ClusterError: there is no cluster, or no machine of it can do the work.
    """
    config, tasks, mark = run.config(), run.tasks(), secrets.token_hex(16)
    total = len(tasks) * config.rounds * config.programs
    with Progress(console, total, "programs") as progress:
        progress.stage("starting workers")
        with connected(cluster) as ray:
            gpus = gpus_of_a_worker(ray, cluster, config.computes)
            write_bytes(run.path / MARK, mark.encode())
            try:
                beginning = {name: (run.path / name).read_bytes() for name in BEGINNING if (run.path / name).exists()}
                brief = Brief(str(run.path.resolve()), mark, beginning, cluster.cpus_per_group, 1, version("arcloop"))
                with Nodes(ray, cluster, make, isolate, brief, gpus, config.learns) as crew:
                    Driver(run, crew, _weights(run), progress, tell, deadline).search_and_learn()
            finally:
                (run.path / MARK).unlink(missing_ok=True)


def _weights(run: RunDir) -> dict[int, float]:
    """Group that is not done → about how long it takes: tokens of its tasks' prompts × rounds that are left for it."""
    left: dict[int, int] = {}
    for place in run.places():
        if not place.group.done:
            left[place.index] = left.get(place.index, 0) + 1
    groups, length = run.groups(), prompt_length(run.config())
    return {index: rounds * sum(map(length, groups[index])) for index, rounds in left.items()}
