"""Which ARC-AGI-1 training tasks are solved by some random program of the grammar?

    python -m experiments.grammar_coverage [--programs 500] [--seed 0] [--show] [--list FILE]

For each of the 400 training tasks, that many programs are drawn with the task's colours and sizes
in scope and run in this process: on the first train pair, and where that is right on the others.
A task is covered if some program is right on all of its train pairs. The evaluation set is never read.
"""

import argparse
import random
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from arcloop.exercises.trusted import Transform, compile_source, run_grid
from arcloop.grammar import Scope, sample_draft
from arcloop.records import Pair
from arcloop.tasks.sets import load_answers, load_tasks


def main() -> None:
    """Print the share of covered tasks, the covered tasks, and how often each concept took part."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", type=int, default=500, help="programs per task")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print the shortest program of each covered task")
    parser.add_argument("--list", type=Path, help="write the ids of covered tasks to this file")
    arguments = parser.parse_args()
    signal.signal(signal.SIGALRM, stop)
    training = load_tasks("arc1-train")
    answers = load_answers("arc1-train")
    found: dict[str, tuple[str, tuple[str, ...], bool]] = {}
    start = time.perf_counter()
    for task in training:
        test = [Pair(grid, answer) for grid, answer in zip(task.test_inputs, answers[task.id], strict=True)]
        best = search(task.id, task.train, test, arguments.programs, arguments.seed)
        if best is not None:
            found[task.id] = best
            if arguments.show:
                print(f"{task.id} {'test right' if best[2] else 'TEST WRONG'}\n{best[0]}", flush=True)
    general = sum(right for _, _, right in found.values())
    concepts: dict[str, int] = {}
    for _, names, _ in found.values():
        for name in names:
            concepts[name] = concepts.get(name, 0) + 1
    print(", ".join(f"{name} {count}" for name, count in sorted(concepts.items(), key=lambda item: -item[1])))
    seconds = time.perf_counter() - start
    print(f"{len(found)} of {len(training)} training tasks covered by {arguments.programs} programs each", end="; ")
    print(f"{general} of these with right test outputs; {seconds:.0f} s")
    if arguments.list:
        arguments.list.write_text("\n".join(found) + "\n")


def stop(*_: object) -> None:
    """End a program that runs too long."""
    raise TimeoutError


def right(transform: Transform, pair: Pair) -> bool:
    """Does the program map the input to the output?"""
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        output = run_grid(transform, pair.input)
    except TimeoutError:
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return output is not None and np.array_equal(output, pair.output)


def search(
    task_id: str, pairs: Sequence[Pair], test: Sequence[Pair], programs: int, seed: int
) -> tuple[str, tuple[str, ...], bool] | None:
    """The shortest program that is right on all train pairs, its concepts, and whether the test pairs agree."""
    rng = random.Random(f"{seed} {task_id}")
    seen: set[str] = set()
    best: tuple[str, tuple[str, ...], bool] | None = None
    for _ in range(programs):
        scope = Scope.of(rng, [pair.input for pair in pairs], [pair.output for pair in pairs])
        draft = sample_draft(scope)
        source = draft.source
        if source in seen or (best is not None and len(source) >= len(best[0])):
            continue
        seen.add(source)
        transform = compile_source(source)
        if all(right(transform, pair) for pair in pairs):
            best = (source, draft.concepts, all(right(transform, pair) for pair in test))
    return best


if __name__ == "__main__":
    main()
