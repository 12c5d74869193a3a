"""The method, on one page: search and learn, in a tight loop.

Every round, for every group of tasks: prompt, sample, extract, execute, score, relabel, train.
The loop holds tasks without the answers of their test pairs; what it does follows from the run's
configuration and tasks alone. Everything it makes is in the run directory, from which an
interrupted run goes on where it stopped.
"""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress

from arcloop.augment import apply_task
from arcloop.curation import Curator
from arcloop.execution.port import Executor
from arcloop.filters import Drop, wording
from arcloop.programs import extract
from arcloop.progress import Progress
from arcloop.prompts import make_prompts
from arcloop.records import (
    Candidate,
    Completion,
    Example,
    Execution,
    FinishReason,
    Job,
    Program,
    Prompt,
    Score,
    Task,
)
from arcloop.relabel import example
from arcloop.rundir import GroupDir, RunDir
from arcloop.sampling import Draw, Request, Sampler
from arcloop.scoring import score_execution
from arcloop.seeds import generator, seed_of
from arcloop.training import Trainer

__all__ = ["Executor", "Loop"]


@dataclass
class Loop:
    """One run's search and learning."""

    run: RunDir
    sampler: Sampler
    executor: Executor
    trainer: Trainer
    progress: Progress
    solved: set[str] = field(default_factory=set)
    """Tasks with a program that is right on all train pairs."""

    def __post_init__(self) -> None:
        self.config = self.run.config()

    def search_and_learn(self) -> None:
        """Do all rounds of the run that are not done yet."""
        rounds = self.config.rounds
        for round_ in range(rounds):
            for index, tasks in enumerate(self.run.groups()):
                group = self.run.group(round_, index)
                if group.done:
                    self.progress.advance(len(tasks) * self.config.programs, found=True)
                    self.solved.update(group.metrics()["solved"])
                    continue
                group.clear()
                self.progress.stage(f"round {round_ + 1}/{rounds} · search")
                self.sampler.use_adapter(self.run.group(round_ - 1, index).adapter if round_ else None)
                numbers = self.search(group, round_, tasks)
                if round_ + 1 < rounds:
                    self.progress.stage(f"round {round_ + 1}/{rounds} · learn")
                    history = [c for r in range(round_ + 1) for c in self.run.group(r, index).candidates()]
                    numbers |= self.learn(group, round_, tasks, history)
                group.finish(numbers)

    def search(self, group: GroupDir, round_: int, tasks: Sequence[Task]) -> dict[str, object]:
        """Prompt, sample, extract, execute, score; store the records, return the numbers."""
        start = time.monotonic()
        by_id = {task.id: task for task in tasks}
        prompts, skipped = self.prompt(round_, tasks)
        asked = {p.id: apply_task(p.augmentation, by_id[p.task_id]) for p in prompts}
        inputs = {prompt_id: task.inputs for prompt_id, task in asked.items()}
        completions: dict[str, Completion] = {}
        programs: dict[str, Program] = {}
        jobs: dict[str, Job] = {}

        def sampled() -> Iterator[Job]:
            """Jobs as completions come in: programs run while others are sampled."""
            for completion in self.sampler.sample([self.request(round_, p) for p in prompts]):
                completions[completion.id] = completion
                program = extract(completion, self.sampler.format.prefix)
                if program is None:
                    self.progress.advance()
                    continue
                programs[completion.id] = program
                grids, task_id = inputs[completion.prompt_id], completion.task_id
                jobs[completion.id] = Job(completion.id, program.source, grids, group=task_id)
                yield jobs[completion.id]

        executions: dict[str, Execution] = {}
        scores: dict[str, Score] = {}

        def score(execution: Execution) -> None:
            executions[execution.id] = execution
            task = asked[completions[execution.id].prompt_id]
            scores[execution.id] = score_execution(execution, task)

        for execution in self.executor.execute(sampled()):
            score(execution)
            self.progress.advance()
        # What solves its task decides the submission: it has to do so again, strictly.
        perfect = sorted(i for i in scores if scores[i].perfect)
        for execution in self.executor.confirm([(jobs[i], executions[i]) for i in perfect]):
            score(execution)
        solved = sorted({programs[i].task_id for i in perfect if scores[i].perfect})
        self.solved.update(solved)
        self.progress.fact("solved", f"{len(self.solved)} tasks")
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
            "failed_completions": sum(c.finish_reason is FinishReason.ERROR for c in completions.values()),
            "tokens": sum(completion.tokens for completion in completions.values()),
            "programs": len(programs),
            "solved": solved,
            "search_seconds": round(time.monotonic() - start, 3),
        }

    def learn(
        self, group: GroupDir, round_: int, tasks: Sequence[Task], history: Sequence[Candidate]
    ) -> dict[str, object]:
        """Select, relabel, train the group's adapter from the base model on the best programs of all rounds so far."""
        start = time.monotonic()
        config, words = self.config, self.sampler.format
        shown = wording(words.prompt_text(tasks[0], 0))
        curator = Curator(config.selection, config.relabel, config.seed, round_, self.executor, words=shown)
        examples: list[Example] = []
        dropped: Counter[Drop] = Counter()
        for task in tasks:
            taught, reasons = curator.curate(task, [c for c in history if c.program.task_id == task.id], tasks)
            examples += [example(hindsight, words) for hindsight in taught]
            dropped += reasons
        group.write_examples(examples)

        def on_step(step: int, steps: int, loss: float) -> None:
            stage = f"round {round_ + 1}/{self.config.rounds} · learn, step {step}/{steps}, loss {loss:.3f}"
            self.progress.stage(stage)

        rng = generator(self.config.seed, "train", round_, tasks[0].id)
        fit = self.trainer.fit(examples, None, group.adapter, rng, on_step)
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

    def prompt(self, round_: int, tasks: Sequence[Task]) -> tuple[list[Prompt], list[Prompt]]:
        """The prompts of a round that fit the model, freshly augmented, and those that do not."""
        config = self.config
        per_prompt, limit = config.sampling.completions_per_prompt, config.sampling.max_prompt_tokens
        words, seed = self.sampler.format, config.seed
        made = [
            prompt
            for task in tasks
            for prompt in make_prompts(task, round_, config.programs, per_prompt, config.augment, words, seed)
        ]
        fits = [limit is None or self.sampler.length(prompt.text) <= limit for prompt in made]
        skipped = [prompt for prompt, fit in zip(made, fits, strict=True) if not fit]
        self.progress.advance(sum(len(self.draws(prompt)) for prompt in skipped))
        return list(compress(made, fits)), skipped

    def draws(self, prompt: Prompt) -> range:
        """A prompt's share of its task's draws."""
        per_prompt = self.config.sampling.completions_per_prompt
        return range(prompt.number * per_prompt, min((prompt.number + 1) * per_prompt, self.config.programs))

    def request(self, round_: int, prompt: Prompt) -> Request:
        """A prompt with its draws, each with an id and a seed of its own."""
        seed, task_id = self.config.seed, prompt.task_id
        draws = [
            Draw(f"r{round_}/{task_id}/d{draw:05}", seed_of(seed, "draw", round_, task_id, draw))
            for draw in self.draws(prompt)
        ]
        return Request(prompt, tuple(draws))
