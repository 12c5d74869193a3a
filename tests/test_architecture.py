"""The shape of the code: reading order, imports, names, and the documents that describe them."""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests import ROOT

SOURCE = ROOT / "src" / "arcloop"

ORDER: dict[str, str] = {
    "errors": "",
    "records": "",
    "seeds": "",
    "progress": "",
    "files": "",
    "rowfiles": "",
    "config": "require sampling searching training run stored fitting recipes sessions",
    "common": "grids disjoint regions symmetry colors display drawing symmetry_search objects components boxes placement sprites detection",
    "grammar": "boxes scope production geometry lines symmetry colors objects grids elements motion regions counting program",
    "tasks": "pictures augment arcjson paths sets",
    "prompts": "encoding catalogue format",
    "model": "refusing hub gguf card description shape precision needs weights attention effective adapter configuration soundness language merging",
    "sampling": "port stream choose lora engine prefixes suffixes memory replay grammar key refusal choice events reply server transformers vllm requests openai chat",
    "programs": "entry prose fences verbatim answer",
    "execution": "port limits randomness plain frame seccomp landlock state library version message confirm cache protection child pool turn worker zygote dispatch sandbox",
    "scoring": "",
    "submission": "voting kaggle",
    "runs": "seals numbers schema tables groupdir lock rundir shares readme origin check",
    "rewriting": "simplification binding paintings variation mutation rewrite",
    "search": "budget allocation heat refinement reuse health background standing waves group lending",
    "imports": "layouts imported",
    "exercises": "look patterns panels marks scenes inputs trusted worth mutants solved exercise",
    "training": "port rows examples order packing processes store loss optimization checkpoint trainer peers peer session",
    "footprint": "estimate fit device outlook",
    "pretraining": "tokenizer network muon packs solving replica pretrain",
    "hindsight": "relabel filters selection curation anchors dataset learning",
    "loop": "",
    "evaluation": "estimates power seedwise metrics outcome submitted measurement task_table comparison experiment planning",
    "report": "palette story chapter words payload page pulse hosting",
    "cluster": "purse portion parcel actor agenda driver nodes",
    "assembly": "lengths beginning importing parts spreading running tracking wheelhouse probing",
    "cli": "table picture job options lanes run search resume evaluate report view watch check score compare experiment train card merge import_ relabel execute show plan wheels pretrain __main__",
}
"""Folders, and single modules, in the order in which data flows through them, each with its own modules in theirs."""

DATA = SOURCE / "exercises" / "solutions"
"""Programs that are learned from, not part of ours."""

FILES = sorted(path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py" and path.parent != DATA)


def module(path: Path) -> str:
    """``folder.module``, ``folder`` for its ``__init__``, or the name of a module at the root."""
    return ".".join(part for part in path.relative_to(SOURCE).with_suffix("").parts if part != "__init__")


def room(path: Path) -> str:
    return module(path).partition(".")[0]


PLACES = [place for name, within in ORDER.items() for place in [*(f"{name}.{one}" for one in within.split()), name]]
"""All modules in order; a folder itself (its ``__init__``) comes after what is in it."""


def imported(path: Path) -> set[str]:
    """Modules of the package that a file imports anywhere, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                # The library is also imported as ``common``, so it knows itself by no absolute name.
                assert room(path) == "common" and node.level == 1, f"{path}: relative import"
                names = [f"arcloop.common.{node.module}"]
            else:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")[1:3] if name.startswith("arcloop.") else []
            found |= {place for place in (".".join(parts), ".".join(parts[:1])) if place in PLACES and parts}
    # From a module of a folder, the folder is named too, and says nothing.
    return {one for one in found if "." in one or not any(other.startswith(f"{one}.") for other in found)}


def test_the_order_names_every_module() -> None:
    there = {module(path) for path in FILES if path.name != "__init__.py"}
    folders = {room(path) for path in FILES}
    assert there | folders == set(PLACES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_upward_in_the_order(path: Path) -> None:
    own = PLACES.index(module(path))
    # A module may know that its folder has an ``__init__`` with the port in it, as ``from arcloop.sampling import Draw``.
    below = [name for name in imported(path) if PLACES.index(name) > own and name != room(path)]
    assert below == []


def test_no_two_modules_share_a_name_and_not_a_meaning() -> None:
    """Commands are named after what they call; the others that share a name are two sides of one thing."""
    shared = {"colors", "objects", "symmetry", "regions", "grids", "boxes", "port"}
    names = Counter(one for name, within in ORDER.items() if name != "cli" for one in (within.split() or [name]))
    assert {name for name, count in names.items() if count > 1} <= shared


def test_the_loop_is_the_method_on_one_page() -> None:
    assert len((SOURCE / "loop.py").read_text().splitlines()) < 130


def test_tests_stand_where_the_code_does() -> None:
    folders = {path.parent.relative_to(ROOT / "tests").parts[:1] for path in (ROOT / "tests").rglob("test_*.py")}
    assert {parts[0] for parts in folders if parts} <= {*ORDER, "real", "scenarios", "servers", "vllm_engine"}


def test_contributing_lists_the_same_order() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    listed = re.search(r"```\n(errors .*?)```", text, re.DOTALL)
    assert listed is not None
    assert re.findall(r"\w+", listed[1]) == list(ORDER)


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
    from arcloop.cli import COMMANDS, module_of

    modules = "; ".join(f"import arcloop.cli.{module_of(command)}" for command in COMMANDS)
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
