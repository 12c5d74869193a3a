"""Filters and policies: what is dropped for what, and which of the rest are taken."""

import dataclasses
import random
import re
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.config import Policy, RelabelConfig, SelectionConfig
from arcloop.hindsight.filters import Drop, rejected, sift, wording
from arcloop.hindsight.selection import POLICIES, select
from arcloop.records import Augmentation, Candidate, Grid, Pair, Status, Task
from arcloop.scoring import effect, ranked
from arcloop.tasks.augment import apply_grid, apply_task
from tests import ROOT
from tests.arc_grids import FLIP, candidate, candidates, grid

SELECTION, RELABEL = SelectionConfig(), RelabelConfig()
RIGHT: list[Grid | None] = [np.flip(g, 1) for g in FLIP.inputs]
WRONG: list[Grid | None] = [np.flip(g, 0) for g in FLIP.inputs]
SOURCE = "def transform(g): ..."
NINE = grid("123", "456", "789")
policies = st.sampled_from(get_args(Policy))


def numbered(shares: list[int]) -> list[Candidate]:
    """One candidate for each number of right train grids of ``FLIP``, every output unlike every other's."""
    made = []
    for number, right in enumerate(shares):
        extra = np.full((1, 1 + number), 5, dtype=np.int8)
        outputs: list[Grid | None] = [*RIGHT[:right], *[extra] * (2 - right), grid("55", "00"), extra]
        made.append(candidate(FLIP, outputs, f"def transform(g): ...  # {'x' * number}", f"r0/flip/d{number:05}"))
    return made


@pytest.mark.parametrize(
    ("outputs", "source", "reason"),
    [
        ([RIGHT[0], None, RIGHT[2], RIGHT[3]], SOURCE, Drop.FAILED),
        (list(FLIP.inputs), SOURCE, Drop.IDENTITY),
        ([grid("7")] * 4, SOURCE, Drop.CONSTANT),
        ([NINE, *RIGHT[1:]], "def transform(g): return [[1, 2, 3], [4, 5, 6], [7, 8, 9]]", Drop.HARD_CODED),
        (RIGHT, SOURCE + "#" * 200, Drop.HARD_CODED),
        (RIGHT, SOURCE, None),
    ],
)
def test_filters_drop_what_teaches_nothing(outputs: list[Grid | None], source: str, reason: Drop | None) -> None:
    assert rejected(candidate(FLIP, outputs, source), FLIP, SELECTION, RELABEL) is reason


def test_what_gave_other_grids_once_is_never_learned_from() -> None:
    one = candidate(FLIP, RIGHT)
    unsteady = dataclasses.replace(one, execution=dataclasses.replace(one.execution, status=Status.NONDETERMINISTIC))
    assert rejected(unsteady, FLIP, SELECTION, RelabelConfig(pairs="valid")) is Drop.NONDETERMINISTIC


def test_some_valid_pairs_are_enough_if_the_settings_say_so() -> None:
    one = candidate(FLIP, [*RIGHT[:2], None, RIGHT[3]], SOURCE)
    assert rejected(one, FLIP, SELECTION, RELABEL) is Drop.FAILED
    assert rejected(one, FLIP, SELECTION, RelabelConfig(pairs="valid")) is None


def test_long_programs_are_dropped_from_the_limit_on() -> None:
    one = candidate(FLIP, RIGHT, SOURCE)
    for limit, reason in ((len(SOURCE), None), (len(SOURCE) - 1, Drop.TOO_LONG)):
        assert rejected(one, FLIP, SelectionConfig(max_characters=limit), RELABEL) is reason


def test_hindsight_alone_drops_what_solves_the_task_as_it_is() -> None:
    alone = SelectionConfig(unchanged=False)
    assert rejected(candidate(FLIP, RIGHT, SOURCE), FLIP, alone, RELABEL) is Drop.UNCHANGED
    assert rejected(candidate(FLIP, [RIGHT[0], *WRONG[1:]], SOURCE), FLIP, alone, RELABEL) is not Drop.UNCHANGED


