"""A folder of wheels: what pip is asked for, and what is told when it cannot be made. ``docs/cluster.md`` has a real one."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import arcloop
from arcloop.assembly import wheelhouse
from arcloop.assembly.wheelhouse import make_wheelhouse
from arcloop.errors import ConfigError
from tests import ROOT

WHEEL = "arcloop-0.2.0-py3-none-any.whl"


class Asked:
    """Stands in for pip, and keeps what it was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commands: list[list[str]] = []
        monkeypatch.setattr(wheelhouse, "_pip", self)

    def __call__(self, arguments: Sequence[str], say: object, alone: bool = False) -> None:
        self.commands.append(list(arguments))
        if "--no-deps" in arguments:
            (Path(arguments[arguments.index("--wheel-dir") + 1]) / WHEEL).write_bytes(b"wheel")


def test_for_this_machine_wheels_are_made_and_then_looked_for_without_an_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, out = Asked(monkeypatch), tmp_path / "wheels"
    made = make_wheelhouse(out, ("gpu",))
    own, needs, check = asked.commands
    assert own[-1] == str(ROOT) and needs[0] == "wheel" and needs[-1] == f"{out / WHEEL}[gpu]"
    assert needs[needs.index("--constraint") + 1] == str(ROOT / "constraints.txt")
    assert made.install == f"pip install --no-index --find-links {out} arcloop[gpu]" and "--dry-run" in check
    assert (made.wheels, made.size) == (1, 5)
    assert (out / "kaggle.py").read_bytes() == (ROOT / "recipes" / "kaggle.py").read_bytes()
    # What an earlier call has found is taken from there.
    make_wheelhouse(out)
    assert "--find-links" in asked.commands[4] and asked.commands[4][-1] == str(out / WHEEL)


def test_for_another_machine_wheels_are_fetched_for_its_platform_and_older_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(monkeypatch)
    make_wheelhouse(tmp_path, (), "3.12", ("manylinux_2_28_x86_64",))
    _, needs, check = asked.commands
    for command in (needs, check):
        tags = [command[i + 1] for i, word in enumerate(command) if word == "--platform"]
        assert tags[0] == "manylinux_2_28_x86_64" and tags[-1] == "linux_x86_64"
        assert {"manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_5_x86_64"} < set(tags)
        assert command[command.index("--python-version") + 1] == "3.12" and ":all:" in command
    assert needs[0] == "download"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"extras": ("gpus",)}, r"--extra gpus: unknown; expected .*gpu"),
        ({"python": "three"}, r"--python three: no version of Python; expected such as 3\.12"),
    ],
)
def test_what_is_not_known_is_told(asked: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=told):
        make_wheelhouse(tmp_path / "wheels", **asked)
    assert not (tmp_path / "wheels").exists()


def test_a_folder_with_something_else_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch)
    (tmp_path / "thesis.tex").write_text("…")
    with pytest.raises(ConfigError, match="holds other files than wheels"):
        make_wheelhouse(tmp_path)
    assert asked.commands == [] and [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_what_pip_cannot_find_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    lines: list[str] = []
    with pytest.raises(
        ConfigError, match=r"^pip download: No matching distribution found for nobody-has-this; expected"
    ):
        wheelhouse._pip(["download", "nobody-has-this"], lines.append, alone=True)
    assert any(re.match("ERROR: ", line) for line in lines)


def test_a_package_without_its_source_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arcloop, "__file__", str(tmp_path / "site-packages" / "arcloop" / "__init__.py"))
    with pytest.raises(ConfigError, match="arcloop was installed without its source; expected its repository"):
        make_wheelhouse(tmp_path / "wheels")
