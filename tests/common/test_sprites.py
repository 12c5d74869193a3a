import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.common import (
    apply_diagonal_symmetry,
    apply_symmetry,
    generate_sprite,
    is_contiguous,
    random_sprite,
    scale_pattern,
    scale_sprite,
)
from benchmarks import bench_common as loops
from tests.common.grid_strategies import backgrounds, grids, steady

KINDS = ["not_symmetric", "horizontal", "vertical", "mirror", "diagonal", "radial"]


@steady
@given(grids(4), st.integers(0, 4))
def test_scale_sprite_agrees_with_the_loop_version(sprite, factor):
    scaled = scale_sprite(sprite, factor)
    assert scaled.shape == (sprite.shape[0] * factor, sprite.shape[1] * factor)
    assert scaled.tolist() == loops.scale_sprite(sprite, factor).tolist()


def test_scale_sprite_keeps_the_dtype_and_copies():
    sprite = np.array([[1, 2]], dtype=np.int8)
    scaled = scale_sprite(sprite, 1)
    scaled[0, 0] = 9
    assert sprite[0, 0] == 1 and scaled.dtype == np.int8
    assert scale_sprite(sprite, np.int64(2)).tolist() == [[1, 1, 2, 2], [1, 1, 2, 2]]
    assert scale_sprite(sprite, 0).shape == (0, 0)


@pytest.mark.parametrize(
    ("error", "factor"), [(ValueError, -1), (TypeError, 2.0), (TypeError, "2"), (TypeError, None), (TypeError, (2, 2))]
)
def test_scale_sprite_errors(error, factor):
    with pytest.raises(error):
        scale_sprite(np.ones((2, 2)), factor)


def test_scale_pattern_is_scale_sprite():
    pattern = np.array([[1, 0], [0, 2]])
    assert scale_pattern(pattern, 2).tolist() == scale_sprite(pattern, 2).tolist()
    assert scale_pattern(pattern, 0).shape == (0, 0)
    for error, factor in ((ValueError, -1), (TypeError, 1.5)):
        with pytest.raises(error):
            scale_pattern(pattern, factor)


@steady
@given(grids(), st.sampled_from(["horizontal", "vertical"]), backgrounds)
def test_apply_symmetry_agrees_and_is_symmetric(sprite, kind, background):
    expected = loops.apply_symmetry(sprite.copy(), kind, background)
    assert apply_symmetry(sprite, kind, background) is sprite
    assert sprite.tolist() == expected.tolist()
    assert np.array_equal(sprite, sprite[::-1] if kind == "horizontal" else sprite[:, ::-1])


def test_apply_symmetry_refuses_other_types():
    with pytest.raises(ValueError):
        apply_symmetry(np.ones((2, 2)), "mirror")


@steady
@given(grids(), backgrounds)
def test_apply_diagonal_symmetry_agrees_and_is_symmetric(grid, background):
    sprite = grid[: min(grid.shape), : min(grid.shape)]
    expected = loops.apply_diagonal_symmetry(sprite.copy(), background)
    assert apply_diagonal_symmetry(sprite, background) is sprite
    assert sprite.tolist() == expected.tolist() == sprite.T.tolist()


def test_apply_diagonal_symmetry_needs_a_square():
    with pytest.raises(ValueError):
        apply_diagonal_symmetry(np.ones((2, 3)))


@steady
@given(
    st.integers(0, 10**6),
    st.integers(1, 8),
    st.integers(1, 8),
    st.sampled_from(KINDS),
    st.sampled_from([4, 8]),
    st.sampled_from([None, [3], [1, 8, 9]]),
)
def test_generate_sprite_draws_like_the_loop_version(seed, n, m, kind, connectivity, palette):
    m = n if kind in ("diagonal", "radial") else m
    random.seed(seed)
    sprite = generate_sprite(n, m, kind, color_palate=palette, connectivity=connectivity)
    state = random.getstate()
    random.seed(seed)
    expected = loops.generate_sprite(n, m, kind, color_palate=palette, connectivity=connectivity)
    assert sprite.tolist() == expected.tolist() and random.getstate() == state
    assert sprite.shape == (n, m)


@pytest.mark.parametrize("kind", KINDS)
def test_generate_sprite_is_symmetric_as_asked(kind):
    random.seed(1)
    for _ in range(30):
        sprite = generate_sprite(6, 6, kind, background=5)
        mirrored = {
            "horizontal": [sprite[::-1]],
            "vertical": [sprite[:, ::-1]],
            "mirror": [sprite[::-1], sprite[:, ::-1]],
            "radial": [],
            "not_symmetric": [],
        }
        if kind == "diagonal":
            assert np.array_equal(sprite, sprite.T) or np.array_equal(sprite, np.rot90(sprite, 2).T)
        else:
            assert all(np.array_equal(sprite, other) for other in mirrored[kind])
        if kind == "radial":
            assert np.array_equal(sprite != 5, np.rot90(sprite != 5))


def test_generate_sprite_errors():
    with pytest.raises(ValueError):
        generate_sprite(3, 3, "spiral")
    with pytest.raises(ValueError):
        generate_sprite(3, 3, "mirror", connectivity=6)
    with pytest.raises(AssertionError):
        generate_sprite(3, 4, "radial")


def test_random_sprite_keeps_its_promises():
    for seed in range(60):
        random.seed(seed)
        sprite = random_sprite([3, 4, 5], range(3, 7), symmetry="not_symmetric", color_palette=[2, 7])
        assert sprite.shape[0] in (3, 4, 5) and sprite.shape[1] in range(3, 7)
        assert is_contiguous(sprite)
        assert all(side.any() for side in (sprite[0], sprite[-1], sprite[:, 0], sprite[:, -1]))
        assert set(sprite.ravel().tolist()) <= {0, 2, 7}


def test_random_sprite_draws_like_the_loop_version():
    for seed in range(150):
        n, m = ([4], [4]) if seed % 3 else (range(1, 6), [2, 5])
        outcomes = []
        for module in (None, loops):
            random.seed(seed)
            make = module.random_sprite if module else random_sprite
            try:
                outcome = make(n, m, connectivity=8 if seed % 2 else 4).tolist()
            except AssertionError:
                outcome = "apart"
            outcomes.append((outcome, random.getstate()))
        assert outcomes[0] == outcomes[1]


def test_random_sprite_lines_and_full_density():
    random.seed(0)
    assert (random_sprite(1, 5) != 0).all()
    assert (random_sprite(5, 5, density=1, symmetry="vertical") != 0).all()


def test_random_sprite_errors():
    with pytest.raises(ValueError):
        random_sprite(3, 3, symmetry="spiral")
    with pytest.raises(ValueError):
        random_sprite(3, 3, connectivity=5)
    for symmetry in ("diagonal", "radial"):
        with pytest.raises(IndexError):
            random_sprite(3, 4, symmetry=symmetry)


def test_what_cannot_be_is_given_up() -> None:
    # Two cells of a quarter of 2 x 2 touch and reach both sides in no way.
    with pytest.raises(RecursionError, match="four sides"):
        random_sprite(3, 3, symmetry="mirror")
