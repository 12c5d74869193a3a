"""The method, on one page: search and learn, in a tight loop.

Every round, for every group of tasks: prompt, sample, extract, execute, score, relabel, train.
The loop holds tasks without the answers of their test pairs; what it does follows from the run's
configuration and tasks alone. Everything it makes is in the run directory, from which an
interrupted run goes on where it stopped.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import Protocol

from arcloop.augment import apply_task
from arcloop.config import Config
from arcloop.programs import extract
from arcloop.progress import Progress
from arcloop.prompts import make_prompts
from arcloop.records import Candidate, Completion, Execution, Job, Program, Prompt, Status, Task
from arcloop.relabel import relabel
from arcloop.rundir import GroupDir, RunDir
from arcloop.sampling import Draw, Request, Sampler
from arcloop.scoring import score_execution
from arcloop.seeds import generator, seed_of
from arcloop.selection import select
from arcloop.training import Trainer

__all__ = ["Executor", "search_and_learn"]


class Executor(Protocol):
    """Programs → executions."""

    def execute(self, jobs: Iterable[Job]) -> Iterator[Execution]:
        """One execution per job, by id, in any order; never raises because of a program."""
        ...

    def confirm(self, pairs: Iterable[tuple[Job, Execution]]) -> Iterator[Execution]:
        """Execute again, strictly and under other conditions, in the order of the pairs; where the outcome differs, the status is ``nondeterministic``."""
        ...


def search_and_learn(run: RunDir, sampler: Sampler, executor: Executor, trainer: Trainer, progress: Progress) -> None:
    """Do all rounds of the run that are not done yet."""
    config = run.config()
    solved: set[str] = set()
    for round_ in range(config.rounds):
        for index, tasks in enumerate(run.groups()):
            group = run.group(round_, index)
            if group.done:
                progress.advance(len(tasks) * config.programs, found=True)
                solved.update(group.metrics()["solved"])
                continue
            group.clear()
            progress.stage(f"round {round_ + 1}/{config.rounds} · search")
            sampler.use_adapter(run.group(round_ - 1, index).adapter if round_ else None)
            numbers = search(group, config, round_, tasks, sampler, executor, progress, solved)
            if round_ + 1 < config.rounds:
                progress.stage(f"round {round_ + 1}/{config.rounds} · learn")
                history = [c for earlier in range(round_ + 1) for c in run.group(earlier, index).candidates()]
                numbers |= learn(group, config, round_, tasks, history, sampler, executor, trainer, progress)
            group.finish(numbers)


def search(
    group: GroupDir,
    config: Config,
    round_: int,
    tasks: Sequence[Task],
    sampler: Sampler,
    executor: Executor,
    progress: Progress,
    solved: set[str],
) -> dict[str, object]:
    """One round's search for one group: its records are stored, what it came to is returned."""
    start = time.monotonic()
    by_id = {task.id: task for task in tasks}
    prompts, skipped = prompt(config, round_, tasks, sampler)
    progress.advance(sum(len(draws(config, p)) for p in skipped))
    asked = {p.id: apply_task(p.augmentation, by_id[p.task_id]) for p in prompts}
    inputs = {prompt_id: task.inputs for prompt_id, task in asked.items()}
    completions: dict[str, Completion] = {}
    programs: dict[str, Program] = {}
    jobs: dict[str, Job] = {}

    def sampled() -> Iterator[Job]:
        """Jobs as completions come in: programs run while others are sampled."""
        for completion in sampler.sample([request(config, round_, p) for p in prompts]):
            completions[completion.id] = completion
            program = extract(completion, sampler.format.prefix)
            if program is None:
                progress.advance()
                continue
            programs[completion.id] = program
            jobs[completion.id] = Job(
                completion.id, program.source, inputs[completion.prompt_id], group=completion.task_id
            )
            yield jobs[completion.id]

    executions: dict[str, Execution] = {}
    for execution in executor.execute(sampled()):
        executions[execution.id] = execution
        progress.advance()
    tasks_asked = {i: asked[completions[i].prompt_id] for i in executions}
    scores = {i: score_execution(execution, tasks_asked[i]) for i, execution in executions.items()}
    # What solves its task decides the submission: it has to do so again, strictly.
    perfect = [i for i, score in scores.items() if score.perfect]
    for execution in executor.confirm([(jobs[i], executions[i]) for i in perfect]):
        executions[execution.id] = execution
        scores[execution.id] = score_execution(execution, tasks_asked[execution.id])
    solved.update(programs[i].task_id for i, score in scores.items() if score.perfect)
    progress.fact("solved", f"{len(solved)} tasks")
    order = sorted(executions)
    group.write_search(
        prompts,
        [completions[i] for i in sorted(completions)],
        [programs[i] for i in order],
        [executions[i] for i in order],
        [scores[i] for i in order],
    )
    return {
        "tasks": len(tasks),
        "skipped_prompts": [p.id for p in skipped],
        "completions": len(completions),
        "tokens": sum(completion.tokens for completion in completions.values()),
        "programs": len(programs),
        "solved": sorted({programs[i].task_id for i, score in scores.items() if score.perfect}),
        "search_seconds": round(time.monotonic() - start, 3),
    }


