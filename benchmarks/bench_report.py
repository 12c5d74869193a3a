"""The page of a large run: how large it is, how long it takes and how much memory, and until one can use it in Chromium.

    python -m benchmarks.bench_report [--tasks 400] [--programs 128] [--rounds 4] [--keep FOLDER] [--out FILE]

Builds a run directory of real ARC-AGI-1 evaluation tasks with random programs of the grammar by the run's own writers.
What the programs gave is made up, so that no two do the same and round by round some come nearer: a page has most to tell
then. ``--keep`` names a folder for that, from which it is taken the next time. The page is made by ``arcloop report`` in a
process of its own, whose memory is measured. Usable is a page that has drawn its first films and charts; Chromium is
Debian's. Timings mean nothing on a machine that is busy otherwise.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from arcloop.config import Config, PromptConfig
from arcloop.evaluation.outcome import conclude
from arcloop.grammar import sample_program
from arcloop.programs import content_id
from arcloop.prompts.format import PromptFormat, make_prompts
from arcloop.records import Completion, Execution, FinishReason, Grid, Program, Status, Task
from arcloop.runs.rundir import RunDir
from arcloop.scoring import score_execution
from arcloop.seeds import generator
from arcloop.tasks.augment import apply_grid, apply_task
from arcloop.tasks.sets import load_answers, load_tasks
from benchmarks.bench_relabel import PER_PROMPT, made_up
from tests.fakes import MANIFEST, NOTHING


def near(grid: Grid, rng: random.Random, share: float) -> Grid:
    """The grid with about so many of its cells changed."""
    cells = grid.copy()
    for cell in rng.sample(range(cells.size), int(share * cells.size)):
        cells.flat[cell] = rng.randrange(10)
    return cells


def build(path: Path, tasks: list[Task], programs: int, rounds: int) -> RunDir:
    """A finished run with so many programs for each task, over all rounds."""
    each = programs // rounds
    config = Config("arc1-eval", programs=each, rounds=rounds, prompt=PromptConfig(template="barc"))
    run = RunDir.create(path, config, tasks, MANIFEST)
    words = PromptFormat("barc", lambda messages: messages[-1].content)
    answers = load_answers("arc1-eval")
    for place in run.places():
        search = ([], [], [], [], [])
        prompts, completions, written, executions, scores = search
        for task in place.tasks:
            made = make_prompts(task, place.round, each, PER_PROMPT, config.augment, words, 0)
            prompts += made
            asked = [apply_task(prompt.augmentation, task) for prompt in made]
            rng = generator("bench", place.round, task.id)
            for draw in range(each):
                name, shown = f"r{place.round}/{task.id}/d{draw:05}", asked[draw // PER_PROMPT]
                augmentation = made[draw // PER_PROMPT].augmentation
                source = sample_program(rng)
                wanted = [pair.output for pair in shown.train]
                wanted += [apply_grid(augmentation, grid) for grid in answers[task.id]]
                turns, colors = rng.randrange(4), rng.sample(range(10), 10)
                # A sixth fail, a third come near, the rest do anything.
                kind, share = rng.randrange(6), rng.random() ** (1 + place.round) / 2
                if kind == 0:
                    outputs, status, error = (None,) * len(wanted), Status.ERROR, "input 0: IndexError: out of bounds"
                else:
                    outputs = tuple(
                        near(want, rng, share) if kind < 3 else made_up(grid, rng, turns, colors)
                        for grid, want in zip(shown.inputs, wanted, strict=True)
                    )
                    status, error = Status.OK, ""
                text = words.answer_text(source)
                prompt_id = made[draw // PER_PROMPT].id
                completions.append(Completion(name, prompt_id, task.id, text, 100, FinishReason.STOP, -50.0))
                written.append(Program(content_id(source), name, task.id, source))
                executions.append(Execution(name, status, outputs, error, 0.001, 0.001))
                scores.append(score_execution(executions[-1], shown))
        place.group.clear()
        place.group.write_search(*search)
        place.group.finish(NOTHING)
    conclude(run, answers)
    return run


def made(run: RunDir, out: Path) -> tuple[float, float, float]:
    """Seconds, seconds of a CPU, and MB of memory at the most, that the page takes."""
    start = time.perf_counter()
    code = (
        "import resource, sys; from arcloop.cli import main; sys.argv[0] = 'arcloop'; main();"
        "used = resource.getrusage(resource.RUSAGE_SELF); print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    command = [sys.executable, "-c", code, "report", str(run.path), "--out", str(out)]
    said = subprocess.run(command, check=True, capture_output=True, text=True)
    computing, memory = map(float, said.stdout.split()[-2:])
    return time.perf_counter() - start, computing, memory / 1024


def opened(out: Path) -> dict[str, float]:
    """Seconds in Chromium until the page is usable, until all tasks are there, one task, and all programs."""
    from playwright.sync_api import sync_playwright

    took: dict[str, float] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        start = time.perf_counter()
        page.goto(out.absolute().as_uri())
        page.wait_for_selector("html[data-ready]", timeout=120_000)
        took["overview"] = time.perf_counter() - start
        for name, ready in (
            ("tasks", ".card"),
            ("task", "#task .strip canvas"),
            ("programs", "#program-list .program"),
        ):
            start = time.perf_counter()
            target = "location.hash = '#/task/' + DATA.lead[0]" if name == "task" else f"location.hash = '#/{name}'"
            page.evaluate(target)
            page.wait_for_selector(ready, timeout=120_000)
            took[name] = time.perf_counter() - start
        browser.close()
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=400)
    parser.add_argument("--programs", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.keep or Path(folder) / "run"
        there = (path / "metrics.json").exists()
        tasks = load_tasks("arc1-eval", options.tasks)
        run = RunDir.open(path) if there else build(path, tasks, options.programs, options.rounds)
        out = options.out or Path(folder) / "report.html"
        seconds, computing, memory = made(run, out)
        programs = run.numbers().run.programs
        print(f"{len(run.tasks())} tasks, {programs:,} programs, {options.rounds} rounds")
        print(f"page       {out.stat().st_size / 1e6:.1f} MB")
        print(f"made in    {seconds:.1f} s ({computing:.1f} s of a CPU), {memory:,.0f} MB of memory at the most")
        if shutil.which("chromium"):
            print("usable in  " + ", ".join(f"{name} {took:.2f} s" for name, took in opened(out).items()))


if __name__ == "__main__":
    main()
