"""Does learning from a search's wrong programs make its right ones likelier?

    python -m experiments.learned_odds RUN [--alone] [--programs 32] [--rare 90] [--tasks 100] [--selection.k 8] ...

Takes a stored ``arcloop search`` RUN of the embedded model, and from it tasks that few draws solved (1 to
6), filled up with unsolved ones; of each task so many programs that are wrong on the train pairs. On these
an adapter is trained as a round of the loop would train it (``--alone``: one for each task). The right
programs, which it has not seen, are weighed before and after: the change of the log of their summed
probability as answers to the tasks that they were written for, in nats, mean over the tasks with its
standard error. That is far more sensitive than a number of solved tasks.

The base model has found these programs, so it is favoured: a change at random makes what was found
by chance less likely. Two ways of learning are compared with less bias than either with none.
"""

import random
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import tyro

from arcloop.config import AnchorsConfig, ExecutionConfig, RelabelConfig, SelectionConfig, TrainingConfig
from arcloop.execution import Sandbox
from arcloop.hindsight.anchors import Anchors
from arcloop.hindsight.curation import Curator
from arcloop.hindsight.filters import wording
from arcloop.hindsight.relabel import example
from arcloop.model.card import read_card
from arcloop.model.language import load_model
from arcloop.records import Candidate, Task
from arcloop.runs.rundir import RunDir
from arcloop.seeds import generator
from arcloop.tasks.augment import apply_task
from arcloop.training import Fitting
from arcloop.training.trainer import LoraTrainer
from experiments.likelihood import Likelihood

FINDS = range(1, 7)
"""Right draws of a task that counts as rarely solved."""
WEIGHED = 4
"""Different right programs of a task that are weighed at the most."""


@dataclass(frozen=True)
class Arguments:
    """Does learning from a search's wrong programs make its right ones likelier?"""

    run: tyro.conf.Positional[Path]
    """A finished ``arcloop search`` of the embedded model."""
    programs: int = 32
    """Wrong programs of each task, drawn from all."""
    rare: int = 90
    """Rarely solved tasks, whose right programs are weighed."""
    tasks: int = 100
    """With the unsolved ones."""
    alone: bool = False
    """An adapter for each task; without it they share one. Unsolved tasks make no difference then."""
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    relabel: RelabelConfig = field(default_factory=RelabelConfig)
    anchors: AnchorsConfig = field(default_factory=AnchorsConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)


def drawn(arguments: Arguments) -> tuple[list[Task], dict[str, list[Candidate]], dict[str, list[Candidate]]]:
    """The tasks; by task id the wrong programs that are learned from; of the rarely solved ones the right programs."""
    run = RunDir.open(arguments.run)
    found: dict[str, list[Candidate]] = defaultdict(list)
    for index in range(len(run.groups())):
        for candidate in run.group(0, index).candidates():
            found[candidate.program.task_id].append(candidate)
    right = {task: {c.program.id: c for c in candidates if c.score.perfect} for task, candidates in found.items()}
    finds = {task: sum(c.score.perfect for c in candidates) for task, candidates in found.items()}
    rng = random.Random(0)
    rare = [task for task in sorted(found) if finds[task] in FINDS]
    rare = rng.sample(rare, min(arguments.rare, len(rare)))
    open_ = [task for task in sorted(found) if finds[task] == 0]
    names = rare + rng.sample(open_, max(0, arguments.tasks - len(rare)))
    wrong = {}
    for name in names:
        candidates = [c for c in found[name] if not c.score.perfect]
        wrong[name] = generator(name).sample(candidates, min(arguments.programs, len(candidates)))
    tasks = {task.id: task for task in run.tasks()}
    return [tasks[name] for name in names], wrong, {name: list(right[name].values())[:WEIGHED] for name in rare}


def main() -> None:
    """Learn, weigh, print."""
    arguments = tyro.cli(Arguments, args=sys.argv[1:])
    tasks, wrong, right = drawn(arguments)
    model = load_model("embedded")
    words, likelihood = model.format, Likelihood(model)
    rate = arguments.training.learning_rate or read_card("embedded").learning_rate
    trainer = LoraTrainer(model, replace(arguments.training, learning_rate=rate))
    shown = wording(words.prompt_text(tasks[0], 0))
    groups = [[task] for task in tasks if task.id in right] if arguments.alone else [tasks]

    def weight(task: Task) -> float:
        asked = [words.prompt_text(apply_task(c.augmentation, task), 0) for c in right[task.id]]
        answers = [words.answer_text(c.program.source) for c in right[task.id]]
        return float(np.logaddexp.reduce(likelihood.logprobs(asked, answers)))

    changes: list[float] = []
    rows, seconds = 0, 0.0
    with Sandbox(ExecutionConfig(workers=1)) as sandbox, tempfile.TemporaryDirectory() as folder:
        curator = Curator(arguments.selection, arguments.relabel, 0, 0, sandbox, words=shown)
        for number, group in enumerate(groups):
            rare = [task for task in group if task.id in right]
            taught = [hindsight for task in group for hindsight in curator.curate(task, wrong[task.id], tasks)[0]]
            examples = [example(hindsight, words) for hindsight in taught]
            if not examples:
                changes += [0.0] * len(rare)
                continue
            anchors = Anchors(arguments.anchors, words).rows(len(examples), generator("anchors"))
            model.use_adapter(None)
            before = [weight(task) for task in rare]
            adapter = Path(folder) / str(number)
            start = time.monotonic()
            rows += trainer.fit(Fitting([*examples, *anchors], None, adapter, random.Random(0))).rows
            seconds += time.monotonic() - start
            model.use_adapter(adapter)
            changes += [weight(task) - was for task, was in zip(rare, before, strict=True)]
    change = np.array(changes)
    error = change.std(ddof=1) / len(change) ** 0.5
    print(f"{len(right)} rarely solved tasks, {len(groups)} adapters · {rows} rows, {seconds:.0f} s of learning")
    print(
        f"log-probability of their right programs: {change.mean():+.3f} ± {error:.3f} nats,"
        f" up in {100 * (change > 0).mean():.0f} % of the tasks"
    )


if __name__ == "__main__":
    main()
