"""What ``recipes/`` gives to batch systems: each array task, started as the batch system starts it, does its share."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from arcloop.runs.rundir import RunDir
from arcloop.runs.seals import Seals, seals_of
from tests import ROOT

RECIPES = ROOT / "recipes"
ARCLOOP = Path(sys.executable).parent / "arcloop"
SETTINGS = (
    *("--tasks", "drawing", "--limit", "3", "--group-size", "1", "--sampler", "grammar"),
    *("--rounds", "1", "--programs", "8", "--execution.workers", "1"),
)


def outcome(path: Path) -> Seals:
    names = ("prompts.parquet", "completions.parquet", "programs.parquet", "scores.parquet", "submission.json")
    assert RunDir.open(path).finished and (path / "report.html").exists()
    return seals_of(path, [p for p in path.rglob("*") if p.name in names])


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Seals:
    """What one process makes of the same settings."""
    path = tmp_path_factory.mktemp("recipes") / "alone"
    subprocess.run([ARCLOOP, "run", *SETTINGS, "--out", path], check=True, capture_output=True)
    return outcome(path)


def at_once(commands: Sequence[Sequence[str]], environments: Sequence[dict[str, str]]) -> None:
    started = [
        subprocess.Popen(command, cwd=ROOT, env=os.environ | own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for command, own in zip(commands, environments, strict=True)
    ]
    for process in started:
        said = process.communicate()[0].decode()
        assert process.returncode == 0, said


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.sh")), ids=lambda path: path.name)
def test_the_shell_understands_it(path: Path) -> None:
    subprocess.run(["bash", "-n", path], check=True)
    assert os.access(path, os.X_OK) and path.read_text().startswith("#!/bin/bash\n")


def test_a_slurm_array_makes_the_run_that_one_process_makes(expected: Seals, tmp_path: Path) -> None:
    text = (RECIPES / "slurm.sh").read_text()
    (to,) = re.findall(r"^#SBATCH --array=1-([0-9]+)$", text, re.M)
    assert f"SHARES=${{SHARES:-{to}}}" in text
    run = tmp_path / "run"
    own = {"SHARES": "2", "OUT": str(run), "ARCLOOP": str(ARCLOOP)}
    # Slurm copies the script, so it is run from another place than its own.
    script = tmp_path / "slurm_script"
    script.write_text(text)
    commands = [["bash", str(script), *SETTINGS]] * 2
    at_once(commands, [own | {"SLURM_ARRAY_TASK_ID": str(number)} for number in (1, 2)])
    assert outcome(run) == expected
    refused = subprocess.run(["bash", script, *SETTINGS], env=os.environ | own, capture_output=True, text=True)
    assert refused.returncode and "submit it with sbatch" in refused.stderr


def submitted(path: Path, given: dict[str, str]) -> list[list[str]]:
    """The commands of the jobs that a file for condor_submit makes, with some of its macros set by ``-append``."""
    macros: dict[str, str] = {}
    jobs = []

    def expanded(text: str) -> str:
        while found := re.search(r"\$\((\w+)\)", text):
            text = text.replace(found[0], macros[found[1].lower()])
        return text

    for line in path.read_text().splitlines():
        if queue := re.fullmatch(r"queue (.+)", line):
            # Such commands come immediately before the queue, after all others.
            assert given.keys() <= macros.keys()
            macros |= given
            for process in range(int(expanded(queue[1]))):
                macros |= {"process": str(process), "cluster": "7"}
                jobs.append([expanded(macros["executable"]), *shlex.split(expanded(macros["arguments"]))])
        elif line and not line.startswith("#"):
            name, value = re.fullmatch(r"(\w+)\s*= (.+)", line).groups()  # type: ignore[union-attr]
            macros[name.lower()] = value
    return jobs


def test_an_htcondor_cluster_makes_the_run_that_one_process_makes(expected: Seals, tmp_path: Path) -> None:
    given = {
        **{"shares": "2", "out": str(tmp_path / "run"), "arcloop": str(ARCLOOP), "cpus": "1"},
        "settings": shlex.join(SETTINGS[:-2]),
    }
    jobs = submitted(RECIPES / "htcondor.sub", given)
    assert len(jobs) == 2 and len(submitted(RECIPES / "htcondor.sub", {})) == 8
    at_once(jobs, [{}, {}])
    assert outcome(tmp_path / "run") == expected
