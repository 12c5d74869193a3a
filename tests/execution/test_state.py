"""The check between programs of one process, in an interpreter of its own: every kind of leftover is seen."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import arcloop

LEFTOVERS = {
    "nothing": "pass",
    "local": "x = np.zeros(3); y = [Color.RED]; crop(np.eye(3))",
    "warning": "import warnings; warnings.warn('x'); np.mean([])",
    "draws": "random.random(); np.random.rand()",
}
CHANGES = {
    "constant": "Color.RED = 7",
    "equal constant of another type": "Color.RED = 2.0",
    "new colour": "Color.GOLD = 1",
    "colour list": "Color.ALL_COLORS.append(3)",
    "function of numpy": "np.unique = len",
    "name in numpy": "np.new = 1",
    "name out of numpy": "del np.unique",
    "submodule of numpy": "np.linalg.norm = len",
    "builtin": "import builtins; builtins.len = max",
    "new builtin": "import builtins; builtins.foo = max",
    "code": "crop.__code__ = (lambda grid, background=0: grid).__code__",
    "defaults": "crop.__defaults__ = (5,)",
    "mutable default": "[f.__defaults__[0].append(9) for f in (detect_mirror_symmetry,)]",
    "method": "MirrorSymmetry.apply = None",
    "library": "common.crop = None",
    "module gone": "import sys; del sys.modules['heapq']",
    "module new": "import wave",
    "import hook": "import sys; sys.meta_path.insert(0, None)",
    "path": "import sys; sys.path.append('x')",
    "warning filter": "import warnings; warnings.simplefilter('error')",
    "numpy errors": "np.seterr(all='raise')",
    "print options": "np.set_printoptions(precision=2)",
    "recursion limit": "import sys; sys.setrecursionlimit(5000)",
    "trace": "import sys; sys.settrace(lambda *a: None)",
    "profile": "import sys; sys.setprofile(lambda *a: None)",
    "standard output": "import sys, io; sys.stdout = io.StringIO()",
    "folder": "import os; os.chdir('/tmp')",
    "bit generator": "np.random.set_bit_generator(np.random.MT19937(1))",
    "standard library": "import math; math.floor = None",
    "collector": "import gc; gc.enable()",
}
SCRIPT = """
import gc, os, sys
from arcloop.execution import library, state
os.chdir('/')
library.load('numpy')
names = library.names(0)
import builtins
gc.disable()
watch = state.Watch()
assert watch.changed() == ''
program = sys.stdin.read()
exec(program, {'common': sys.modules['common'], **names})
said = watch.changed()
sys.settrace(None); sys.setprofile(None)
os.write(1, b'changed' if said else b'same')
"""


def said(program: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(Path(arcloop.__path__[0]).parent)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=program, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", LEFTOVERS)
def test_honest_programs_leave_nothing(name: str) -> None:
    assert said(LEFTOVERS[name]) == "same"


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_seen(name: str) -> None:
    assert said(CHANGES[name]) == "changed"
