"""Properties of the rows that each step of pretraining is given."""

from dataclasses import replace
from itertools import islice

import pytest

from arcloop.config import PretrainConfig
from arcloop.model.language import LanguageModel
from arcloop.pretraining.packs import Course, encode_row, held_out_row, packs
from arcloop.training.rows import Row


def steps(config: PretrainConfig, model: LanguageModel, count: int, first: int = 0, rank: int = 0) -> list[list[Row]]:
    return list(islice(packs(config, model, rank, Course(config, first, 0.25)), count))


@pytest.mark.filterwarnings("ignore:This DataLoader will create", "ignore:.*fork:DeprecationWarning")
def test_it_does_not_matter_who_makes_the_rows(small: PretrainConfig, model: LanguageModel) -> None:
    assert steps(replace(small, data_workers=2), model, 6) == steps(small, model, 6)


def test_rows_follow_from_process_and_step(small: PretrainConfig, model: LanguageModel) -> None:
    rows = steps(small, model, 4)
    assert steps(small, model, 2, first=2) == rows[2:]
    different = {row.ids for step in rows + steps(small, model, 4, rank=1) for row in step}
    held_out = {encode_row(model, held_out_row(small, number)).ids for number in range(20)}
    assert len(different) == sum(map(len, rows)) + sum(map(len, steps(small, model, 4, rank=1)))
    assert not different & held_out


def test_a_step_is_full(small: PretrainConfig, model: LanguageModel) -> None:
    for rows in steps(small, model, 4):
        tokens = [len(row.ids) for row in rows]
        assert sum(tokens[:-1]) < small.pack <= sum(tokens)


def test_rows_grow_with_the_time_that_is_over(small: PretrainConfig) -> None:
    course = Course(small, 7, 0.0)
    asked = iter(course)
    assert next(asked) == (7, 75)
    course.done = 0.25
    assert next(asked) == (8, 188)
    course.done = 0.9
    assert next(asked) == (9, 300)
    assert next(iter(Course(replace(small, easy=0.0), 0, 0.0))) == (0, 300)
