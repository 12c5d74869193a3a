"""Does learning from a search's wrong programs make its right ones likelier?

    python benchmarks/learned_odds.py RUN [--programs 32] [--rare 90] [--tasks 100] [--selection.k 8] [--training.epochs 1] ...

Takes a stored ``arcloop search`` RUN of the embedded model, and from it tasks that few draws solved (1 to
6), filled up with unsolved ones; of each task so many programs that are wrong on the train pairs. On these
an adapter is trained as a round of the loop would train it. The right programs, which it has not seen, are
weighed before and after: the change of the log of their summed probability as answers to the tasks that
they were written for, in nats, mean over the tasks with its standard error. That is far more sensitive
than a number of solved tasks.

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

from arcloop.anchors import Anchors
from arcloop.augment import apply_task
from arcloop.config import AnchorsConfig, ExecutionConfig, RelabelConfig, SelectionConfig, TrainingConfig
from arcloop.curation import Curator
from arcloop.execution import Sandbox
from arcloop.filters import wording
from arcloop.model.card import read_card
from arcloop.model.language import load_model
from arcloop.model.likelihood import Likelihood
from arcloop.records import Candidate, Task
from arcloop.relabel import example
from arcloop.rundir import RunDir
from arcloop.seeds import generator
from arcloop.training.trainer import LoraTrainer

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
    by_id = {task.id: task for task in tasks}

    def weighed() -> np.ndarray:
        weights = []
        for name, candidates in right.items():
            asked = [words.prompt_text(apply_task(c.augmentation, by_id[name]), 0) for c in candidates]
            answers = [words.answer_text(c.program.source) for c in candidates]
            weights.append(np.logaddexp.reduce(likelihood.logprobs(asked, answers)))
        return np.array(weights)

    shown = wording(words.prompt_text(tasks[0], 0))
    with Sandbox(ExecutionConfig(workers=1)) as sandbox, tempfile.TemporaryDirectory() as folder:
        curator = Curator(arguments.selection, arguments.relabel, 0, 0, sandbox, words=shown)
        taught = [hindsight for task in tasks for hindsight in curator.curate(task, wrong[task.id], tasks)[0]]
        examples = [example(hindsight, words) for hindsight in taught]
        anchors = Anchors(arguments.anchors, words).rows(len(examples), generator("anchors"))
        before = weighed()
        rate = arguments.training.learning_rate or read_card("embedded").learning_rate
        training = replace(arguments.training, learning_rate=rate)
        start = time.monotonic()
        fit = LoraTrainer(model, training).fit([*examples, *anchors], None, Path(folder) / "adapter", random.Random(0))
        seconds = time.monotonic() - start
        model.use_adapter(Path(folder) / "adapter")
        change = weighed() - before
    error = change.std(ddof=1) / len(change) ** 0.5
    print(f"{len(tasks)} tasks, {len(right)} of them rarely solved · {fit.rows} rows, {seconds:.0f} s")
    print(
        f"log-probability of their right programs: {change.mean():+.3f} ± {error:.3f} nats,"
        f" up in {100 * (change > 0).mean():.0f} % of the tasks"
    )


if __name__ == "__main__":
    main()
