"""Properties of random programs."""

import ast
import random
import re

import numpy as np
import pytest

from arcloop.exercises.inputs import INPUT_KINDS, sample_inputs
from arcloop.exercises.trusted import compile_source, run_grid, run_source
from arcloop.grammar import CONCEPTS, DRAWING, PRODUCTIONS, Draft, Scope, production, sample_draft, sample_program
from arcloop.grammar.boxes import in_reading_order
from arcloop.grammar.elements import Element, drawing_lines, sample_elements, sample_raster
from arcloop.grammar.program import FILES, Statement, write
from arcloop.grammar.scope import COLOR_NAMES
from arcloop.records import Grid


def test_programs_follow_from_the_seed() -> None:
    first = [sample_program(random.Random(seed)) for seed in range(200)]
    assert first == [sample_program(random.Random(seed)) for seed in range(200)]
    assert len(set(first)) > 150


def test_programs_have_the_fixed_shape() -> None:
    rng = random.Random(1)
    for _ in range(300):
        source = sample_program(rng)
        lines = source.split("\n")
        assert lines[:2] == ["from common import *", ""]
        assert lines[2].startswith("# concepts: ")
        assert set(lines[2].removeprefix("# concepts: ").split(", ")) <= set(CONCEPTS)
        assert lines[3] == "def transform(input_grid):"
        assert lines[-2:] == ["    return grid", ""]
        assert all(len(line) - len(line.lstrip()) in (0, 4, 8, 12, 16) for line in lines)
        assert max(map(len, lines)) < 200
        ast.parse(source)


def test_weights_choose_concepts() -> None:
    weights = {concept: 0.0 for concept in CONCEPTS} | {"flip": 1.0}
    rng = random.Random(2)
    assert {sample_draft(Scope(rng), weights).concepts[0] for _ in range(50)} == {"flip"}


def test_there_are_many_productions_and_each_is_documented() -> None:
    assert len(PRODUCTIONS) >= 80
    for concept, entry in PRODUCTIONS.items():
        assert entry.write.__doc__ and "Example: ``" in entry.write.__doc__, concept
        assert set(entry.suits) <= set(INPUT_KINDS), concept
    assert {entry.write.__module__ for entry in PRODUCTIONS.values()} == {module.__name__ for module in FILES}


def test_a_concept_is_registered_once() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        production("flip", suits=("small",))(lambda scope: "grid = grid.T")


@pytest.mark.parametrize("concept", CONCEPTS)
def test_each_production_changes_suitable_inputs(concept: str) -> None:
    """Of all tries some give valid outputs on all inputs and change at least one; every text compiles."""
    entry = PRODUCTIONS[concept]
    rng = random.Random(3)
    worked = 0
    for attempt in range(120):
        inputs = sample_inputs(rng, entry.suits[attempt % len(entry.suits)], 3)
        if len(inputs) < 2:
            continue
        outputs = run_source(Draft(write(entry, Scope.of(rng, inputs))).source, inputs)
        valid = all(output is not None for output in outputs)
        worked += valid and any(
            not np.array_equal(grid, output) for grid, output in zip(inputs, outputs, strict=True) if output is not None
        )
        if worked >= 3:
            return
    raise AssertionError(f"{concept}: {worked} useful programs in 120 tries")


def test_a_program_reads_its_input_until_it_binds_grid() -> None:
    draft = Draft((Statement("half", "n = len(grid) // 2"), Statement("half", "grid = grid[:n]")))
    assert "n = len(input_grid) // 2\n    grid = input_grid[:n]\n" in draft.source


def test_a_program_that_paints_works_on_a_copy() -> None:
    draft = Draft((Statement("recolor", "grid[grid == 1] = 2"), Statement("transpose", "grid = grid.T")))
    assert "grid = input_grid.copy()\n    grid[grid == 1] = 2\n    grid = grid.T\n" in draft.source


def test_leaving_out_statements() -> None:
    draft = Draft((Statement("a", "x = 1"), Statement("b", "y = 2")))
    assert [shorter.concepts for shorter in draft.shorter()] == [("a",), ("b",)]
    assert list(Draft(draft.statements[:1]).shorter()) == []


