"""The shape of the code: reading order, imports, names, and the documents that describe them."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT

SOURCE = ROOT / "src" / "arcloop"

ORDER = [
    "errors",
    "records",
    "seeds",
    "config",
    "progress",
    "files",
    "common",
    "catalogue",
    "grammar",
    "drawing",
    "tasks",
    "augment",
    "encoding",
    "prompts",
    "model",
    "sampling",
    "programs",
    "execution",
    "scoring",
    "relabel",
    "filters",
    "refinement",
    "selection",
    "simplification",
    "painting",
    "ordering",
    "variation",
    "curation",
    "training",
    "pretraining",
    "anchors",
    "voting",
    "rescoring",
    "submission",
    "tables",
    "rundir",
    "allocation",
    "standing",
    "budget",
    "health",
    "heat",
    "background",
    "search",
    "pursuit",
    "loop",
    "estimates",
    "metrics",
    "outcome",
    "measurement",
    "comparison",
    "experiment",
    "dataset",
    "charts",
    "pages",
    "report",
    "comparison_report",
    "cli",
]
"""The modules in the order in which data flows through them; each may import those before it."""

FILES = sorted(path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py")


def room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Rooms of the package that a file imports anywhere, also inside functions."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                # The library is also imported as ``common``, so it knows itself by no absolute name.
                assert room(path) == "common", f"{path}: relative import"
                continue
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        rooms |= {name.split(".")[1] for name in names if name.startswith("arcloop.")}
    return rooms


def test_the_order_names_every_module() -> None:
    rooms = {room(path) for path in FILES}
    assert rooms == set(ORDER)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_upward_in_the_order(path: Path) -> None:
    own = ORDER.index(room(path))
    assert [name for name in imported(path) if ORDER.index(name) > own] == []


def test_contributing_lists_the_same_order() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    listed = re.search(r"```\n(errors .*?)```", text, re.DOTALL)
    assert listed is not None
    assert re.findall(r"\w+", listed[1]) == ORDER


def test_readme_tree_shows_every_module_and_nothing_else() -> None:
    tree = re.search(r"```\nsrc/arcloop/\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert tree is not None
    shown = re.findall(r"^  (\S+)", tree[1], re.MULTILINE)
    there = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in SOURCE.iterdir()
        if path.name not in ("__init__.py", "__pycache__", "py.typed")
    }
    assert sorted(shown) == sorted(there)


def test_readme_commands_exist() -> None:
    text = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)
    commands = re.findall(r"^arcloop ([a-z]+)", text, re.MULTILINE)
    assert targets and commands
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    from arcloop.cli import COMMANDS

    for command in commands:
        assert command in COMMANDS, command
    assert set(re.findall(r"^\| `arcloop ([a-z]+)`", text, re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize("name", ["utils.py", "helpers.py", "common.py", "misc.py"])
def test_no_file_has_a_name_that_says_nothing(name: str) -> None:
    assert [path for path in FILES if path.name == name] == []


def test_help_imports_nothing_heavy() -> None:
    probe = (
        "import sys; sys.argv = ['arcloop', '--help']; from arcloop.cli import main; main();"
        "print([m for m in ('torch', 'transformers', 'ray', 'numpy', 'tyro', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_no_command_imports_torch_before_it_needs_it() -> None:
    from arcloop.cli import COMMANDS

    modules = "; ".join(f"import arcloop.cli.{command}" for command in COMMANDS)
    probe = f"import sys; {modules}; print([m for m in ('torch', 'transformers', 'peft', 'ray') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_sampling_training_model_and_pretraining_import_torch() -> None:
    heavy = {"sampling", "training", "model", "pretraining"}
    for path in FILES:
        if room(path) not in heavy:
            assert not re.search(r"^(import|from) (torch|transformers|peft)\b", path.read_text(), re.MULTILINE), path


def test_no_pickle_no_remote_code_no_shell() -> None:
    for path in FILES:
        text = path.read_text()
        # Words that a file may say in prose, but not do.
        for pattern in (r"^\s*(import|from) pickle", r"trust_remote_code=True", r"shell=True", r"torch\.load\("):
            assert not re.search(pattern, text, re.MULTILINE), f"{path}: {pattern}"


def test_the_tree_speaks_of_the_project_alone() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.split():
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".jinja", ".txt") and path != Path(__file__):
            assert not re.search(r"(?<![\w.])/(work|farm|root)/[a-z]", path.read_text()), name
