"""Numbers → sentences that answer what a run, or a comparison, was made for. Pure."""

from collections.abc import Sequence

from arcloop.evaluation.comparison import Comparison, Contrast
from arcloop.report.chapter import Chapter

__all__ = ["compared_in_words", "told_in_words"]


def told_in_words(chapter: Chapter) -> list[str]:
    """What a run came to: the outcome, then how it got there."""
    outcomes = [told for _, told in chapter.tasks.values()]
    judged = [told.solved for told in outcomes if told.solved is not None]
    rounds = chapter.found_in
    done = "" if chapter.finished else "So far: "
    right = sum(rounds)
    said = []
    if judged:
        said.append(f"{done}{sum(judged)} of {_tasks(len(judged))} solved, with two attempts for each test grid.")
    else:
        said.append(f"{done}a program that is right on all train pairs for {right} of {_tasks(len(outcomes))}.")
    if len(rounds) > 1 and right:
        later = f"and {right - rounds[0]} more in the {len(rounds) - 1} after it"
        subject = "Programs that are right on all train pairs came" if judged else "They came"
        said.append(f"{subject} for {_tasks(rounds[0])} in the first round, {later}.")
    elif len(rounds) > 1:
        told = [o.story for o in outcomes if o.story.film]
        first = _mean([story.film[0].program.pixels for story in told])
        last = _mean([story.film[-1].program.pixels for story in told])
        said.append(
            f"From the first round to the last, the best programs went from {_share(first)} to {_share(last)} of the cells right."
        )
    return said


def compared_in_words(compared: Comparison) -> list[str]:
    """For each setting that is compared with the first, what it reached and whether that is more than noise."""
    first, *others = compared.rows
    said = []
    for row in others:
        contrasts = [c for c in compared.contrasts if c.name == row.name]
        main = next(
            (c for prefix in ("pass@", "solved@2", "train pass@") for c in contrasts if c.number.startswith(prefix)),
            None,
        )
        if main is None:
            continue
        same = "With equally many programs" if compared.k is None else f"With {compared.k} programs of each"
        budget = f" ({row.programs / len(compared.tasks):,.0f} a task)" if compared.k is None else ""
        count = main.difference.tasks  # those whose answers are known, where it takes them
        here, there = (_solved(r.reached[main.number][0], count) for r in (row, first))
        what = "has a right program for" if main.number.startswith("pass@") else "solves"
        if main.number.startswith("train"):
            what = "is right on all train pairs of"
        said.append(
            f"{same}{budget}, {row.name} {what} {here} of {_tasks(count)}, {first.name} {there}: {_verdict(main)}."
        )
        cells = next((c for c in contrasts if c.number == "best pixel similarity"), None)
        if cells is not None:
            now, before = (r.reached[cells.number][0] for r in (row, first))
            said.append(
                f"Of the cells, its best programs have {_share(now)} right, those of {first.name} {_share(before)}: {_verdict(cells)}."
            )
    return said


def _share(value: float) -> str:
    """With a decimal, so that nearly all is not all."""
    return f"{100 * value:.1f} %"


def _verdict(contrast: Contrast) -> str:
    p = f"p = {contrast.p:.2g}"
    return {
        "better": f"more than noise ({p})",
        "worse": f"worse by more than noise ({p})",
        "within noise": f"{contrast.finding} ({p})",
    }.get(contrast.verdict, "no winner is called, as budgets differ")


def _solved(share: float, tasks: int) -> str:
    return f"{round(share * tasks, 1):g}"


def _tasks(count: int) -> str:
    return f"{count} task" if count == 1 else f"{count} tasks"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
