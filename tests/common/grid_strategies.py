"""Hypothesis strategies for grids and the settings shared by all property tests."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

steady = settings(max_examples=60, deadline=None, derandomize=True, database=None)


def grids(max_side=7, colors=(0, 0, 0, 1, 2, 8, 9), min_side=1):
    """int64 grids (n, m) over a few colours, two in seven of them 8 or 9."""
    shapes = array_shapes(min_dims=2, max_dims=2, min_side=min_side, max_side=max_side)
    return arrays("int64", shapes, elements=st.sampled_from(colors), fill=st.nothing())


backgrounds = st.sampled_from([0, 0, 0, 1, 9, -1])
connectivities = st.sampled_from([4, 8])