def test_a_program_copied_from_the_prompt_is_dropped() -> None:
    words = wording(
        "For example:\n\n    from common import *\n\n    # turn\n    def transform(g):\n        return g.T\n"
    )
    source = "from common import *\n\ndef transform(g):\n    # a remark\n    return g.T\n"
    assert rejected(candidate(FLIP, RIGHT, source), FLIP, SELECTION, RELABEL, words) is Drop.COPIED
    assert rejected(candidate(FLIP, RIGHT, source.replace("T", "copy()")), FLIP, SELECTION, RELABEL, words) is None


def dotted(color: int, place: int) -> Grid:
    """A grid of 36 cells, one of them coloured."""
    cells = np.zeros((6, 6), dtype=np.int8)
    cells.flat[place] = color
    return cells


BUSY = [np.full((6, 6), color, dtype=np.int8) for color in (1, 2, 4)]
DOTS = [dotted(3, place) for place in (5, 6, 7)]


@pytest.mark.parametrize(
    ("inputs", "answers", "outputs", "reason"),
    [
        (BUSY, BUSY, [dotted(3, 0), dotted(4, 0), dotted(3, 0)], Drop.NEAR_CONSTANT),
        (BUSY, DOTS, [dotted(3, 0), dotted(4, 0), dotted(3, 0)], Drop.NEAR_CONSTANT),
        # As alike as the true outputs, or as the inputs: what else should come out?
        (BUSY, [dotted(3, 0), dotted(4, 0)], [dotted(3, 0), dotted(4, 0), dotted(3, 0)], None),
        ([dotted(1, 0), dotted(2, 0), dotted(1, 0)], BUSY, [dotted(3, 0), dotted(4, 0), dotted(3, 0)], None),
        # Two cells of 36 differ: 94 %.
        (BUSY, BUSY, DOTS, None),
        (BUSY, BUSY, [dotted(3, 0), dotted(4, 0), dotted(3, 0)[:5]], None),
    ],
)
def test_outputs_that_hardly_differ_are_dropped_unless_inputs_or_answers_are_like_that(
    inputs: list[Grid], answers: list[Grid], outputs: list[Grid | None], reason: Drop | None
) -> None:
    task = Task("t", tuple(map(Pair, inputs[:2], answers)), (inputs[2],))
    assert rejected(candidate(task, outputs, SOURCE), task, SELECTION, RELABEL) is reason


@given(candidates())
def test_sifting_counts_every_program_and_keeps_each_program_and_effect_once(
    given_: tuple[Task, list[Candidate]],
) -> None:
    task, made = given_
    kept, dropped = sift(made, task, SELECTION, RELABEL)
    assert len(kept) + dropped.total() == len(made)
    assert len({c.program.id for c in kept}) == len({effect(c, task) for c in kept}) == len(kept)
    assert kept == ranked(kept)
    for one in kept:
        assert rejected(one, apply_task(one.augmentation, task), SELECTION, RELABEL) is None
    assert sift(random.Random(0).sample(made, len(made)), task, SELECTION, RELABEL) == (kept, dropped)


def test_of_equal_effects_the_shortest_program_stays() -> None:
    frame = Augmentation(dihedral=2, order=(1, 0))
    turned: list[Grid | None] = [apply_grid(frame, np.flip(FLIP.inputs[i], 1)) for i in (1, 0, 2, 3)]
    long, short = candidate(FLIP, RIGHT, "long" * 9), candidate(FLIP, turned, "short", "b", frame)
    assert sift([long, short], FLIP, SELECTION, RELABEL) == ([short], {Drop.DUPLICATE: 1})


def test_of_one_program_in_two_frames_the_better_stays() -> None:
    better = candidate(FLIP, RIGHT, "same", "a")
    worse = candidate(FLIP, [grid("11"), grid("1"), grid("2"), grid("3")], "same", "b")
    assert sift([worse, better], FLIP, SELECTION, RELABEL) == ([better], {Drop.REPEATED: 1})


