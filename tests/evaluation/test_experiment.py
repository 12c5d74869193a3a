"""Experiments: files of arms that differ in what they say at equal budgets, and the command that runs and compares them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from arcloop.assembly import begin
from arcloop.cli import main
from arcloop.errors import ConfigError, RunError
from arcloop.evaluation.experiment import Changes, drawn, experiment_names, read_experiment
from arcloop.evaluation.task_table import read_task_tables
from arcloop.runs.lock import locked
from arcloop.runs.rundir import RunDir
from tests import ROOT

FILE = """
seeds = [1, 2]
[base]
model = "grammar"
stopping.perfect = 0
[sets.arc]
tasks = "arc1-train"
draw = 10
programs = 8
group_size = 0
[arms.once]
rounds = 1
[arms.twice]
rounds = 2
"""


def written(folder: Path, text: str = FILE) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", experiment_names())
def test_all_arms_of_what_ships_sample_equally_many_programs_under_the_same_seeds(name: str) -> None:
    experiment = read_experiment(name)
    assert len(experiment.seeds) > 1
    for task_set in experiment.sets:
        runs = list(task_set.runs(experiment.seeds))
        assert len(runs) == len(experiment.seeds) * len(task_set.arms)
        assert {config.rounds * config.programs for _, _, config in runs} == {task_set.programs}
        assert len({(config.tasks, config.task_ids, config.stopping) for _, _, config in runs}) == 1
        # What is stopped early has all arms under the first seed.
        assert {seed for _, seed, _ in runs[: len(task_set.arms)]} == {experiment.seeds[0]}
    assert f"`{name}`" in (ROOT / "docs" / "experiments.md").read_text()


@pytest.mark.parametrize(("name", "tasks"), [("effect", [30, 18]), ("switches", [100])])
def test_where_no_task_may_be_given_up_none_is(name: str, tasks: list[int]) -> None:
    sets = read_experiment(name).sets
    assert [len(one.base.task_ids) for one in sets] == tasks
    assert {one.base.stopping.perfect for one in sets} == {0}


def test_each_switch_is_set_alone() -> None:
    (task_set,) = read_experiment("switches", Changes(tasks=5)).sets
    arms = {arm.name: vars(task_set.config(arm, 1)) for arm in task_set.arms}
    for name in arms.keys() - {"search only", "3 learning rounds"}:
        beside = arms["refinement" if name == "refinement, learned too" else "3 learning rounds"]
        assert len([setting for setting in beside if arms[name][setting] != beside[setting]]) == 1


def test_what_is_asked_for_wins_over_the_file(tmp_path: Path) -> None:
    changes = Changes(("arc",), tasks=3, programs=4, seeds=(7,), model="embedded")
    experiment = read_experiment(written(tmp_path), changes)
    (task_set,) = experiment.sets
    assert (experiment.name, experiment.seeds, task_set.programs, task_set.base.model) == ("mine", (7,), 4, "embedded")
    assert len(task_set.base.task_ids) == 3 and task_set.config(task_set.arms[1], 7).programs == 2


def test_a_set_has_the_recipe_below_it_and_arms_of_its_own(tmp_path: Path) -> None:
    own = "[sets.arc.arms.thrice]\nrounds = 4\n[sets.arc.arms.once]\nrounds = 1\nselection.k = 3\n"
    text = FILE.replace('tasks = "arc1-train"', 'tasks = "arc1-train"\nrecipe = "drawing"') + own
    (task_set,) = read_experiment(written(tmp_path, text)).sets
    once, twice, thrice = (task_set.config(arm, 1) for arm in task_set.arms)
    assert [config.rounds for config in (once, twice, thrice)] == [1, 2, 4]
    assert (once.selection.k, twice.selection.k) == (3, 24) and once.model == "grammar"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("seeds = [1, 2]", "seeds = [1, 1]", "seeds are [1, 1]; expected different whole numbers"),
        ("seeds = [1, 2]", 'seeds = "1"', "seeds is '1'; expected a list"),
        ("seeds = [1, 2]", "seeds = [[1], [1]]", "seeds are [[1], [1]]; expected different whole numbers"),
        ("[base]", "[base]\nseed = 9", "base: seed in it; expected seeds at the top of the file"),
        ("[base]", "[base]\nprograms = 9", "base: programs in it; expected it in a set"),
        ("draw = 10", "seed = 7", "set 'arc': seed in it; expected seeds at the top of the file"),
        ("[sets.arc]", '[sets."mine.md"]', "set 'mine.md', as a file of results is named; expected another name"),
        ("seeds = [1, 2]", "round = 2", "round in it; expected seeds, [base], [sets.NAME] and [arms.NAME]"),
        ("[sets.arc]", "[set.arc]", "set in it; expected seeds"),
        ("draw = 10", "draw = 0", "tasks or programs are missing"),
        ("programs = 8", "programs = 9", "9 programs over the 2 rounds of 'twice'; expected a multiple of 2"),
        ("programs = 8", "", "tasks or programs are missing; expected tasks"),
        ("group_size = 0", "groups = 0", "no setting groups; expected group_size"),
        ("[arms.once]\nrounds = 1", "", "expected two or more with names of their own"),
        ("[arms.once]", '[arms."../once"]', "the name '../once'; expected up to 80 letters"),
        ("rounds = 1", "rounds = 1\nprograms = 64", "has programs; expected it of the set"),
        ("rounds = 1", "rounds = 0", "rounds is 0; expected 1 or more"),
        ("[arms.once]\nrounds = 1", "[arms]\nonce = 1", "arm 'once' is 1; expected a table of settings"),
        ("[base]", "[base", "cannot be read as TOML"),
    ],
)
def test_a_mistake_is_one_line_before_anything_is_done(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in FILE
    with pytest.raises(ConfigError) as raised:
        read_experiment(written(tmp_path, FILE.replace(old, new)))
    assert says in str(raised.value) and "\n" not in str(raised.value)


def test_unknown_names_list_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError,
        match=r"experiment afect: no such experiment; expected effect, gain, learning, switches, or the path",
    ):
        read_experiment("afect")
    with pytest.raises(ConfigError, match="no set 'arc2'; expected arc — change --sets"):
        read_experiment(written(tmp_path), Changes(sets=("arc2",)))
    with pytest.raises(ConfigError, match="set 'arc': no arm 'thrice'; expected once, twice — change --arms"):
        read_experiment(written(tmp_path), Changes(arms=("twice", "thrice")))


def test_arms_are_chosen_by_name_and_the_first_is_what_the_others_are_compared_with(tmp_path: Path) -> None:
    (task_set,) = read_experiment(written(tmp_path), Changes(arms=("twice", "once"))).sets
    assert [arm.name for arm in task_set.arms] == ["twice", "once"]
    with pytest.raises(ConfigError, match="expected two or more with names of their own"):
        read_experiment(written(tmp_path), Changes(arms=("twice",)))


def test_tasks_are_drawn_once() -> None:
    ids = [f"t{i}" for i in range(50)]
    few = drawn(ids, 10)
    assert few == drawn(ids, 10) == tuple(sorted(few, key=ids.index)) and len(set(few)) == 10
    assert drawn(ids, 100) == tuple(ids)


def arcloop(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["arcloop", "experiment", *map(str, arguments)])
    return main()


def outcomes(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.glob("arc/*/*/submission.json")}


def compared_again_from_their_table(out: Path, found: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """All numbers come out of the table as they came out of the runs, also where each seed has a table of its own."""
    table = pq.read_table(out / "mine-tasks.parquet")
    parts = []
    for seed in (1, 2):
        parts.append(out / f"part-{seed}.parquet")
        pq.write_table(table.filter(pc.field("seed") == seed), parts[-1])
    for files in ([out / "mine-tasks.parquet"], parts):
        monkeypatch.setattr(sys, "argv", ["arcloop", "compare", *map(str, files), "--json", str(out / "again.json")])
        assert main() == 0
        again = json.loads((out / "again.json").read_text())["arc"]
        assert again["contrasts"] == found["contrasts"]
        assert [row | {"runs": []} for row in again["rows"]] == [row | {"runs": []} for row in found["rows"]]
    with pytest.raises(RunError, match="seed 1 is there twice; expected each run once"):
        read_task_tables([out / "mine-tasks.parquet", parts[0]])
    pq.write_table(table.drop_columns(["perfect", "hits"]), parts[0])
    with pytest.raises(RunError, match=r"no column hits, perfect; expected the NAME-tasks\.parquet"):
        read_task_tables(parts)


def test_the_command_runs_compares_and_skips_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two settings, two seeds, ten tasks; then the same with two at a time, killed on the way."""
    command, out = [written(tmp_path), "--out"], tmp_path / "one"
    assert arcloop(monkeypatch, *command, out) == 0
    printed = capsys.readouterr().out
    assert "twice against once, pass@n" in printed and "visible from" in printed
    assert "4 runs, 0 of them done" in printed
    # All arms begin alike: what one has sampled, the next takes over.
    assert len(re.findall(r"taken over: 40 completions of .*once", printed)) == 2
    found = json.loads((out / "mine.json").read_text())["arc"]
    assert [row["programs"] for row in found["rows"]] == [80.0] * 2 and found["k"] is None
    table = (out / "mine.md").read_text()
    assert "| once |" in table and "| programs | tokens | seconds |" in table
    assert "once" in (out / "mine-arc.html").read_text()
    tasks = pq.read_table(out / "mine-tasks.parquet").to_pylist()
    assert len(tasks) == 2 * 2 * 10 and {(row["set"], row["arm"], row["seed"]) for row in tasks} == {
        ("arc", arm, seed) for arm in ("once", "twice") for seed in (1, 2)
    }
    assert sum(row["programs"] for row in tasks if row["arm"] == "once") == 2 * 80
    grids = sum(row["hits"] for row in tasks if row["arm"] == "once"), sum(row["test_grids"] for row in tasks) / 2
    assert found["rows"][0]["reached"]["solved@2"][0] == pytest.approx(grids[0] / grids[1])
    compared_again_from_their_table(out, found, monkeypatch)
    # A second time nothing is run, and the results are the same.
    before = {path: path.stat().st_mtime_ns for path in out.glob("arc/*/*/metrics.json")}
    assert len(before) == 4 and arcloop(monkeypatch, *command, out) == 0
    assert "4 runs, 4 of them done" in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert (out / "mine.md").read_text() == table

    # Side by side, killed without a chance to say so: what worked on a run is gone too, and it goes on.
    beside = tmp_path / "two"
    started = subprocess.Popen(
        [sys.executable, "-m", "arcloop.cli", "experiment", *command, str(beside), "--workers", "2"],
        stdout=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    while not list(beside.glob("arc/*/*/run.lock")):
        assert started.poll() is None
        time.sleep(0.01)
    started.send_signal(signal.SIGKILL)
    started.wait()
    done = sum(RunDir.open(path.parent).finished for path in beside.glob("arc/*/*/config.json"))
    assert done < 4
    assert arcloop(monkeypatch, *command, beside, "--workers", "2") == 0
    assert outcomes(beside) == outcomes(out) and len(outcomes(out)) == 4
    assert "done    arc, twice, seed 2" in (printed := capsys.readouterr().out), printed
    assert re.search(r"submission  .*seed-2/submission.json", (beside / "arc" / "twice" / "seed-2.log").read_text())


def test_a_run_that_fails_ends_the_command_with_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, file = tmp_path / "out", written(tmp_path, FILE.replace("seeds = [1, 2]", "seeds = [1]"))
    (task_set,) = read_experiment(file).sets
    taken = begin(task_set.config(task_set.arms[0], 1), out / "arc" / "once" / "seed-1")
    with locked(taken.path):
        assert arcloop(monkeypatch, file, "--out", out, "--workers", "2") == 2
    printed = capsys.readouterr()
    assert f"process {os.getpid()} on" in printed.err and "seed-1.log; the same command goes on" in printed.err
    assert len(printed.err.splitlines()) == 1 and "failed (exit code 2)" in printed.out
    # The one beside it has come to its end.
    assert RunDir.open(out / "arc" / "twice" / "seed-1").finished


def test_workers_and_a_cluster_are_one_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [written(tmp_path), "--out", tmp_path / "out"]
    assert arcloop(monkeypatch, *command, "--workers", "2", "--cluster", "local") == 2
    assert "workers is 2; expected 1 beside --cluster" in capsys.readouterr().err
    assert arcloop(monkeypatch, *command, "--workers", "0") == 2
    assert not (tmp_path / "out").exists()
