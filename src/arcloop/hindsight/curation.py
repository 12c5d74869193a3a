"""What searching found → what is learned from it, for one task at a time.

Filters and a policy choose programs; what the settings ask to be run again is run again; each
program is relabeled. Whatever is returned was confirmed (unless that is switched off): it gave the
same grids in other processes, in another order, and under another random seed. The loop and
``arcloop relabel`` use the same ``Curator``, so a training set on disk is what the loop learns from.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress

from arcloop import rewriting
from arcloop.config import RelabelConfig, SelectionConfig
from arcloop.execution.port import Executor
from arcloop.hindsight.filters import Drop, sift
from arcloop.hindsight.relabel import Hindsight, relabel
from arcloop.hindsight.selection import select
from arcloop.programs import content_id
from arcloop.records import Augmentation, Candidate, Job, Parent, Status, Task
from arcloop.rewriting import Trial, rewrite, vary
from arcloop.scoring import score_execution
from arcloop.search.refinement import as_parent
from arcloop.seeds import generator, seed_of
from arcloop.tasks.augment import apply_task

__all__ = ["Curator", "runs_programs"]


@dataclass(frozen=True, slots=True)
class _Lesson:
    """A program, the task that it was run on, in the frame that it was run in, the example's id, and what its prompt showed."""

    candidate: Candidate
    asked: Task
    name: str
    parent: Parent | None = None


