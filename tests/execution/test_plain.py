"""Which programs may share a process: nothing that one of them can do is there for the next."""

import builtins
import importlib
import subprocess
import sys
import typing
from collections import deque
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from arcloop.execution import library
from arcloop.execution.plain import ATTRIBUTES, BUILTINS, MODULES, STARRED, is_plain
from arcloop.exercises.exercise import sample_exercise
from arcloop.exercises.solved import solutions
from arcloop.seeds import generator
from tests.execution.realistic import BODIES, HEAD

END = "\ndef transform(g):\n    return g\n"
WALK = """
import sys
from tests.execution.test_plain import reached
print(*reached(*sys.argv[1:]))
"""


@pytest.mark.parametrize("body", BODIES)
def test_realistic_programs_are_plain(body: str) -> None:
    assert is_plain((HEAD + body.replace("@A@", "RED").replace("@B@", "BLUE")).encode())


def test_programs_of_the_grammar_and_solutions_are_plain() -> None:
    rows = [sample_exercise(generator("plain", i), drawing=0.1).source for i in range(300)]
    for source in [*rows, *(solution.source for solution in solutions())]:
        assert is_plain(source.encode()), source


@pytest.mark.parametrize(
    "source",
    [
        *("import os", "import numpy as np, os", "from os import path", "import numpy; import ctypes", "import\\\n os"),
        *("from common import *;import sys", "from numpy import lib", "from numpy import *", "import scipy.stats"),
        *("from . import os", "from random import Random", "from collections import abc", "import a.b as c"),
        *(
            "__import__('o' + 's')",
            "x = ().__class__",
            "getattr(np, 'lo' + 'ad')",
            "ｅｘｅｃ('1')",
            "type('A', (), {})",
        ),
        *(
            "np.load('x')",
            "np.lib.os",
            "random._os",
            "np . memmap('x')",
            "np.random.set_state(x)",
            "np.seterr(all='raise')",
        ),
        *("x = (i for i in ()).gi_frame", "e.__traceback__", "'{0.__class__}'.format(1)", "np.zeros(2).resize(0)"),
        *(
            "np.zeros = 1",
            "Color.RED = 1",
            "del np.zeros",
            "Color.RED += 1",
            "for np.pi in (1, 2): pass",
            "[0 for Color.RED in [1]]",
        ),
        *("(np.pi, x) = 1, 2", "with open('x') as np.pi: pass", "np.pi: int = 3"),
        *("Color.ALL_COLORS.append(1)", "Color.NOT_BLACK[0] = 5", "np.sctypeDict['x'] = 1", "np.ma.zeros = 0"),
        *(
            "class A:\n    pass",
            "class A:\n    def __eq__(self, other):\n        return True",
            "async def f():\n    pass",
        ),
        *(
            "@print\ndef f(x):\n    return x",
            "with np.errstate(all='raise'):\n    pass",
            "def f():\n    yield f.gi_frame",
        ),
        *(
            "match g:\n    case np.ndarray(gi_frame=f):\n        pass",
            "match (i for i in ()):\n    case object(gi_frame=f):\n        pass",
        ),
        # Names of the interpreter, as they are or behind a binding that never happens.
        *(
            "f = open",
            "if False:\n    open = 0\nf = open",
            "def h():\n    getattr = 0\nf = getattr",
            "f = lambda eval: eval\neval('1')",
        ),
        *(
            "def f(vars=0):\n    pass\nvars(np)",
            "try:\n    pass\nexcept ValueError as dir:\n    pass",
            "from random import choice as open",
        ),
        *(
            "import random as exec",
            "global __builtins__\n__builtins__ = 0",
            "__name__ = 'x'",
            "print(__builtins__)",
        ),
        # The type of arrays is for asking, not for making some over any memory.
        *(
            "a = np.ndarray((9,), buffer=b'')",
            "f = np.ndarray",
            "isinstance(np.ndarray((9,)), int)",
            "x: np.ndarray((9,)) = 0",
        ),
        *(
            "isinstance = lambda a, b: b\nf = isinstance(0, np.ndarray)",
            "def f(a: (b := np.ndarray)):\n    pass",
            "[np.ndarray]",
        ),
        # Nor may it be kept by what has it in brackets.
        *(
            "from collections import defaultdict\nd = defaultdict(int)\ndef f(x: d[np.ndarray]): pass",
            "from collections import defaultdict\nlist = defaultdict(int)\ndef f(x: list[np.ndarray]): pass",
            "from collections import defaultdict\nfrom typing import List\nList = defaultdict(int)\nx: List[np.ndarray] = 0",
            "from collections import defaultdict\nd = defaultdict(int)\nisinstance(0, d[np.ndarray])",
            "x: a + np.ndarray = 0",
        ),
        # What computes a text that is written as a type, or keeps what it is given.
        *(
            "from typing import *\ndef f(x: '1'): pass\nget_type_hints(f)",
            "from typing import *\nif False:\n    get_type_hints = 0\nf = get_type_hints",
            "from typing import *\nfinal(crop)",
            "from typing import *\nx = NamedTuple('x', [])",
            "from typing import get_type_hints",
        ),
        "from itertools import chain",
        "import itertools\nx = itertools.groupby([1])",
        "x = [0] * 8\nx[5:6:2] = (i for i in (1,))",
        "for x[::2] in [[1]]:\n    pass",
        "[0 for x[::-1] in [[1]]]",
        "x = [0] * 8\nx[slice(5, 6, 2)] = [1]",
        "import scipy.ndimage",
        "from scipy.ndimage import binary_dilation",
        # What goes on when it is thrown away, in the middle of whatever is done then.
        "def f():\n    try:\n        yield 0\n    finally:\n        print(1)",
        "def f():\n    try:\n        yield from ()\n    except:\n        print(1)",
        # What shows memory as others have left it.
        "np.divide(1, g, where=g > 0)",
        "np.divide(1, g, **{'where': g > 0})",
        # What calls the program back from within C, or reads beyond an array.
        "from functools import cmp_to_key",
        "from scipy.ndimage import shift\nshift(np.zeros(3), np.inf, mode='wrap')",
        "from collections import Counter\nCounter.most_common = 0",
        "from collections import Counter\nsetattr(Counter, 'most_common', 0)",
    ],
)
def test_what_reaches_further_has_a_process_of_its_own(source: str) -> None:
    assert not is_plain((source + END).encode())


