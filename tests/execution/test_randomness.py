import random

import numpy as np

from arcloop.execution import randomness


def draws() -> list[float]:
    return [
        random.random(),
        random.gauss(0, 1),
        float(np.random.rand()),
        float(np.random.normal()),
        random.gauss(0, 1),
        float(np.random.normal()),
    ]


def test_resetting_is_seeding_with_zero_whatever_was_drawn() -> None:
    random.seed(0)
    np.random.seed(0)
    expected = draws()
    for disturb in (lambda: None, random.random, np.random.rand, lambda: random.gauss(0, 1), np.random.normal):
        randomness.reset()
        disturb()
        randomness.reset()
        assert draws() == expected


def test_a_whole_turn_of_the_generators_is_noticed() -> None:
    randomness.reset()
    first = draws()
    randomness.reset()
    for _ in range(312):  # 624 words: the place in the state is back where it was, the words are not
        random.random()
        np.random.rand()
    randomness.reset()
    assert draws() == first


def test_the_state_can_be_compared_on_this_interpreter() -> None:
    assert randomness._comparable
