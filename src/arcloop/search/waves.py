"""One round's search for one group of tasks: prompt, sample, extract, execute, score.

Goes in waves, so that between two of them the loop can see what was found. What a search that was
interrupted has stored is taken up again prompt by prompt; one whose completions are not all there is
asked again, which gives the same programs.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from arcloop.config import Config
from arcloop.execution.port import Executor
from arcloop.programs import program_of, sources
from arcloop.progress import Progress
from arcloop.prompts.format import make_prompt
from arcloop.records import (
    Candidate,
    Completion,
    Execution,
    FinishReason,
    Job,
    Origin,
    Program,
    Prompt,
    Score,
    Status,
    Task,
)
from arcloop.runs.groupdir import GroupDir
from arcloop.runs.seals import Seals
from arcloop.sampling import Draw, Request, Sampler, UnderWay
from arcloop.scoring import score_execution
from arcloop.search.health import lost
from arcloop.search.heat import HIGHEST
from arcloop.search.refinement import Pool, as_parent, parent_for
from arcloop.search.reuse import origin_of, rewritten, rewritten_prompt
from arcloop.seeds import counted_on, seed_of
from arcloop.tasks.augment import apply_task

__all__ = ["Search"]

T = TypeVar("T")

_NO_PROGRAM = (Status.SYNTAX_ERROR, Status.NO_ENTRY)
"""What becomes of a text that only looks like a program."""


class Search:
    """The records of a search, wave after wave."""

    def __init__(
        self,
        config: Config,
        sampler: Sampler,
        executor: Executor,
        progress: Progress,
        round_: int,
        tasks: Sequence[Task],
        over: Callable[[int], bool] = lambda tokens: False,
        pools: Mapping[str, Pool] | None = None,
        heat: Mapping[str, float] | None = None,
    ) -> None:
        """Make no prompt yet.

        ``over``: told the tokens sampled so far after each completion; where it says yes, sampling ends. ``pools``:
        task id → earlier programs that its prompts show, or that new ones are made of. ``heat``: task id → what its temperatures are
        multiplied by.
        """
        self._config = config
        self._sampler = sampler
        self._executor = executor
        self._progress = progress
        self._round = round_
        self._over = over
        self._pools = pools or {}
        self.heat = dict(heat or {})
        """Task id → what its temperatures are multiplied by."""
        self._tasks = {task.id: task for task in tasks}
        self._prompts: dict[str, Prompt] = {}
        self._completions: dict[str, Completion] = {}
        self._programs: dict[str, Program] = {}
        self._executions: dict[str, Execution] = {}
        self._scores: dict[str, Score] = {}
        self._shown: dict[str, Task] = {}
        self._stored: dict[str, tuple[Completion, Candidate | None]] = {}
        self._answered: dict[str, Prompt] = {}
        self.skipped: dict[str, Prompt] = {}
        """Prompts that do not fit the model."""
        self.taken: Counter[str] = Counter()
        """Task id → draws used up, those of skipped prompts among them."""
        self.tokens = 0
        """Tokens sampled."""
        self.cut = False
        """Did ``over`` end the last wave?"""

    def take_up(self, group: GroupDir) -> None:
        """Use what an interrupted search of the same round and group has stored, prompt by prompt."""
        found = {candidate.program.completion_id: candidate for candidate in group.candidates()}
        completions = (c for c in group.completions() if c.finish_reason is not FinishReason.ERROR)
        self._stored = {c.id: (c, found.get(c.id)) for c in completions}
        self._answered = {prompt.id: prompt for prompt in group.prompts()}

    @property
    def behind(self) -> bool:
        """Has it not come yet to all that an interrupted search has stored?"""
        return not self._stored.keys() <= self._completions.keys()

    def wave(self, counts: Mapping[str, int]) -> list[Candidate]:
        """Sample so many further programs for each task, run and score them; returns them in the order of their draws."""
        requests = self._requests(counts)
        ids = [draw.completion_id for request in requests for draw in request.draws]
        stored: list[str] = []
        left: list[Request] = []
        for request in requests:
            own = [draw.completion_id for draw in request.draws]
            # Another version may have asked otherwise; its programs are no answers to this prompt.
            same = self._answered.get(request.prompt.id) == request.prompt
            if same and all(i in self._stored for i in own):
                stored += own
            else:
                left.append(request)
        self._sample(left, [i for i in stored if not self._reuse(i)])
        # What is stored too: a search may have ended between the finding of a right program and its confirmation.
        self._confirm(ids)
        self._shown.clear()
        return [self._candidate(i) for i in sorted(ids) if i in self._scores]

    def candidates(self) -> list[Candidate]:
        """Every program so far, in the order of the draws."""
        return [self._candidate(i) for i in sorted(self._scores)]

    def completions_per_task(self) -> Counter[str]:
        """Task id → completions so far of prompts without a parent, those left out at which a server failed."""
        sampled = (c for c in self._completions.values() if c.finish_reason is not FinishReason.ERROR)
        return Counter(c.task_id for c in sampled if self._prompts[c.prompt_id].parent is None)

    def counts(self) -> dict[str, int]:
        """How many completions there are, at how many of these a server failed, tokens, and programs in them."""
        failed = sum(c.finish_reason is FinishReason.ERROR for c in self._completions.values())
        return {
            "completions": len(self._completions),
            "failed_completions": failed,
            "tokens": self.tokens,
            "programs": len(self._programs),
        }

    def lost(self) -> dict[str, int]:
        """``records.Lost`` → completions that gave no program that could be run."""
        return lost(self._completions.values(), self._executions)

    def write(self, group: GroupDir) -> Seals:
        """Store the records, and return the seals; a completion whose program was not run yet is left out."""
        waiting = self._programs.keys() - self._scores.keys()
        completions = _sorted({i: c for i, c in self._completions.items() if i not in waiting})
        order = sorted(self._scores)
        return group.write_search(
            list(self._prompts.values()),
            completions,
            [self._programs[i] for i in order],
            [self._executions[i] for i in order],
            [self._scores[i] for i in order],
        )

    def _reuse(self, i: str) -> bool:
        """Take a completion as it is stored; False where its program has to be looked for again, in its other texts."""
        completion, candidate = self._stored[i]
        self._note(completion)
        if candidate is not None:
            unfinished = candidate.execution.status in _NO_PROGRAM
            if unfinished and len(sources(completion, self._sampler.format.prefix)) > 1:
                return False
            self._programs[i], self._executions[i], self._scores[i] = (
                candidate.program,
                candidate.execution,
                candidate.score,
            )
        self._progress.advance(1, found=True)
        return True

    def _note(self, completion: Completion) -> None:
        self._completions[completion.id] = completion
        self.tokens += completion.tokens

    def _candidate(self, i: str) -> Candidate:
        prompt = self._prompts[self._completions[i].prompt_id]
        return Candidate(
            self._programs[i], prompt.augmentation, self._executions[i], self._scores[i], parent=prompt.parent
        )

    def _sample(self, requests: Sequence[Request], known: Sequence[str]) -> None:
        """Sample, run and score; ``known``: completions that are there already, whose programs are not."""
        others: dict[str, list[str]] = {}

        def job(completion: Completion, source: str) -> Job:
            self._programs[completion.id] = program_of(completion, source)
            return self._job(completion.id)

        start, before = time.monotonic(), self.tokens

        def under_way(tokens: int) -> None:
            if total := self.tokens + tokens:
                seconds = max(time.monotonic() - start, 1e-3)
                self._progress.fact("tokens", f"{total:,} ({(total - before) / seconds:,.0f}/s)")

        def sampled() -> Iterator[Job]:
            """Jobs as completions come in: programs run while others are sampled."""
            for i in known:
                others[i] = sources(self._completions[i], self._sampler.format.prefix)
                yield job(self._completions[i], others[i][0])
            for completion in self._completed(requests, under_way):
                self._note(completion)
                under_way(0)
                found = sources(completion, self._sampler.format.prefix)
                if found:
                    others[completion.id] = found
                    yield job(completion, found[0])
                else:
                    self._progress.advance()
                if self._over(self.tokens):
                    self.cut = True
                    return

        for execution in self._executor.execute(sampled()):
            self._score(execution)
            self._progress.advance()
        if not self.cut:
            # What was sampled elsewhere may have had fewer programs for some tasks.
            absent = sum(draw.completion_id not in self._completions for r in requests for draw in r.draws)
            self._progress.advance(absent, found=True)
        # An answer may hold several texts that look like its program: the first that is one counts.
        for reading in range(1, max(map(len, others.values()), default=0)):
            again = [i for i, found in others.items() if len(found) > reading and self._lacks_entry(i)]
            first = {i: (self._programs[i], self._executions[i]) for i in again}
            for execution in self._executor.execute(job(self._completions[i], others[i][reading]) for i in again):
                self._score(execution)
            for i in filter(self._lacks_entry, again):
                # None was: what came first stands for it.
                self._programs[i] = first[i][0]
                self._score(first[i][1])

    def _completed(self, requests: Sequence[Request], under_way: UnderWay) -> Iterator[Completion]:
        """What is made without the model, which costs nothing and so is there before a budget ends, then what it writes."""
        for request in requests:
            if request.prompt.origin is not Origin.MODEL:
                task_id = request.prompt.task_id
                yield from rewritten(request, self._tasks[task_id], self._pools[task_id], self._sampler.format)
        if asked := [request for request in requests if request.prompt.origin is Origin.MODEL]:
            yield from self._sampler.sample(asked, under_way)

    def _confirm(self, ids: Sequence[str]) -> None:
        """What solves its task decides the submission: it has to do so again, strictly."""
        perfect = sorted(i for i in ids if i in self._scores and self._scores[i].perfect)
        for execution in self._executor.confirm([(self._job(i), self._executions[i]) for i in perfect], reseed=True):
            self._score(execution)

    def _job(self, i: str) -> Job:
        completion = self._completions[i]
        return Job(i, self._programs[i].source, self._asked(completion.prompt_id).inputs, group=completion.task_id)

    def _score(self, execution: Execution) -> None:
        asked = self._asked(self._completions[execution.id].prompt_id)
        self._executions[execution.id] = execution
        self._scores[execution.id] = score_execution(execution, asked)

    def _asked(self, prompt_id: str) -> Task:
        """The task as the prompt shows it."""
        if prompt_id not in self._shown:
            prompt = self._prompts[prompt_id]
            self._shown[prompt_id] = apply_task(prompt.augmentation, self._tasks[prompt.task_id])
        return self._shown[prompt_id]

    def _lacks_entry(self, i: str) -> bool:
        found = self._executions.get(i)
        return found is not None and found.status in _NO_PROGRAM

    def _requests(self, counts: Mapping[str, int]) -> list[Request]:
        """The next draws of each task, after their prompts; prompts that do not fit the model are left out."""
        per_prompt = self._config.sampling.completions_per_prompt
        requests = []
        for task_id, count in counts.items():
            first = self.taken[task_id]
            draws = range(first, first + count)
            self.taken[task_id] += count
            for number in range(draws.start // per_prompt, -(-draws.stop // per_prompt)):
                own = range(max(draws.start, number * per_prompt), min(draws.stop, (number + 1) * per_prompt))
                prompt = self._prompt(task_id, number)
                if prompt.id in self.skipped or (prompt.id not in self._prompts and not self._fits(prompt)):
                    self.skipped[prompt.id] = prompt
                    self._progress.advance(len(own))
                    continue
                self._prompts[prompt.id] = prompt
                requests.append(Request(prompt, tuple(self._draw(task_id, draw) for draw in own)))
        return requests

    def _prompt(self, task_id: str, number: int) -> Prompt:
        config, task = self._config, self._tasks[task_id]
        known = self._prompts.get(f"r{self._round}/{task_id}/p{number}")
        if known is not None:
            return known
        pool = self._pools.get(task_id)
        place = number
        if pool is not None and pool.parents:
            origin, place = origin_of(number, config.search.mutants)
            changed = pool.nth(place) if origin is not Origin.MODEL else None
            if changed is not None:
                return rewritten_prompt(task, self._round, number, changed)
        share = -(-config.programs // config.sampling.completions_per_prompt)
        parent = parent_for(place, pool, config.refine)
        if parent is not None:
            frame = (parent.augmentation, as_parent(parent, task))
            prompt = make_prompt(
                task, self._round, number, share, config.augment, self._sampler.format, config.seed, frame
            )
            if self._fits(prompt):
                return prompt
        # Where an earlier program makes it too long, the task is asked without.
        return make_prompt(task, self._round, number, share, config.augment, self._sampler.format, config.seed)

    def _fits(self, prompt: Prompt) -> bool:
        if prompt.origin is not Origin.MODEL:
            return True
        limit = self._config.sampling.max_prompt_tokens
        return not limit or self._sampler.length(prompt.text) <= limit

    def _draw(self, task_id: str, draw: int) -> Draw:
        """A draw with an id, a seed and a temperature of its own."""
        first, place = counted_on(self._round, draw, self._config.programs)
        usual = self._config.sampling.temperature[place % len(self._config.sampling.temperature)]
        temperature = min(usual * self.heat.get(task_id, 1.0), max(usual, HIGHEST))
        seed = seed_of(self._config.seed, "draw", first, task_id, place)
        return Draw(f"r{self._round}/{task_id}/d{draw:05}", seed, temperature)


def _sorted(records: Mapping[str, T]) -> list[T]:
    return [records[i] for i in sorted(records)]
