"""What do mutants of a search's best programs find, beside as many further programs of the model?

    python -m experiments.reuse RUN RUN [RUN ...] [--asked 2] [--turns 4]

Takes stored searches of the same tasks under different seeds, none of which gave a task up early. All but ``--asked``
of them are a task's earlier programs; of the best of these as many mutants are made as the runs left out have
programs, as a round of the loop would make them. They are put in the place of the model's further programs: of how
many tasks is a program then right on all train pairs, and how many are solved, train and test pairs? With ``--turns``
other runs are left out in turn; a task counts once, with its mean over the turns.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tyro

from arcloop.assembly import answers_of
from arcloop.config import Config, ExecutionConfig
from arcloop.evaluation.estimates import paired_difference
from arcloop.evaluation.metrics import task_numbers
from arcloop.execution import Sandbox
from arcloop.model.language import load_model
from arcloop.programs import program_of, sources
from arcloop.prompts.format import PromptFormat
from arcloop.records import Candidate, Job, Task
from arcloop.runs.rundir import RunDir
from arcloop.sampling import Draw, Request
from arcloop.scoring import score_execution
from arcloop.search.refinement import Pool
from arcloop.search.reuse import rewritten, rewritten_prompt
from arcloop.seeds import seed_of
from arcloop.tasks.augment import apply_task


@dataclass(frozen=True)
class Arguments:
    """What do mutants of a search's best programs find, beside further programs of the model?"""

    runs: tyro.conf.Positional[list[Path]]
    """Finished searches of the same tasks, under different seeds."""
    asked: int = 2
    """Runs whose programs are the further ones."""
    turns: int = 1
    """How often others are left out."""


def programs(run: RunDir) -> dict[str, list[Candidate]]:
    """Task id → the programs of a run's first round."""
    found: dict[str, list[Candidate]] = defaultdict(list)
    for index in range(len(run.groups())):
        for candidate in run.group(0, index).candidates():
            found[candidate.program.task_id].append(candidate)
    return found


def made(
    task: Task,
    pool: Pool,
    count: int,
    turn: int,
    format_: PromptFormat,
    config: Config,
    sandbox: Sandbox,
) -> list[Candidate]:
    """So many mutants, run and scored; none where there is nothing to make them of."""
    each = config.sampling.completions_per_prompt
    written = {}
    for number in range(count // each):
        parent = pool.nth(number)
        if parent is None:
            return []
        prompt = rewritten_prompt(task, 1, number, parent)
        ids = [f"r1/{task.id}/d{draw:05}" for draw in range(number * each, (number + 1) * each)]
        draws = tuple(Draw(i, seed_of(turn, "mutant", i), 1.0) for i in ids)
        shown = apply_task(prompt.augmentation, task)
        for completion in rewritten(Request(prompt, draws), task, pool, format_):
            for source in sources(completion, format_.prefix)[:1]:
                written[completion.id] = program_of(completion, source), prompt.augmentation, shown
    asked = (Job(i, program.source, shown.inputs, group=task.id) for i, (program, _, shown) in written.items())
    found = []
    for execution in sandbox.execute(asked):
        program, augmentation, shown = written[execution.id]
        found.append(Candidate(program, augmentation, execution, score_execution(execution, shown)))
    return found


def main() -> None:
    """Leave out, make, run, print."""
    arguments = tyro.cli(Arguments, args=sys.argv[1:])
    runs = [RunDir.open(path) for path in arguments.runs]
    config, answers = replace(runs[0].config(), seed=0), answers_of(runs[0])
    tasks = runs[0].tasks()
    found = [programs(run) for run in runs]
    format_ = load_model("embedded").format
    # (turns, tasks, 2): right on the train pairs, and solved.
    reached = {kind: np.zeros((arguments.turns, len(tasks), 2)) for kind in ("model", "mutants")}
    start = time.monotonic()

    def right(task: Task, candidates: Sequence[Candidate]) -> list[bool]:
        numbers = task_numbers(task, [c.program.completion_id for c in candidates], candidates, answers.get(task.id))
        return [numbers.train_perfect > 0, (numbers.perfect or 0) > 0]

    with Sandbox(ExecutionConfig(workers=1)) as sandbox:
        for turn in range(arguments.turns):
            out = {(turn * arguments.asked + i) % len(runs) for i in range(arguments.asked)}
            for place, task in enumerate(tasks):
                earlier = [c for i, own in enumerate(found) if i not in out for c in own[task.id]]
                before = right(task, earlier)
                further = [c for i in sorted(out) for c in found[i][task.id]]
                pool = Pool(earlier, [], task, config.refine.exploration)
                reached["model"][turn, place] = np.logical_or(before, right(task, further))
                # Of a task that is solved nothing has to be found.
                own = [] if all(before) else made(task, pool, len(further), turn, format_, config, sandbox)
                reached["mutants"][turn, place] = np.logical_or(before, right(task, own))
    print(f"{len(tasks)} tasks, {arguments.turns} turns · {time.monotonic() - start:.0f} s")
    for number, name in enumerate(["right on the train pairs", "solved"]):
        model = reached["model"][:, :, number].mean(0)
        print(f"{name}: with the model's further programs {100 * model.mean():.2f} % of the tasks")
        mutants = reached["mutants"][:, :, number].mean(0)
        d = paired_difference(model, mutants)
        won, lost = int((mutants > model).sum()), int((mutants < model).sum())
        print(
            f"  mutants in their place {100 * mutants.mean():.2f} %: {100 * d.value:+.2f} points ({100 * d.low:+.2f} to "
            f"{100 * d.high:+.2f}), p = {d.p:.2g}; {won} tasks gain, {lost} lose"
        )


if __name__ == "__main__":
    main()