@dataclass(frozen=True)
class Curator:
    """Chooses, runs again and relabels the programs of a task."""

    selection: SelectionConfig
    relabel: RelabelConfig
    seed: int
    """The run's seed."""
    round_: int
    """The latest round whose programs are looked at; with the seed it decides every draw."""
    executor: Executor | None
    """None where nothing is to be run: see ``runs_programs``."""
    confirm: bool = True
    """Run what was chosen again, and drop what gives something else."""
    words: str = ""
    """``filters.wording`` of a prompt: programs that stand in it are dropped."""

    def curate(
        self,
        task: Task,
        candidates: Iterable[Candidate],
        others: Sequence[Task] = (),
        earlier: Iterable[Candidate] = (),
    ) -> tuple[list[Hindsight], Counter[Drop]]:
        """What to learn from the candidates of ``task``, worst first and best last, and how many were dropped for what.

        ``others``: tasks whose inputs the programs may be run on under ``relabel.other_tasks``.
        ``earlier``: further programs that prompts of the candidates may have shown, for ``relabel.refinements``.
        """
        kept, dropped = sift(candidates := list(candidates), task, self.selection, self.relabel, self.words)
        chosen = self._select(kept, task)
        if self.relabel.frame == "original":
            moved = self._run(chosen, task, lambda candidate: Augmentation())
            kept, reasons = sift(moved, task, self.selection, self.relabel, self.words)
            dropped += reasons
            chosen = self._select(kept, task)
        frames = {frame: apply_task(frame, task) for frame in {c.augmentation for c in chosen}}
        shown = self._shown([*earlier, *candidates], task)
        lessons = [
            _Lesson(c, frames[c.augmentation], c.program.completion_id, shown.get((c.parent, c.augmentation)))
            for c in chosen
        ]
        lessons = [*self._elsewhere(chosen, task, others, dropped), *lessons]
        lessons = self._written(lessons, dropped)
        lessons = self._steady([*self._varied(lessons, task, dropped), *lessons], dropped)
        return [one for lesson in lessons for one in self._uses(lesson)], dropped

    def _shown(self, candidates: Sequence[Candidate], task: Task) -> dict[tuple[str | None, Augmentation], Parent]:
        """What prompts have shown of those of the candidates that are of the task: by program id and frame."""
        if not self.relabel.refinements:
            return {}
        wanted = {(c.parent, c.augmentation) for c in candidates if c.program.task_id == task.id and c.parent}
        asked = [c for c in candidates if c.program.task_id == task.id and (c.program.id, c.augmentation) in wanted]
        return {(c.program.id, c.augmentation): as_parent(c, task) for c in asked}

    def _select(self, candidates: Iterable[Candidate], task: Task) -> list[Candidate]:
        return select(candidates, self.selection, seed_of(self.seed, "select", self.round_, task.id))

    def _run(
        self, candidates: Sequence[Candidate], task: Task, frame: Callable[[Candidate], Augmentation]
    ) -> list[Candidate]:
        """The programs with what they give on the inputs of ``task`` in another frame, and what that is worth."""
        frames = {str(i): frame(candidate) for i, candidate in enumerate(candidates)}
        asked = {name: apply_task(augmentation, task) for name, augmentation in frames.items()}
        jobs = [Job(name, candidates[int(name)].program.source, shown.inputs) for name, shown in asked.items()]
        executions = {execution.id: execution for execution in self._executor.execute(jobs)}
        moved = []
        for i, candidate in enumerate(candidates):
            execution = replace(executions[str(i)], id=candidate.execution.id)
            score = score_execution(execution, asked[str(i)])
            moved.append(Candidate(candidate.program, frames[str(i)], execution, score))
        return moved

    def _elsewhere(
        self, chosen: Sequence[Candidate], task: Task, others: Sequence[Task], dropped: Counter[Drop]
    ) -> list[_Lesson]:
        """The chosen programs on the inputs of other tasks, turned and coloured as those that they were written for."""
        count = self.relabel.other_tasks
        if not count:
            return []
        pool = [other for other in others if other.id != task.id]
        visitors: dict[str, list[Candidate]] = {}
        for candidate in chosen:
            rng = generator(self.seed, "other", self.round_, candidate.program.completion_id)
            for other in rng.sample(pool, min(count, len(pool))):
                visitors.setdefault(other.id, []).append(candidate)
        # Whether the other task is solved is nothing that its visitors could say.
        selection = replace(self.selection, solved_tasks=True)
        lessons = []
        for other in pool:
            ran = self._run(visitors.get(other.id, []), other, lambda c: replace(c.augmentation, order=()))
            kept, reasons = sift(ran, other, selection, self.relabel, self.words)
            dropped += reasons
            lessons += [
                _Lesson(c, apply_task(c.augmentation, other), f"{c.program.completion_id}@{other.id}") for c in kept
            ]
        return lessons

    def _written(self, lessons: Sequence[_Lesson], dropped: Counter[Drop]) -> list[_Lesson]:
        """The lessons with their programs as they are to be written; of those that became equal the better stays."""
        trials = [
            Trial(lesson.candidate.program.source, lesson.asked.inputs, lesson.candidate.execution.outputs)
            for lesson in lessons
        ]
        sources = rewrite(trials, self.relabel, self.executor)
        kept: dict[tuple[str, str], _Lesson] = {}
        for lesson, source in zip(lessons, sources, strict=True):
            program = replace(lesson.candidate.program, id=content_id(source), source=source)
            key = (program.id, lesson.asked.id)
            if kept.pop(key, None) is not None:
                dropped[Drop.REPEATED] += 1
            kept[key] = replace(lesson, candidate=replace(lesson.candidate, program=program))
        return list(kept.values())

    def _varied(self, lessons: Sequence[_Lesson], task: Task, dropped: Counter[Drop]) -> list[_Lesson]:
        """Variants of the lessons' programs on the inputs of ``task``; what is shown of other tasks has none."""
        parents: dict[str, _Lesson] = {}
        made = []
        for lesson in lessons:
            candidate = lesson.candidate
            rng = generator(self.seed, "vary", self.round_, lesson.name)
            others = vary(candidate.program.source, self.relabel, rng) if lesson.asked.id == task.id else []
            for number, source in enumerate(others):
                name = f"{lesson.name}~{number}"
                parents[name] = lesson
                program = replace(candidate.program, id=content_id(source), completion_id=name, source=source)
                made.append(replace(candidate, program=program))
        ran = self._run(made, task, lambda candidate: candidate.augmentation) if made else []
        kept, reasons = sift(ran, task, replace(self.selection, solved_tasks=True), self.relabel, self.words)
        dropped += reasons
        return [replace(parents[c.program.completion_id], candidate=c, name=c.program.completion_id) for c in kept]

    def _steady(self, lessons: Sequence[_Lesson], dropped: Counter[Drop]) -> list[_Lesson]:
        """The lessons whose programs give the same again."""
        if not self.confirm:
            return list(lessons)
        jobs = [Job(lesson.name, lesson.candidate.program.source, lesson.asked.inputs) for lesson in lessons]
        pairs = [(job, lesson.candidate.execution) for job, lesson in zip(jobs, lessons, strict=True)]
        again = self._executor.confirm(pairs, reseed=True)
        steady = [execution.status is not Status.NONDETERMINISTIC for execution in again]
        dropped.update([Drop.NONDETERMINISTIC] * steady.count(False))
        return list(compress(lessons, steady))

    def _uses(self, lesson: _Lesson) -> list[Hindsight]:
        made = []
        for use in range(self.relabel.uses):
            name = lesson.name if use == 0 else f"{lesson.name}/u{use}"
            rng = generator(self.seed, "relabel", self.round_, name)
            one = relabel(lesson.candidate, lesson.asked, self.relabel, name, rng, lesson.parent)
            if one is not None:
                made.append(one)
        return made

    @property
    def _executor(self) -> Executor:
        if self.executor is None:
            raise ValueError("these settings run programs; expected an executor")
        return self.executor


def runs_programs(config: RelabelConfig) -> bool:
    """Do these settings run programs, confirmations aside?"""
    return rewriting.runs_programs(config) or config.frame == "original" or config.other_tasks > 0
