"""A program cannot damage the library for the next one, whichever way programs share processes."""

import itertools

import numpy as np
import pytest

from arcloop.config import ExecutionConfig
from arcloop.execution import Sandbox
from arcloop.records import Grid, Job, Status

GRID = np.array([[0, 1, 0], [0, 1, 2], [0, 0, 0]], dtype=np.int8)

PROBE = """from common import *
def transform(input_grid):
    grid = np.full_like(input_grid, Color.BLACK)
    for obj in find_connected_components(input_grid):
        blit_object(grid, obj)
    x, y, w, h = bounding_box(grid)
    draw_line(grid, 2, 0, length=len(Color.NOT_BLACK), direction=(0, 1), color=Color.GREEN)
    return grid[x:x + w + 1, y - 1:y + h]
"""
"""Uses what the programs below try to break."""

EXPECTED: Grid = np.array([[0, 1, 0], [0, 1, 2], [3, 3, 3]], dtype=np.int8)

DAMAGE = {
    "rebinds a colour": "Color.BLACK = 5",
    "deletes a colour": "del Color.GREEN",
    "empties a list of colours": "Color.NOT_BLACK.clear()",
    "replaces a function of the library": "import common\ncommon.draw_line = lambda *a, **k: None",
    "replaces a function's code": "find_connected_components.__code__ = (lambda *a, **k: []).__code__",
    "replaces a function's defaults": "find_connected_components.__defaults__ = (0, 8, False)",
    "grows a default list": "draw_line.__defaults__[-1].append(0)",
    "replaces a helper in a module of the library": (
        "import sys\nfor name, module in list(sys.modules.items()):\n"
        "    if name.startswith('common'):\n        vars(module).pop('np', None)"
    ),
    "replaces a function of NumPy": "np.full_like = lambda *a, **k: np.ones((1, 1), dtype=int)",
    "replaces a builtin": "import builtins\nbuiltins.range = lambda *a: []",
    "removes the library": "import sys\nfor name in [n for n in sys.modules if n.startswith('common')]:\n    del sys.modules[name]",
}


def damaging(statement: str, place: str) -> str:
    body = "\n".join("    " + line for line in statement.splitlines())
    if place == "module":
        return f"from common import *\n{statement}\ndef transform(input_grid):\n    return input_grid\n"
    return f"from common import *\ndef transform(input_grid):\n{body}\n    return input_grid\n"


@pytest.mark.parametrize("mode", ["batch", "strict"])
def test_damage_ends_with_the_program_that_did_it(mode: str) -> None:
    jobs = []
    for number, (statement, place) in enumerate(itertools.product(DAMAGE.values(), ("module", "function"))):
        # Every probe is another program, so that none is answered from an earlier one.
        jobs.append(Job(f"damage {number}", damaging(statement, place), (GRID,)))
        jobs.append(Job(f"probe {number}", f"{PROBE}# {number}\n", (GRID,)))
    config = ExecutionConfig(workers=1, mode=mode, batch_size=64)  # type: ignore[arg-type]
    with Sandbox(config) as sandbox:
        executions = {execution.id: execution for execution in sandbox.execute(jobs)}
    assert executions.keys() == {job.id for job in jobs}
    for name, execution in executions.items():
        if name.startswith("probe"):
            assert execution.status is Status.OK, (name, execution)
            assert np.array_equal(execution.outputs[0], EXPECTED), (name, execution)  # type: ignore[arg-type]