def prompt(config: Config, round_: int, tasks: Sequence[Task], sampler: Sampler) -> tuple[list[Prompt], list[Prompt]]:
    """The prompts of a round that fit the model, freshly augmented, and those that do not."""
    per_prompt, limit = config.sampling.completions_per_prompt, config.sampling.max_prompt_tokens
    made = [
        p
        for task in tasks
        for p in make_prompts(task, round_, config.programs, per_prompt, config.augment, sampler.format, config.seed)
    ]
    fits = [limit is None or sampler.length(p.text) <= limit for p in made]
    return list(compress(made, fits)), [p for p, fit in zip(made, fits, strict=True) if not fit]


def draws(config: Config, prompt: Prompt) -> range:
    """A prompt's share of its task's draws."""
    per_prompt = config.sampling.completions_per_prompt
    return range(prompt.number * per_prompt, min((prompt.number + 1) * per_prompt, config.programs))


def request(config: Config, round_: int, prompt: Prompt) -> Request:
    """A prompt with its draws, each with an id and a seed of its own."""
    task_id = prompt.task_id
    return Request(
        prompt,
        tuple(
            Draw(f"r{round_}/{task_id}/d{draw:05}", seed_of(config.seed, "draw", round_, task_id, draw))
            for draw in draws(config, prompt)
        ),
    )


def learn(
    group: GroupDir,
    config: Config,
    round_: int,
    tasks: Sequence[Task],
    history: Sequence[Candidate],
    sampler: Sampler,
    executor: Executor,
    trainer: Trainer,
    progress: Progress,
) -> dict[str, object]:
    """Train the group's adapter, from the base model, on the best relabeled programs of all rounds so far."""
    start = time.monotonic()
    examples = []
    dropped: Counter[str] = Counter()
    for task in tasks:
        chosen, reasons = select([c for c in history if c.program.task_id == task.id], task, config.selection)
        dropped.update({str(reason): count for reason, count in reasons.items()})
        jobs = [Job(c.execution.id, c.program.source, apply_task(c.augmentation, task).inputs) for c in chosen]
        confirmed = executor.confirm(zip(jobs, [c.execution for c in chosen], strict=True))
        for candidate, again in zip(chosen, confirmed, strict=True):
            if again.status is Status.NONDETERMINISTIC:
                dropped[str(again.status)] += 1
                continue
            rng = generator(config.seed, "relabel", round_, candidate.program.completion_id)
            example = relabel(candidate, task, sampler.format, rng)
            if example is not None:
                examples.append(example)
    group.write_examples(examples)

    def on_step(step: int, steps: int, loss: float) -> None:
        progress.stage(f"round {round_ + 1}/{config.rounds} · learn, step {step}/{steps}, loss {loss:.3f}")

    rng = generator(config.seed, "train", round_, tasks[0].id)
    fit = trainer.fit(examples, None, group.adapter, rng, on_step)
    return {
        "examples": len(examples),
        "dropped": dict(dropped),
        "trained_rows": fit.rows,
        "too_long_rows": fit.dropped,
        "steps": fit.steps,
        "losses": [round(loss, 5) for loss in fit.losses],
        "adapter_change": round(fit.change, 6),
        "learn_seconds": round(time.monotonic() - start, 3),
    }
