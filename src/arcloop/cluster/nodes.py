"""Workers on the machines of a Ray cluster, one for each share of their devices; the only place that knows Ray.

A cluster of our own, on this machine alone, listens on no address but the loopback, asks for a token that is made for it, and
is gone when the block ends or the process dies. Nothing is reported to anybody, and there is no dashboard.
"""

import contextlib
import functools
import os
import secrets
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from arcloop.cluster.actor import Actor, Assignment, Brief, Isolate, MakeParts, News
from arcloop.cluster.driver import Lost
from arcloop.config import ClusterConfig
from arcloop.errors import ArcloopError, ClusterError

__all__ = ["Allotment", "Nodes", "allotted", "connected", "gpus_of_a_worker"]

_LOOK = 2.0
"""Seconds that a worker without important news waits before it says where it stands."""
_AGAIN = 5.0
"""Seconds between two looks at which machines there are."""
_ALONE = 90.0
"""Seconds without any worker after which there is no hope of one."""
_UNFIT = 2
"""Workers that cannot start on a machine, after which none is started there."""
_END = 15.0
"""Seconds for a worker to let go of what it holds."""
_REACH = 10.0
"""Seconds for the head of a cluster to answer."""
_STARTS = 3
"""Times that a cluster of our own is begun, if it does not come up."""
_STORE = 128 << 20
"""Bytes of memory for objects between processes, on this machine alone; they are news, a few kB each."""
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0"}
"""In the environment of every cluster: nothing is reported to anybody."""
_SILENT: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
"""For ``ray.init``: one log, ours."""


@functools.cache
def _alone() -> dict[str, str]:
    """What makes a cluster one of this machine alone; the same over the life of the process, as Ray reads it once.

    Ray listens on the loopback only where it takes the system for one that can have no other machines. When memory is short
    on this machine, by whomever, the system decides who goes, as for a run in one process, and not Ray.
    """
    return {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_memory_monitor_refresh_ms": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }


@contextlib.contextmanager
def connected(config: ClusterConfig) -> Iterator[Any]:
    """Ray, connected to the cluster that is asked for, as a module.

    Raises:
        ClusterError: Ray is not installed, or the cluster cannot be reached.
    """
    local = config.address == "local"
    with _environment(_QUIET | _alone() if local else _QUIET):
        try:
            import ray
        except ImportError:
            raise ClusterError(
                f"--cluster {config.address}: Ray is not installed; expected the extra cluster — pip install 'arcloop[cluster]'"
            ) from None
        if ray.is_initialized():
            # The caller's own, in a notebook; it stays.
            yield ray
            return
        folder = tempfile.mkdtemp(prefix="arcloop-ray-", dir="/tmp") if local else None
        try:
            with _signals_kept():
                _connect(ray, config, folder)
            yield ray
        finally:
            ray.shutdown()
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)


def _connect(ray: Any, config: ClusterConfig, folder: str | None) -> None:
    try:
        if folder is not None:
            _begin(ray, config, folder)
            return
        if config.address != "auto":
            _reach(config.address)
        ray.init(address=config.address, **_SILENT)
    except Exception as error:
        why = str(error).strip().partition("\n")[0][:300]
        raise ClusterError(
            f"--cluster {config.address}: {type(error).__name__}: {why}; expected a Ray cluster that can be reached, of the "
            "same versions of Ray and Python — ray status shows one, --cluster local needs none"
        ) from None


def _begin(ray: Any, config: ClusterConfig, folder: str) -> None:
    """Begin a cluster of this machine alone."""
    cpus = max(len(os.sched_getaffinity(0)), (config.workers or 1) * config.cpus_per_group)
    for left in reversed(range(_STARTS)):
        try:
            ray.init(
                address="local",
                num_cpus=cpus,
                include_dashboard=False,
                object_store_memory=_STORE,
                _node_ip_address="127.0.0.1",
                _temp_dir=folder,
                **_SILENT,
            )
            return
        except Exception:
            ray.shutdown()
            if not left:
                raise


