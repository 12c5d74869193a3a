"""The public names: few, typed, light to import, and shown in a tour that runs."""

import re
import subprocess
import sys
from pathlib import Path

import arcloop
from tests import ROOT

TEXT = (ROOT / "docs" / "api.md").read_text()

NAMES = {
    *("ArcloopError", "Candidate", "Config", "Execution", "Grid", "Job", "RelabelConfig", "Run", "Sandbox"),
    *(
        "SelectionConfig",
        "Task",
        "load_answers",
        "load_tasks",
        "relabel",
        "run",
        "score_execution",
        "vote",
        "with_recipe",
    ),
}


def python(code: str, folder: Path) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_public_names_are_these_and_all_are_documented() -> None:
    assert set(arcloop.__all__) == NAMES <= set(dir(arcloop))
    table = TEXT.partition("## Names")[2]
    assert set(re.findall(r"`(\w+)`(?=[,| ])", re.sub(r"\|[^|]*\|$", "|", table, flags=re.MULTILINE))) >= NAMES
    for name in NAMES - {"Grid"}:  # which is a name for an array
        assert getattr(arcloop, name).__doc__


def test_importing_it_loads_nothing_heavy(tmp_path: Path) -> None:
    heavy = "print([m for m in ('torch', 'transformers', 'peft', 'ray') if m in sys.modules])"
    assert python(f"import sys, arcloop; print('numpy' in sys.modules); {heavy}", tmp_path).split() == ["False", "[]"]
    assert python(f"import sys\nfrom arcloop import *\n{heavy}", tmp_path).strip() == "[]"


def test_an_unknown_name_is_an_attribute_error(tmp_path: Path) -> None:
    assert "has no attribute" in python(
        "import arcloop\ntry:\n    arcloop.nothing\nexcept AttributeError as error:\n    print(error)", tmp_path
    )


def test_the_tour_runs(tmp_path: Path) -> None:
    (tour,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert 20 <= len(tour.splitlines()) <= 40
    lines = python(tour, tmp_path).splitlines()
    assert lines[0] == "67a3c6ac 3 train pairs, the first input is (4, 4)"
    assert lines[1] == "ok 1.0"
    assert lines[2].startswith("True 400 programs, 0.")
    assert " programs became " in lines[-1]
