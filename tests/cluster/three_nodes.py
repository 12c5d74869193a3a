"""Three nodes of a Ray cluster on one machine, and a run that is given to them; one of them may be killed on the way.

    python -m tests.cluster.three_nodes RUN [--kill] [--apart]

``RUN`` is the folder of a run that has begun. ``--kill``: a node is killed when a group has its first round done and two more
are under way. ``--apart``: the workers do not see the run's folder.
"""

import argparse
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# On the loopback only, with a token, and whoever else fills the machine's memory, as a cluster of ours is.
os.environ |= {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_memory_monitor_refresh_ms": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
}

from ray.cluster_utils import Cluster
from rich.console import Console

from arcloop.assembly import carry_on, evaluate, spreading
from arcloop.config import ClusterConfig
from arcloop.runs.rundir import RunDir


def patiently(begin: Callable[[], Any]) -> Any:
    """Ray gives a node 30 s to come up, which on a busy machine is too little."""
    for left in reversed(range(4)):
        try:
            return begin()
        except Exception as error:
            if not left or "timed out during startup" not in str(error):
                raise


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--apart", action="store_true")
    arguments = parser.parse_args()
    run = RunDir.open(arguments.run)
    if arguments.apart:
        # What a worker on another machine finds at the folder's name: nothing.
        spreading.MARK = "elsewhere"  # type: ignore[misc]
    cluster = patiently(lambda: Cluster(True, head_node_args={"num_cpus": 1, "include_dashboard": False}))
    others = [patiently(lambda: cluster.add_node(num_cpus=1)) for _ in range(2)]
    over = threading.Event()

    def kill() -> None:
        while not over.is_set():
            places = list(run.places())
            half = [place for place in places if place.group.done and not place.last]
            # Workers take no second group before they are done with their first, so by then all three have one.
            if half and len({place.index for place in places if place.group.searched}) >= 3:
                print(f"killing a node, {len(half)} rounds of groups are done", flush=True)
                cluster.remove_node(others[1], allow_graceful=False)
                return
            time.sleep(0.1)

    killer = threading.Thread(target=kill, daemon=True)
    if arguments.kill:
        killer.start()
    try:
        console = Console(width=200)
        settings = ClusterConfig(cluster.address)
        carry_on(run, console, tell=lambda line: print(line, flush=True), cluster=settings)
        evaluate(run, console)
    finally:
        over.set()
        cluster.shutdown()


if __name__ == "__main__":
    sys.exit(main())