def test_solved_tasks_can_be_left_alone() -> None:
    made = numbered([0, 1, 2])
    unsolved = SelectionConfig(solved_tasks=False)
    assert sift(made, FLIP, unsolved, RELABEL) == ([], {Drop.SOLVED: 3})
    assert sift(made[:2], FLIP, unsolved, RELABEL)[0] == ranked(made[:2])


def test_every_policy_of_the_settings_exists_and_is_explained_as_every_filter_is() -> None:
    assert set(POLICIES) == set(get_args(Policy))
    text = (ROOT / "docs" / "relabeling.md").read_text()
    explained = re.findall(r"^\| `([\w-]+)` \|", text, re.MULTILINE)
    assert sorted(explained) == sorted([*POLICIES, *Drop])


@given(candidates(), policies, st.integers(1, 5), st.integers(0, 9))
def test_a_policy_takes_some_once_each_worst_first_whatever_the_order(
    given_: tuple[Task, list[Candidate]], policy: Policy, k: int, seed: int
) -> None:
    task, made = given_
    kept, _ = sift(made, task, SELECTION, RELABEL)
    config = SelectionConfig(policy=policy, k=k)
    chosen = select(kept, config, seed)
    assert [c for c in kept if c in chosen] == chosen
    assert all(a.score.correct_share <= b.score.correct_share for a, b in pairwise(chosen))
    room = {"all": len(kept), "correct-only": min(k, sum(c.score.perfect for c in kept))}
    assert len(chosen) == room.get(policy, min(k, len(kept)))
    assert select(random.Random(0).sample(kept, len(kept)), config, seed) == chosen
    assert select(chosen, config, seed) == chosen
    assert select([], config, seed) == []


SHARES = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0]


def taken(policy: Policy, k: int, seed: int = 0) -> list[int]:
    """The numbers of the programs of ``SHARES`` that a policy takes."""
    config = SelectionConfig(policy=policy, k=k)
    return [int(c.program.completion_id[-5:]) for c in select(numbered(SHARES), config, seed)]


def test_the_best_are_those_with_most_right_grids_the_shorter_nearer_to_the_top() -> None:
    assert taken("best-k", 4) == [1, 8, 5, 2]
    assert taken("correct-only", 9) == [8, 5, 2]
    assert taken("correct-only", 2) == [5, 2]


def test_greedy_diverse_takes_half_from_either_end() -> None:
    ranking = taken("all", 1)
    assert taken("greedy-diverse", 4) == [*ranking[:2], *ranking[-2:]]
    assert taken("greedy-diverse", 3) == [*ranking[:1], *ranking[-2:]]


@pytest.mark.parametrize("policy", ["uniform", "prioritized"])
def test_random_policies_follow_the_seed(policy: Policy) -> None:
    assert taken(policy, 3, 1) == taken(policy, 3, 1)
    assert len({tuple(taken(policy, 3, seed)) for seed in range(20)}) > 5


def test_prioritized_prefers_right_grids_and_uniform_does_not() -> None:
    def mean(policy: Policy) -> float:
        return float(np.mean([SHARES[number] for seed in range(200) for number in taken(policy, 3, seed)]))

    even = float(np.mean(SHARES))
    assert abs(mean("uniform") - even) < 0.15
    assert mean("prioritized") > even + 0.15
    assert any(SHARES[number] == 0 for seed in range(20) for number in taken("prioritized", 3, seed))


def test_a_draw_does_not_depend_on_what_else_there_is() -> None:
    config = SelectionConfig(policy="uniform", k=3)
    made = numbered(SHARES)
    chosen = select(made, config, 7)
    left = [c for c in made if c in chosen or c.program.completion_id.endswith(("1", "2"))]
    assert select(left, config, 7) == chosen
