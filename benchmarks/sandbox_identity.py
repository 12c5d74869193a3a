"""Do outcomes depend on order, workers, mode or load? The same programs in 5 orders, 40 ways in all.

    python -m benchmarks.sandbox_identity [--programs 2000]

A tenth of the programs end badly: exceptions, crashes, memory, state left behind. Each of 5 orders
is run by 1 and 2 workers, in strict and batch mode, first with nothing else to do, then beside as
many endless loops as there are cores. Compared are status, error text and every output cell; exits
with 1 if one differs.
"""

import argparse
import itertools
import os
import random
import subprocess
import sys
import time
from typing import Literal

from arcloop.config import ExecutionConfig
from arcloop.execution import Sandbox
from tests.execution.test_outcomes import mixed, outcomes

MODES: tuple[Literal["strict", "batch"], ...] = ("strict", "batch")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=2000)
    parser.add_argument("--orders", type=int, default=5)
    options = parser.parse_args()
    work = mixed(options.programs)
    with Sandbox(ExecutionConfig(workers=2, mode="strict")) as sandbox:
        expected = outcomes(sandbox, work)
    worst = 0
    for loaded in (False, True):
        load = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loaded * os.cpu_count())]
        try:
            for order, workers, mode in itertools.product(range(options.orders), (1, 2), MODES):
                start = time.perf_counter()
                with Sandbox(ExecutionConfig(workers=workers, mode=mode)) as sandbox:
                    found = outcomes(sandbox, random.Random(order).sample(work, len(work)))
                differ = [name for name in expected if found[name] != expected[name]]
                worst = max(worst, len(differ))
                print(
                    f"{'loaded' if loaded else 'quiet ':7} order {order}, {workers} workers, {mode:6}: "
                    f"{len(found)} outcomes, {len(differ)} differ {differ[:3]} ({time.perf_counter() - start:.0f} s)",
                    flush=True,
                )
        finally:
            for process in load:
                process.kill()
                process.wait()
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
