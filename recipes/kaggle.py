"""A run in a Kaggle notebook: no network, all GPUs, a limit of hours, and a submission that is valid from minute one.

In a notebook, with the data sets attached that the constants below name:

    !python /kaggle/input/arcloop-wheels/kaggle.py

or paste it into a cell. ``arcloop wheels --extra gpu --out arcloop-wheels`` makes the data set of wheels, with this file
beside them. Each GPU, or each core where there is none, is given a share of the groups of tasks (``arcloop run --share``).
A process that dies is started again and goes on where it stopped; so does the whole, if it is run again in the same folder.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

START = time.time()

WHEELS = "/kaggle/input/arcloop-wheels"
"""Folder of wheels to install arcloop from; "" = it is installed."""
EXTRA = "gpu"
"""Extra of arcloop that is installed; "" = none."""
MODEL = "/kaggle/input/barc-8b"
"""Folder of the model."""
TASKS = "/kaggle/input/arc-prize-2025/arc-agi_test_challenges.json"
"""Challenges file of the competition."""
OUT = "/kaggle/working"
"""Folder that is given the submission, and the run in a folder of its own."""
HOURS = 12.0
"""Time limit of the notebook."""
MARGIN = 20.0
"""Minutes before it at which the search ends; what is left is for the last votes and the table."""
SETTINGS = ("--sampler", "vllm", "--rounds", "2", "--programs", "256", "--group-size", "10")
"""Further options of arcloop run."""

EVERY = 5.0
"""Seconds between looks at the processes and at the submission."""
STARTS = 4
"""Times that a share is started, if it keeps dying."""


def main() -> None:
    """Submit simple grids, install, search until the margin, and keep the submission up to date all the while."""
    asked = arguments()
    out, run = Path(asked.out), Path(asked.out) / "run"
    out.mkdir(parents=True, exist_ok=True)
    names = first_submission(Path(asked.tasks), out / "submission.json")
    end = START + 3600 * asked.hours
    print(f"{len(names)} tasks, a first submission is in {out / 'submission.json'}", flush=True)
    if asked.wheels:
        extra = f"[{asked.extra}]" if asked.extra else ""
        install = ["install", "--quiet", "--no-index", "--find-links", asked.wheels, f"arcloop{extra}"]
        if subprocess.run([sys.executable, "-m", "pip", *install], check=False).returncode:
            print("The wheels could not be installed: the first submission is all there is.", flush=True)
            return
    command = [
        *(
            sys.executable,
            "-m",
            "arcloop.cli",
            "run",
            "--tasks",
            asked.tasks,
            "--model",
            asked.model,
            "--out",
            str(run),
        ),
        *asked.settings,
    ]
    # What is attached is all there is.
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    search(
        command, devices(asked.workers), environment, run, out, names, end - 60 * asked.margin, end - 30 * asked.margin
    )
    # The last process that is done writes the table, unless it was ended.
    page = run / "report.html"
    if (run / "config.json").exists() and not (page.exists() and page.stat().st_mtime > START):
        evaluate = [sys.executable, "-m", "arcloop.cli", "evaluate", str(run)]
        try:
            subprocess.run(
                evaluate, env=environment, check=False, timeout=max(1.0, end - 15 * asked.margin - time.time())
            )
        except subprocess.TimeoutExpired:
            print("No time for the table; the submission has the best that was found.", flush=True)
    update(run, out, names)
    print(f"{time.time() - START:.0f} s, submission in {out / 'submission.json'}", flush=True)


def arguments() -> argparse.Namespace:
    """The constants above, or what the command line has in their place; what it says besides is for arcloop run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", default=WHEELS, help="folder of wheels; empty: arcloop is installed")
    parser.add_argument("--extra", default=EXTRA, help="extra of arcloop to install")
    parser.add_argument("--model", default=MODEL, help="folder of the model")
    parser.add_argument("--tasks", default=TASKS, help="challenges file")
    parser.add_argument("--out", default=OUT, help="folder for submission and run")
    parser.add_argument("--hours", type=float, default=HOURS, help="time limit, in hours")
    parser.add_argument("--margin", type=float, default=MARGIN, help="minutes before it at which the search ends")
    parser.add_argument("--workers", type=int, default=0, help="processes; 0: one per GPU, or else per core")
    # In a notebook's cell, the command line is the kernel's.
    asked, settings = parser.parse_known_args([] if "ipykernel" in sys.modules else None)
    asked.settings = settings or list(SETTINGS)
    return asked


def first_submission(tasks: Path, path: Path) -> set[str]:
    """Write simple grids for all tasks, unless there is a submission of an earlier call; returns the tasks' names."""
    with tasks.open() as file:
        challenges = json.load(file)
    content = {
        name: [{"attempt_1": [[0]], "attempt_2": [[1]]} for _ in task["test"]] for name, task in challenges.items()
    }
    if not whole(path, set(content)):
        put(json.dumps(content).encode(), path)
    return set(content)


def devices(workers: int) -> list[dict[str, str]]:
    """The environment of each process: its GPU, and its part of the cores."""
    cores = sorted(os.sched_getaffinity(0))
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True)  # noqa: S607
        gpus = sum(line.startswith("GPU ") for line in listed.stdout.splitlines())
    except (OSError, subprocess.CalledProcessError):
        gpus = 0
    count = workers or gpus or len(cores)
    threads = str(max(1, len(cores) // count))
    return [
        {"OMP_NUM_THREADS": threads, **({"CUDA_VISIBLE_DEVICES": str(number % gpus)} if gpus else {})}
        for number in range(count)
    ]


def search(
    command: list[str],
    own: list[dict[str, str]],
    environment: dict[str, str],
    run: Path,
    out: Path,
    names: set[str],
    deadline: float,
    latest: float,
) -> None:
    """Let a process do each share until ``deadline``; who is not done by ``latest`` is ended."""
    cores = sorted(os.sched_getaffinity(0))
    running: dict[int, subprocess.Popen[bytes]] = {}
    starts = [0] * len(own)
    waiting = set(range(len(own)))
    try:
        while (waiting or running) and time.time() < latest:
            for number in sorted(waiting):
                starts[number] += 1
                share = ["--share", f"{number + 1}/{len(own)}", "--deadline", f"{max(1.0, deadline - time.time()):.0f}"]
                running[number] = subprocess.Popen([*command, *share], env=environment | own[number])
                # Programs are run on as many cores at a time as a process may use.
                os.sched_setaffinity(running[number].pid, cores[number % len(cores) :: len(own)])
            waiting.clear()
            time.sleep(EVERY)
            update(run, out, names)
            for number, process in list(running.items()):
                if process.poll() is None:
                    continue
                del running[number]
                if process.returncode and starts[number] < STARTS and time.time() < deadline:
                    print(f"share {number + 1} ended with exit code {process.returncode}: started again", flush=True)
                    waiting.add(number)
    finally:
        for process in running.values():
            process.terminate()  # it stores what it has
        until = time.time() + (latest - deadline) / 4  # for all of them together
        for process in running.values():
            try:
                process.wait(max(1.0, until - time.time()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def update(run: Path, out: Path, names: set[str]) -> None:
    """Submit the best so far."""
    path = run / "submission.json"
    if whole(path, names):
        put(path.read_bytes(), out / "submission.json")


def whole(path: Path, names: set[str]) -> bool:
    """Is there a submission with all tasks?"""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and set(content) >= names


def put(content: bytes, path: Path) -> None:
    """Replace a file at once, so that it is valid at every moment."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(content)
    shutil.move(temporary, path)


if __name__ == "__main__":
    main()
