"""arcloop and all that it needs → a folder of wheels, to install from on a machine without a network.

pip finds and builds them, in the versions that are tested (``constraints.txt``), and then shows, without an index, that
nothing is missing. arcloop's own wheel is built from the source that it runs from. The recipe for a notebook is put beside.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path

import arcloop
from arcloop.errors import ConfigError

__all__ = ["Wheelhouse", "make_wheelhouse"]

_NOTEBOOK = "kaggle.py"
"""The recipe that installs from the folder."""
_OLDEST = 5
"""Of glibc, manylinux begins with 2.5."""
_ALIASES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
"""Minor version of glibc → the name that platforms of that time had."""


@dataclass(frozen=True)
class Wheelhouse:
    """What was made."""

    path: Path
    """The folder."""
    wheels: int
    """How many there are."""
    size: int
    """Bytes of all together."""
    install: str
    """The command that installs from it."""


def make_wheelhouse(
    out: Path,
    extras: Sequence[str] = (),
    python: str | None = None,
    platforms: Sequence[str] = (),
    say: Callable[[str], None] = lambda line: None,
) -> Wheelhouse:
    """Put arcloop's wheel and those of all that it needs into ``out``; what is there already is not fetched again.

    Args:
        out: A folder that is new, empty, or of an earlier call.
        extras: Extras of arcloop whose needs are to be there too.
        python: Version of Python that the wheels are for, such as ``3.12``; None = this one.
        platforms: Platforms that they are for, such as ``manylinux_2_28_x86_64``, which also takes what is for older ones;
            none = this machine's.
        say: Is told each line of pip's.

    Raises:
        ConfigError: arcloop is not run from its source, an extra is unknown, ``out`` holds something else, or pip fails.
    """
    source = _source()
    known = metadata("arcloop").get_all("Provides-Extra") or []
    for extra in extras:
        if extra not in known:
            raise ConfigError(f"--extra {extra}: unknown; expected {', '.join(known)} — see pyproject.toml")
    if python is not None and not re.fullmatch(r"3\.[0-9]{1,2}", python):
        raise ConfigError(f"--python {python}: no version of Python; expected such as 3.12 — see --help")
    if find_spec("pip") is None:
        raise ConfigError(
            f"{sys.executable}: no pip beside it; expected one to fetch wheels with — python -m ensurepip"
        )
    if out.exists() and not all(path.suffix == ".whl" or path.name == _NOTEBOOK for path in out.iterdir()):
        raise ConfigError(f"--out {out}: holds other files than wheels; expected a new or empty folder — pass another")
    out.mkdir(parents=True, exist_ok=True)
    elsewhere = _elsewhere(python, platforms)
    constrained = ["--constraint", str(source / "constraints.txt"), "--find-links", str(out)]
    for path in out.glob("arcloop-*.whl"):
        path.unlink()
    _pip(["wheel", "--no-deps", "--wheel-dir", str(out), str(source)], say)
    (own,) = out.glob("arcloop-*.whl")
    wanted = f"{own}[{','.join(extras)}]" if extras else str(own)
    if elsewhere:
        _pip(["download", "--dest", str(out), *constrained, *elsewhere, wanted], say)
    else:
        _pip(["wheel", "--wheel-dir", str(out), *constrained, wanted], say)
    name = f"arcloop[{','.join(extras)}]" if extras else "arcloop"
    install = ["install", "--no-index", "--find-links", str(out), name]
    say("pip finds all of it there, without an index:")
    target = [*elsewhere, "--target", str(out / "none")] if elsewhere else []
    _pip([*install, "--dry-run", "--ignore-installed", "--quiet", *target], say, alone=True)
    shutil.copy(source / "recipes" / _NOTEBOOK, out)
    wheels = list(out.glob("*.whl"))
    return Wheelhouse(out, len(wheels), sum(path.stat().st_size for path in wheels), f"pip {' '.join(install)}")


def _source() -> Path:
    """The folder that arcloop is run from."""
    folder = Path(arcloop.__file__).resolve().parents[2]
    if not ((folder / "pyproject.toml").is_file() and (folder / "constraints.txt").is_file()):
        raise ConfigError(
            f"{Path(arcloop.__file__).parent}: arcloop was installed without its source; expected its repository — run this "
            "where it was installed with pip install --editable"
        )
    return folder


def _elsewhere(python: str | None, platforms: Sequence[str]) -> list[str]:
    """What tells pip of another Python or platform, for which nothing can be built here."""
    if python is None and not platforms:
        return []
    version = python or f"{sys.version_info.major}.{sys.version_info.minor}"
    every = [tag for platform in platforms for tag in _older(platform)]
    tags = [option for tag in every for option in ("--platform", tag)]
    return ["--only-binary", ":all:", "--implementation", "cp", "--python-version", version, *tags]


def _older(platform: str) -> list[str]:
    """A platform and those whose wheels run on it too, the newest first."""
    found = re.fullmatch(r"manylinux_2_([0-9]{1,2})_(\w+)", platform)
    if found is None:
        return [platform]
    tags = []
    for minor in range(int(found[1]), _OLDEST - 1, -1):
        tags.append(f"manylinux_2_{minor}_{found[2]}")
        tags += [f"{_ALIASES[minor]}_{found[2]}"] if minor in _ALIASES else []
    return [*tags, f"linux_{found[2]}"]


def _pip(arguments: Sequence[str], say: Callable[[str], None], alone: bool = False) -> None:
    """Run pip; ``alone``: without what its configuration adds to where it looks."""
    apart = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "PIP_CONSTRAINT": ""} if alone else {}
    environment = os.environ | apart | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "pip", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    said = ""
    with process:
        assert process.stdout is not None  # noqa: S101
        for line in process.stdout:
            say(line.rstrip())
            said = line.strip() if line.startswith("ERROR: ") else said
    if process.returncode:
        raise ConfigError(
            f"pip {arguments[0]}: {said.removeprefix('ERROR: ')[:300] or f'exit code {process.returncode}'}; expected all of "
            "it to be found — look at what it printed, at the network, and at --python and --platform"
        )
