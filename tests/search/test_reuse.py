"""Programs that are made of earlier ones without a model: how many, of which, and that they count as programs."""

import dataclasses
import shutil
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from arcloop.assembly import replayed, run
from arcloop.config import Config, ExecutionConfig, SearchConfig, StoppingConfig
from arcloop.errors import ConfigError
from arcloop.records import Candidate, FinishReason, Origin
from arcloop.runs.rundir import RunDir
from arcloop.runs.tables import PROMPTS
from arcloop.sampling import Draw, Request
from arcloop.search.refinement import Pool
from arcloop.search.reuse import origin_of, rewritten, rewritten_prompt
from tests.arc_grids import FLIP, candidate, grid
from tests.fakes import FakeSampler

CONFIG = Config(
    "arc1-train",
    limit=2,
    model="grammar",
    rounds=2,
    programs=16,
    seed=3,
    search=SearchConfig(mutants=0.5),
    stopping=StoppingConfig(perfect=0),
    execution=ExecutionConfig(workers=1),
    sampling=dataclasses.replace(Config("").sampling, completions_per_prompt=2),
)
SHIFT = "from common import *\n\ndef transform(grid):\n    grid = np.roll(grid, 1, 0)\n    return grid\n"


@pytest.mark.parametrize("share", [0, 0.25, 0.4, 0.5, 1])
def test_shares_are_kept_and_the_model_is_asked_for_the_rest_in_its_own_order(share: float) -> None:
    found = [origin_of(number, share) for number in range(40)]
    assert Counter(origin for origin, _ in found)[Origin.MUTANT] == 40 * share
    asked = [place for origin, place in found if origin is Origin.MODEL]
    made = [place for origin, place in found if origin is not Origin.MODEL]
    assert asked == list(range(len(asked))) and made == list(range(len(made)))


@pytest.mark.parametrize("share", [1.1, -0.1])
def test_a_share_that_cannot_be_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match=r"search\.mutants"):
        SearchConfig(share)


def made(parent: Candidate, pool: Pool, count: int = 6) -> list[str]:
    prompt = rewritten_prompt(FLIP, 1, 0, parent)
    draws = tuple(Draw(f"r1/flip/d{n:05}", 70 + n, 1.0) for n in range(count))
    completions = list(rewritten(Request(prompt, draws), FLIP, pool, FakeSampler().format))
    assert [c.id for c in completions] == [draw.completion_id for draw in draws]
    assert {(c.prompt_id, c.tokens, c.finish_reason) for c in completions} == {("r1/flip/p0", 0, FinishReason.STOP)}
    return [c.text for c in completions]


def test_mutants_differ_from_their_parent_and_follow_from_their_seeds() -> None:
    parent = candidate(FLIP, [grid("1"), None, None, None], SHIFT)
    pool = Pool([parent], [], FLIP, 1.0)
    texts = made(parent, pool)
    assert len(set(texts)) > 2 and not any(text in SHIFT for text in texts)
    assert texts == made(parent, pool) and texts[:2] == made(parent, pool, 2)
    # What cannot be changed is a program spent all the same.
    stuck = candidate(FLIP, [grid("2"), None, None, None], "def transform(x):\n    return x\n")
    assert set(made(stuck, Pool([stuck], [], FLIP, 1.0))) == {""}


def test_a_program_that_the_task_has_had_is_changed_again() -> None:
    source = "def transform(input_grid):\n    return np.flip(input_grid, 0)\n"
    parent = candidate(FLIP, [grid("1"), None, None, None], source)
    had = candidate(FLIP, [grid("2"), None, None, None], source.replace("0)", "1)"))
    alone, beside = (Pool(those, [], FLIP, 1.0) for those in ([parent], [parent, had]))
    before, after = (sum("grid, 1)" in text for text in made(parent, p, 40)) for p in (alone, beside))
    assert after < before / 2


def tables(path: Path) -> dict[str, bytes]:
    # Executions say how long they took.
    names = ("prompts", "completions", "programs", "scores")
    found = {file for name in names for file in path.rglob(f"{name}.parquet")}
    return {str(file.relative_to(path)): file.read_bytes() for file in found}


def test_a_run_spends_its_shares_says_so_goes_on_and_is_replayed(tmp_path: Path) -> None:
    """Random programs, and in the second round as many mutants of them, in the real sandbox."""
    whole = run(CONFIG, tmp_path / "whole").directory
    assert {prompt.origin for prompt in whole.group(0, 0).prompts()} == {Origin.MODEL}
    columns = [pq.read_schema(whole.group(number, 0).path / PROMPTS.file).names for number in range(2)]
    assert "origin" not in columns[0] and "origin" in columns[1]
    group = whole.group(1, 0)
    prompts = {prompt.id: prompt for prompt in group.prompts()}
    kinds = Counter(prompts[c.prompt_id].origin for c in group.completions())
    assert kinds == {Origin.MODEL: 16, Origin.MUTANT: 16}
    assert all(prompt.parent and not prompt.text for prompt in prompts.values() if prompt.origin is not Origin.MODEL)
    # They count as programs everywhere.
    numbers = whole.numbers()
    assert numbers.run.programs == 64 and {task.programs for task in numbers.tasks.values()} == {32}
    made_ = {c.program.completion_id: c for c in group.candidates() if c.parent is not None}
    earlier = {c.program.id: c for c in whole.group(0, 0).candidates()}
    assert made_ and all(earlier[c.parent or ""].augmentation == c.augmentation for c in made_.values())
    assert any(c.execution.outputs[0] is not None for c in made_.values())

    # Stopped while its second round was searched, with what was stored by then.
    half = tmp_path / "half"
    shutil.copytree(whole.path, half)
    cut = RunDir.open(half).group(1, 0)
    kept = [c for number, c in enumerate(cut.completions()) if number % 3 == 0]
    stored = [c for c in cut.candidates() if c.program.completion_id in {one.id for one in kept}]
    prompts_of, search = cut.prompts(), cut.search_numbers()
    for name in ("DONE", "metrics.json"):
        (cut.path / name).unlink()
    seals = cut.write_search(
        prompts_of,
        kept,
        [c.program for c in stored],
        [c.execution for c in stored],
        [c.score for c in stored],
    )
    cut.write_numbers(dataclasses.replace(search, whole=False, files=seals))
    assert tables(half) != tables(whole.path)
    run(CONFIG, half)
    assert tables(half) == tables(whole.path)
    again = run(replayed(whole.path), tmp_path / "again")
    assert tables(again.path) == tables(whole.path)
    off = run(dataclasses.replace(CONFIG, search=SearchConfig()), tmp_path / "off").directory
    assert {prompt.origin for prompt in RunDir.open(off.path).group(1, 0).prompts()} == {Origin.MODEL}