def _reach(address: str) -> None:
    """See that somebody listens there, for which Ray would wait for many minutes.

    Raises:
        OSError, ValueError: nobody does, or it is no address.
    """
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        raise ValueError("not host:port")
    with socket.create_connection((host.strip("[]"), int(port)), timeout=_REACH):
        pass


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray ends the process at SIGTERM, where ours stores what was found."""
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if main:
            signal.signal(signal.SIGTERM, before)


@dataclass
class _Hired:
    """A worker."""

    actor: Any
    place: tuple[str, int]
    """The machine and, from 0, which worker of it."""
    looking: Any
    """What it will say next, as a reference."""
    begun: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Allotment:
    """What a worker gets of its machine."""

    gpus: float
    devices: int
    """That it learns on together: whole GPUs, or shares of the cores."""
    programs: int
    """That it may run side by side."""


def allotted(room: int, cpus: int, each: int, gpus: float) -> list[Allotment]:
    """The workers of a machine with ``room`` places of so many ``gpus``, of which a worker takes ``each`` as far as there are."""
    each = min(each, room)
    workers = room // each
    devices = max(1, int(each * gpus + 1e-6)) if gpus else each
    # More than one GPU is given in whole ones only.
    allotment = Allotment(gpus if each == 1 else float(devices) if gpus else 0.0, devices, max(1, cpus // workers))
    return [allotment] * workers


class Nodes:
    """A ``Crew`` on a Ray cluster; use it as a context manager."""

    def __init__(
        self,
        ray: Any,
        config: ClusterConfig,
        make: MakeParts,
        isolate: Isolate,
        brief: Brief,
        gpus: float,
        learns: bool,
    ) -> None:
        """``gpus``: what a worker gets of them at least. ``learns``: is more of use to it, where nobody else wants it?"""
        self._ray = ray
        self._config = config
        self._brief = brief
        self._gpus = gpus
        self._make = make
        self._isolate = isolate
        self._actor = ray.remote(Actor)
        self._hired: dict[int, _Hired] = {}
        self._unfit: Counter[str] = Counter()
        self._reason = ""
        self._number = 0
        self._due = 0.0
        self._alone_since = time.monotonic()
        self._stopping = False
        self._each = 0 if learns else 1
        """Places of a machine that a worker takes: more than one where there are fewer groups than places. 0 = not known yet."""

    def __enter__(self) -> "Nodes":
        return self

    def __exit__(self, *error: object) -> None:
        actors = [hired.actor for hired in self._hired.values()]
        with contextlib.suppress(self._ray.exceptions.RayError):
            ends = [actor.end.remote(_END) for actor in actors]
            if ends:
                self._ray.wait(ends, num_returns=len(ends), timeout=_END)
        for actor in actors:
            self._kill(actor)

    def hear(self, seconds: float, wanted: int) -> Sequence[tuple[int, News | Lost]]:
        """See ``Crew``."""
        self._hire(wanted)
        if not self._hired:
            time.sleep(seconds)
            return []
        numbers = {hired.looking: number for number, hired in self._hired.items()}
        ready, _ = self._ray.wait(list(numbers), timeout=seconds)
        if ready:
            ready, _ = self._ray.wait(list(numbers), num_returns=len(numbers), timeout=0)
        return [(numbers[reference], self._said(numbers[reference])) for reference in ready]

    def work(self, worker: int, assignment: Assignment) -> None:
        """See ``Crew``."""
        self._hired[worker].actor.work.remote(assignment)

    def dismiss(self, worker: int, reason: str | None = None) -> None:
        """See ``Crew``."""
        if (hired := self._hired.pop(worker, None)) is not None:
            self._kill(hired.actor)
            self._due = 0.0
            if reason is not None:
                self._unfit[hired.place[0]] += 1
                self._reason = reason

    def stop(self) -> None:
        """See ``Crew``."""
        self._stopping = True
        for hired in self._hired.values():
            hired.actor.stop.remote()

    def alive(self, node: str) -> bool:
        """See ``Crew``."""
        return any(one["Alive"] and one["NodeID"] == node for one in self._ray.nodes())

    def _said(self, number: int) -> News | Lost:
        hired = self._hired[number]
        try:
            news: News = self._ray.get(hired.looking)
        except self._ray.exceptions.RayError as error:
            said = str(ArcloopError(" ".join(str(error).split())[:300]))
            full = isinstance(error, self._ray.exceptions.OutOfMemoryError)
            return Lost(f"{type(error).__name__}: {said}", hired.place[0], full)
        # The more there are, the less often each is asked.
        hired.looking = hired.actor.look.remote(_LOOK * (1 + len(self._hired) / 50))
        return news

    def _hire(self, wanted: int) -> None:
        """A worker for every place that has none, as far as they are of use."""
        now = time.monotonic()
        if self._hired:
            self._alone_since = now
        if self._stopping or now < self._due:
            return
        self._due = now + _AGAIN
        most = min(wanted, self._config.workers or wanted)
        places = self._places(wanted)
        taken = {hired.place for hired in self._hired.values()}
        for place, allotment in places.items():
            if place not in taken and len(self._hired) < most and self._unfit[place[0]] < _UNFIT:
                self._start(place, allotment)
        if not self._hired and wanted:
            self._despair(now, bool(places))

    def _start(self, place: tuple[str, int], allotment: Allotment) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        options = {
            "num_gpus": allotment.gpus,
            "num_cpus": 0 if allotment.gpus else self._config.cpus_per_group * allotment.devices,
            "max_concurrency": 4,
            "scheduling_strategy": NodeAffinitySchedulingStrategy(place[0], soft=False),
        }
        brief = replace(self._brief, programs=allotment.programs, devices=allotment.devices)
        actor = self._actor.options(**options).remote(self._make, brief, self._isolate)
        self._number += 1
        self._hired[self._number] = _Hired(actor, place, actor.look.remote(_LOOK))

    def _places(self, wanted: int) -> dict[tuple[str, int], Allotment]:
        """Machine, and worker of it → what the worker gets of it."""
        rooms: dict[str, tuple[int, int]] = {}
        for node in self._ray.nodes():
            resources = node["Resources"]
            cpus = int(resources.get("CPU", 0))
            if self._gpus:
                room = int(resources.get("GPU", 0) / self._gpus + 1e-6)
            else:
                room = cpus // self._config.cpus_per_group
            room = min(room, self._config.workers or room)
            if node["Alive"] and room:
                rooms[node["NodeID"]] = room, cpus
        if rooms and not self._each:
            # Once: those who have begun keep what they have.
            self._each = max(1, sum(room for room, _ in rooms.values()) // max(1, wanted))
        places = {
            (node, k): allotment
            for node, (room, cpus) in rooms.items()
            for k, allotment in enumerate(allotted(room, cpus, self._each, self._gpus))
        }
        # One of each machine, then a second of each: where not all are wanted, they are spread.
        return dict(sorted(places.items(), key=lambda item: (item[0][1], item[0][0])))

    def _despair(self, now: float, places: bool) -> None:
        if self._reason and places:
            raise ClusterError(self._reason)
        if now - self._alone_since > _ALONE:
            needs = f"{self._gpus:g} GPUs" if self._gpus else f"{self._config.cpus_per_group} CPUs"
            raise ClusterError(
                f"--cluster {self._config.address}: no machine with {needs} for {_ALONE:g} s; expected one — "
                "ray status shows what there is, --cluster.gpus-per-group and --cluster.cpus-per-group say what is asked"
            )

    def _kill(self, actor: Any) -> None:
        with contextlib.suppress(self._ray.exceptions.RayError, ValueError):
            self._ray.kill(actor)


def gpus_of_a_worker(ray: Any, config: ClusterConfig, computes: bool) -> float:
    """What is asked, or 1 where a network is computed and there are GPUs, else 0."""
    if config.gpus_per_group is not None:
        return config.gpus_per_group
    return 1.0 if computes and ray.cluster_resources().get("GPU", 0) else 0.0