@pytest.mark.parametrize(
    "source",
    [
        "from collections import Counter, deque\nfrom typing import List, Tuple\nimport math, itertools",
        "from __future__ import annotations\nimport numpy as np\nimport heapq, copy, functools",
        "g = [0] * 9\ng[2:4] = [1, 2]\nnp.zeros((4, 4))[::2, 1::2] = g[::3][0]\nx = g[::-1]",
        "def f(a: np.ndarray, b: List[np.ndarray] = None) -> np.ndarray | None:\n    return a\nfrom typing import List",
        "x: np.ndarray = np.zeros(3)\nassert isinstance(x, np.ndarray)",
        "try:\n    x = 1 / 0\nexcept ZeroDivisionError as error:\n    x = str(error)",
        "if __name__ == '__main__':\n    print(1)",
        "f = lambda x: f'{x!r:>10}'\ny = [*map(f, range(3))]\nglobal z\nz = {a: b for a, b in enumerate(y)}",
        "def count():\n    n = 0\n    def more():\n        nonlocal n\n        n += 1\n        yield n\n    return next(more())",
        "this is no program",
        "from typing import *\nfrom math import *\ndef f(a: List[int]) -> Any:\n    return floor(sqrt(2))",
        "x = '\x00'",
    ],
)
def test_ordinary_python_is_plain(source: str) -> None:
    assert is_plain((source + END).encode())


def reading(module: ModuleType, name: str) -> str:
    """A program that takes all of a module, and reads a name of it."""
    called = module.__name__.removeprefix("arcloop.")
    return f"from {called} import *\nx = {name}"


def test_of_modules_that_are_taken_whole_only_harmless_names_may_be_read() -> None:
    names = [name for name in typing.__all__ if is_plain(reading(typing, name).encode())]
    assert set(names) == ATTRIBUTES & set(typing.__all__) and "List" in names


def reached(*more: str) -> list[str]:
    """What of a template's interpreter could be changed and is reached over attributes that may be read, and ``more``."""
    library.load("scipy")
    roots: dict[str, Any] = dict(library.names(0))
    roots |= {name: getattr(builtins, name) for name in BUILTINS if hasattr(builtins, name)}
    roots |= {name: importlib.import_module(name) for name in MODULES}
    for module in map(importlib.import_module, STARRED):
        public = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
        roots |= {name: getattr(module, name) for name in public if is_plain(reading(module, name).encode())}
    waiting, seen, found = deque(roots.items()), set[int](), []
    while waiting:
        path, value = waiting.popleft()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, (list, dict, set, bytearray, memoryview, deque, np.ndarray)) or hasattr(
            value, "cache_info"
        ):
            found.append(path)
        if isinstance(value, (ModuleType, type)) or callable(value):
            for name in (*ATTRIBUTES, *more):
                if hasattr(value, name):
                    waiting.append((f"{path}.{name}", getattr(value, name)))
    return found


@pytest.mark.parametrize(
    ("more", "expected"),
    [((), []), (("ALL_COLORS",), ["Color.ALL_COLORS"]), (("sctypeDict",), ["np.sctypeDict"]), (("__dict__",), ...)],
)
def test_nothing_that_could_be_changed_is_within_reach(more: tuple[str, ...], expected: Any) -> None:
    # Loading makes an interpreter a template: in a process of its own.
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", WALK, *more]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, env={"PYTHONPATH": f"{root}/src:{root}"})
    assert done.returncode == 0, done.stderr
    found = done.stdout.split()
    assert len(found) > 10 if expected is ... else found == expected


def test_no_name_that_may_be_read_is_a_hidden_builtin() -> None:
    assert not (set(dir(builtins)) - BUILTINS) & ATTRIBUTES
