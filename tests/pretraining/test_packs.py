"""Properties of the rows that each step of pretraining is given."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from arcloop.config import PretrainConfig
from arcloop.errors import ConfigError, ExampleError
from arcloop.model.language import LanguageModel
from arcloop.pretraining.packs import Course, encode_row, held_out_row, packs, store_replays
from arcloop.training.rows import Row


def steps(
    config: PretrainConfig,
    model: LanguageModel,
    count: int,
    first: int = 0,
    rank: int = 0,
    replays: Sequence[Row] = (),
) -> list[list[Row]]:
    return list(islice(packs(config, model, rank, Course(config, first, 0.25), replays), count))


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


def test_a_share_of_the_rows_is_that_of_training_sets(
    small: PretrainConfig, model: LanguageModel, tmp_path: Path
) -> None:
    rows = [
        {"prompt": f"{model.tokenizer.bos_token}{n} " + "long " * 400 * (n == 7), "completion": "x"} for n in range(8)
    ]
    path = tmp_path / "found.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = replace(small, replay_dataset_path=(str(path),), replay=0.25)
    stored = tmp_path / "replays.arrow"
    replays = store_replays(config, model, stored)
    assert len(replays) == 7  # one is longer than a step
    found = [row for step in steps(config, model, 60, replays=replays) for row in step]
    short = [row for row in found if row.trained == 2]  # the letter, and what ends an answer
    assert 0.15 < len(short) / len(found) < 0.35 and len({row.ids for row in short}) == 7
    made = {row.ids for step in steps(small, model, 60) for row in step}
    assert steps(replace(config, replay=0.0), model, 3, replays=replays) == steps(small, model, 3)
    assert len({row.ids for row in found} & made) > 0  # the others are as they would be
    assert steps(config, model, 2, first=2, replays=replays) == steps(config, model, 4, replays=replays)[2:]
    with pytest.raises(ConfigError, match="has at most 2 tokens"):
        store_replays(replace(config, pack=2), model, stored)
    with pytest.raises(ExampleError, match="no such"):
        store_replays(replace(config, replay_dataset_path=(str(tmp_path / "none.jsonl"),)), model, stored)