def test_the_scope_speaks_of_colors_that_occur() -> None:
    rng = random.Random(4)
    grid: Grid = np.array([[0, 0, 2], [0, 0, 3]], dtype=np.int8)
    output: Grid = np.array([[7]], dtype=np.int8)
    scope = Scope.of(rng, [grid], [output])
    assert {scope.color() for _ in range(20)} == {"Color.RED", "Color.GREEN"}
    assert set(scope.paints(3)) == {"Color.ORANGE"}
    assert Scope.of(rng, [np.full((2, 2), 8, dtype=np.int8)]).back_argument == ", background=Color.PURPLE"


def test_elements_are_painted_as_their_code_says() -> None:
    rng = random.Random(5)
    for count in (1, 3, 8, 20):
        for overlap in (True, False):
            elements = sample_elements(rng, count, 14, 12, overlap)
            picture: Grid = np.zeros((14, 12), dtype=np.int8)
            for element in elements:
                element.paint(picture)
            statements = tuple(Statement(DRAWING, line) for line in drawing_lines(elements).split("\n"))
            output = run_grid(compile_source(Draft(statements).source), np.zeros((14, 12), dtype=np.int8))
            assert output is not None
            assert np.array_equal(output, picture)


def test_elements_on_a_raster_are_inside_apart_and_share_rows_or_columns() -> None:
    shared = 0
    for seed in range(200):
        rng = random.Random(seed)
        height, width, count = rng.randint(4, 22), rng.randint(4, 22), rng.randint(1, 5)
        elements = sample_raster(rng, count, height, width)
        assert len(elements) <= count and elements == in_reading_order(elements)
        covered = np.zeros((height, width), dtype=int)
        for element in elements:
            covered[element.x : element.x + element.h, element.y : element.y + element.w] += 1
        assert covered.max() <= 1 and covered.sum() == sum(e.h * e.w for e in elements)
        shared += len({e.x for e in elements}) < len(elements) or len({e.y for e in elements}) < len(elements)
    assert shared > 100


def test_elements_are_in_reading_order_and_keep_who_covers_whom() -> None:
    low = Element("square", 5, 5, 2, 2, 1)
    high = Element("square", 0, 0, 2, 2, 2)
    over = Element("square", 4, 4, 2, 2, 3)
    assert in_reading_order([low, high]) == [high, low]
    assert in_reading_order([low, over]) == [low, over]
    assert in_reading_order([low, over, high]) == [high, low, over]


def test_color_names_are_those_of_the_library() -> None:
    assert [run_source(_constant(name), [np.zeros((1, 1), dtype=np.int8)])[0] for name in COLOR_NAMES] == list(
        range(10)
    )


def _constant(name: str) -> str:
    return Draft((Statement("fill", f"grid = grid + Color.{name}"),)).source


def test_objects_are_measured_against_the_background_there_is() -> None:
    grids = [np.full((9, 9), 3, np.int8) for _ in range(3)]
    for seed, grid in enumerate(grids):
        grid[1:3, 1 : 3 + seed], grid[5, 5], grid[7, 1:3] = 1, 1, 2
    for concept in ("keep object", "recolor by size", "recolor by rank", "remove by condition", "recolor extremes"):
        for seed in range(30):
            source = PRODUCTIONS[concept].write(Scope.of(random.Random(seed), grids))
            assert "count_nonzero" not in source and "obj > 0" not in source and "obj[0].any()" not in source
    # The largest is the largest, though all have as many cells that are not black.
    source = next(
        made
        for seed in range(99)
        if "= max(" in (made := PRODUCTIONS["keep object"].write(Scope.of(random.Random(seed), grids)))
    )
    kept = run_source(
        f"def transform(grid):\n    {source.replace(chr(10), chr(10) + '    ')}\n    return grid\n", grids
    )
    assert all(output is not None and (output == 1).sum() == 4 + 2 * n for n, output in enumerate(kept))


def test_a_map_of_colors_names_each_once_and_none_that_stays() -> None:
    for seed in range(60):
        scope = Scope(random.Random(seed), colors=(1, 2, 3), used=[1, 2])
        pairs = re.findall(r"(Color\.\w+): (Color\.\w+)", PRODUCTIONS["color map"].write(scope))
        assert len({key for key, _ in pairs}) == len(pairs) and all(key != value for key, value in pairs)
