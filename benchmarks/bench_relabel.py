"""How long does ``arcloop relabel`` take for a large run, and how much memory?

    python -m benchmarks.bench_relabel [--tasks 400] [--programs 216] [--select all] [--keep FOLDER] [-- OPTIONS]

Builds a run directory of real ARC-AGI-1 evaluation tasks with random programs of the grammar, whose
executions are made up (real inputs, turned, cut and recoloured: no two alike), so that nearly all
pass the filters; then runs the command on it as a user does, and prints wall time, CPU time and peak
memory of its process. Goal: 85,640 rows over 400 tasks in 90 s and 2 GB on two cores. Needs about
3 GB of disk. Timings mean nothing on a machine that is busy otherwise.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from arcloop.config import Config, PromptConfig, SelectionConfig
from arcloop.grammar import sample_program
from arcloop.model.language import load_tokenizer, prompt_format
from arcloop.programs import content_id
from arcloop.prompts.format import make_prompts
from arcloop.records import Completion, Execution, FinishReason, Grid, Program, Status, Task
from arcloop.runs.rundir import RunDir
from arcloop.scoring import score_execution
from arcloop.seeds import generator
from arcloop.tasks.augment import apply_task
from arcloop.tasks.sets import load_tasks
from tests.fakes import MANIFEST, NOTHING

PER_PROMPT = 8


def made_up(grid: Grid, rng: random.Random, turns: int, colors: list[int]) -> Grid:
    turned = np.rot90(np.array(colors, dtype=np.int8)[grid], turns)
    height, width = turned.shape
    return np.ascontiguousarray(
        turned[: rng.randint((height + 1) // 2, height), : rng.randint((width + 1) // 2, width)]
    )


def build(path: Path, tasks: list[Task], programs: int) -> RunDir:
    config = Config("arc1-eval", programs=programs, rounds=1, prompt=PromptConfig(template="barc"))
    run = RunDir.create(path, config, tasks, MANIFEST)
    words = prompt_format("embedded", load_tokenizer("embedded"), config.prompt)
    for index, group_tasks in enumerate(run.groups()):
        group, search = run.group(0, index), ([], [], [], [], [])
        prompts, completions, written, executions, scores = search
        for task in group_tasks:
            made = make_prompts(task, 0, programs, PER_PROMPT, config.augment, words, 0)
            prompts += made
            asked = [apply_task(prompt.augmentation, task) for prompt in made]
            rng, seen = generator("bench", task.id), set()
            for draw in range(programs):
                while (source := sample_program(rng)) in seen:
                    pass
                seen.add(source)
                name, shown = f"r0/{task.id}/d{draw:05}", asked[draw // PER_PROMPT]
                turns, colors = rng.randrange(4), rng.sample(range(10), 10)
                outputs = tuple(made_up(grid, rng, turns, colors) for grid in shown.inputs)
                text = words.answer_text(source)
                completions.append(
                    Completion(name, made[draw // PER_PROMPT].id, task.id, text, 100, FinishReason.STOP, -50.0)
                )
                written.append(Program(content_id(source), name, task.id, source))
                executions.append(Execution(name, Status.OK, outputs, "", 0.001, 0.001))
                scores.append(score_execution(executions[-1], shown))
        group.write_search(*search)
        group.finish(NOTHING)
        print(f"\rbuilding: {index + 1}/{len(run.groups())} groups", end="", file=sys.stderr)
    print(file=sys.stderr)
    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=400)
    parser.add_argument("--programs", type=int, default=216, help="programs per task; some are dropped")
    parser.add_argument("--select", default="all", help=f"policy; default all, of the run's own {SelectionConfig().k}")
    parser.add_argument("--keep", type=Path, help="build the run here, or use the one that is there")
    parser.add_argument("options", nargs="*", help="further options of arcloop relabel")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.keep or Path(folder) / "run"
        if not (path / "config.json").is_file():
            build(path, load_tasks("arc1-eval", arguments.tasks), arguments.programs)
        out = Path(folder) / "set"
        command = [sys.executable, "-m", "arcloop.cli", "relabel", path, "--select", arguments.select, "--out", out]
        start = time.monotonic()
        process = subprocess.Popen([*map(str, command), *arguments.options])
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        if status:
            sys.exit("arcloop relabel failed")
        sizes = {file.name: file.stat().st_size / 1e6 for file in sorted(out.iterdir())}
    print(f"wall time    {seconds:.1f} s (CPU {used.ru_utime + used.ru_stime:.1f} s)")
    print(f"peak memory  {used.ru_maxrss / 1024:.0f} MB")
    print("files        " + ", ".join(f"{name} {size:.1f} MB" for name, size in sizes.items()))


if __name__ == "__main__":
    main()
