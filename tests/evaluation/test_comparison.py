"""Runs side by side: what is averaged, what is called a difference, what is refused."""

import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from arcloop.cli import main
from arcloop.cli.compare import print_comparison
from arcloop.config import Config
from arcloop.errors import RunError
from arcloop.evaluation.comparison import Contrast, compare
from arcloop.evaluation.measurement import Measured, Setting, grouped, measured
from arcloop.evaluation.outcome import conclude
from arcloop.evaluation.task_table import read_task_tables
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Pair, Task
from arcloop.report.words import compared_in_words
from arcloop.runs.numbers import BestProgram, TaskOutcome
from arcloop.runs.origin import manifest
from arcloop.runs.rundir import RunDir
from tests import ROOT
from tests.arc_grids import FLIP, grid
from tests.fakes import FakeExecutor, FakeSampler, FakeTrainer

ANSWERS = {"flip": (grid("765"), grid("21", "43"))}
OTHER = Task("other", (Pair(grid("12"), grid("21")),), (grid("67"),))


def task_numbers(
    right: int, programs: int = 8, hits: Sequence[bool] | None = (False,), pixels: float | None = None
) -> TaskOutcome:
    first = programs - right + 1 if right else None  # the right ones come last
    near = (1.0 if right else 0.5) if pixels is None else pixels
    return TaskOutcome(
        programs=programs,
        tokens=100,
        grids=4 * programs,
        valid_grids=3 * programs,
        complete=2,
        unique=1,
        train_perfect=right,
        perfect=None if hits is None else right,
        first_train_perfect=first,
        first_perfect=None if hits is None else first,
        hits=None if hits is None else tuple(hits),
        best=BestProgram("d", "", (right > 0,), near, 0, ()) if programs else None,
        votes=(),
    )


def run(
    right: Sequence[int],
    path: str = "a",
    seed: int = 0,
    programs: int = 8,
    settings: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Measured:
    """A run in which ``right`` programs of each task solve it; a task is hit if there is one."""
    numbers = {f"t{i}": task_numbers(n, programs, (n > 0,)) for i, n in enumerate(right)}
    made = Measured(path, seed, settings or {"rounds": 1}, {name: {} for name in numbers}, numbers, 10.0, True)
    return dataclasses.replace(made, **changes)


def against(first: Measured, second: Measured) -> dict[str, str]:
    compared = compare([Setting("A", (first,)), Setting("B", (second,))])
    return {contrast.number: contrast.verdict for contrast in compared.contrasts}


def test_a_clear_difference_is_called_and_noise_is_not() -> None:
    nothing, much, little = run([0] * 40), run([1] * 20 + [0] * 20, "b"), run([1] * 3 + [0] * 37, "c")
    assert set(against(nothing, much).values()) == {"better"}
    assert set(against(much, nothing).values()) == {"worse"}
    assert set(against(nothing, little).values()) == {"within noise"}
    primary, *others = against(nothing, little)
    assert primary == "pass@n"
    assert others == ["solved@2", "train pass@n", "pass@2", "a right train grid", "best pixel similarity"]


def test_within_noise_it_is_said_whether_there_is_no_effect_and_what_would_have_been_seen() -> None:
    def primary(tasks: int, right: int) -> Contrast:
        runs = run([0] * tasks), run([1] * right + [0] * (tasks - right), "b")
        return compare([Setting(name, (one,)) for name, one in zip("AB", runs, strict=True)]).contrasts[0]

    many, few = primary(268, 0), primary(40, 0)
    assert many.finding == "within noise: no effect larger than 1 point"
    assert few.finding == primary(267, 0).finding == "within noise: cannot be told"
    assert primary(40, 20).finding == "better"
    assert (few.visible, many.visible, primary(3, 0).visible) == ("18.5", "2.9", "–")


def test_pass_at_a_quarter_is_compared_where_all_tasks_have_as_many_programs() -> None:
    early = run([1, 0, 0], numbers={"t0": task_numbers(1, 4), "t1": task_numbers(0), "t2": task_numbers(0, 12)})
    compared = compare([Setting("A", (run([1, 0, 0]),)), Setting("B", (early,))])
    assert compared.k is None and "pass@2" not in compared.rows[0].reached
    assert (
        compare([Setting("A", (run([4, 0]),)), Setting("B", (run([1, 0], "b"),))]).rows[1].reached["pass@2"][0] == 0.125
    )


def test_what_was_found_is_a_curve_over_the_programs() -> None:
    compared = compare([Setting("A", (run([1, 0], programs=4),)), Setting("B", (run([4, 2], "b", programs=4),))])
    assert [row.found for row in compared.rows] == [(0, 0, 0, 0, 0.5), (0, 0.5, 0.5, 1, 1)]


def test_unequal_budgets_have_no_winner_and_are_compared_at_the_smaller() -> None:
    compared = compare([Setting("A", (run([0] * 40),)), Setting("B", (run([9] * 40, programs=16),))])
    assert {contrast.verdict for contrast in compared.contrasts} == {"no winner called"}
    assert compared.k == 8 and set(compared.rows[0].reached) == {"solved@2", "pass@8", "train pass@8"}
    assert "16 programs a task and A 8 (2 ×)" in compared.remarks[0]
    # Nearly equal is equal: prompts that did not fit may differ by seed.
    nearly = run([9] * 39 + [0], numbers=run([9] * 40, programs=16).numbers | {"t39": task_numbers(0, 14)})
    assert set(against(run([0] * 40, programs=16), nearly).values()) == {"better"}


def test_programs_moved_to_unsolved_tasks_are_an_equal_budget() -> None:
    moved = run([2, 1, 0], numbers={"t0": task_numbers(2, 4), "t1": task_numbers(1, 16), "t2": task_numbers(0, 4)})
    compared = compare([Setting("A", (run([1, 0, 0]),)), Setting("B", (moved,))])
    assert compared.k is None and compared.rows[1].reached["pass@n"][0] == pytest.approx(2 / 3)


def test_seeds_are_averaged_task_by_task() -> None:
    group = Setting("B", (run([8, 0], seed=1), run([0, 0], seed=2)))
    compared = compare([Setting("A", (run([0, 0]),)), group])
    value, low, high = compared.rows[1].reached["pass@n"]
    assert (value, compared.rows[1].by_seed["pass@n"]) == (0.25, (0.5, 0.0))
    assert low <= value <= high
    assert compared.contrasts[0].difference.value == 0.25
    assert compared.rows[1].programs == 16 and compared.rows[1].valid_outputs == 0.75


def test_how_near_the_best_program_comes_counts_where_budgets_are_equal() -> None:
    far, near = task_numbers(0, pixels=0.5), task_numbers(0, pixels=0.75)
    none = dataclasses.replace(far, best=None)
    one = run([0] * 8, numbers={f"t{i}": far for i in range(8)})
    other = run([0] * 8, "b", numbers={f"t{i}": near if i else none for i in range(8)})
    compared = compare([Setting("A", (one,)), Setting("B", (other,))])
    assert [row.reached["best pixel similarity"][0] for row in compared.rows] == [0.5, 0.65625]
    clear = dataclasses.replace(other, numbers={t: near for t in one.numbers})
    assert against(one, clear)["best pixel similarity"] == "better" and against(one, clear)["pass@n"] == "within noise"


def test_the_verdict_minds_how_many_settings_are_compared() -> None:
    # Six tasks gained, none lost: p = 2 / 64 alone, 4 / 64 as one of two.
    better, other = run([1] * 6 + [0] * 9, "b"), run([0] * 15, "c")
    assert against(run([0] * 15), better)["pass@n"] == "better"
    compared = compare([Setting(name, (r,)) for name, r in (("A", run([0] * 15)), ("B", better), ("C", other))])
    assert [c.verdict for c in compared.contrasts if c.name == "B"] == ["within noise"] * 6
    assert compared.contrasts[0].p == pytest.approx(4 / 64)


def test_only_tasks_that_all_runs_share_count() -> None:
    first, second = run([1, 1, 1]), run([1, 0, 1, 1], "b")
    changed = dataclasses.replace(second, tasks=second.tasks | {"t2": {"other": "grids"}})
    assert compare([Setting("A", (first,)), Setting("B", (changed,))]).tasks == ("t0", "t1")
    with pytest.raises(RunError, match="no task in common"):
        compare([Setting("A", (first,)), Setting("B", (run([], "b"),))])
    with pytest.raises(RunError, match="no programs"):
        compare([Setting("A", (first,)), Setting("B", (run([0, 0], "b", programs=0),))])


def test_tasks_without_answers_count_for_the_train_pairs_alone() -> None:
    blind = run([1, 0], numbers={"t0": task_numbers(1, hits=None), "t1": task_numbers(0)})
    compared = compare([Setting("A", (run([1, 0]),)), Setting("B", (blind,))])
    assert compared.rows[0].reached["pass@n"][0] == 0 and compared.rows[0].reached["train pass@n"][0] == 0.5


def test_in_words_shares_are_of_the_tasks_whose_answers_are_known() -> None:
    numbers = {f"t{i}": task_numbers(int(i < 4), hits=(i < 4,) if i < 8 else None) for i in range(16)}
    one = run(
        [0] * 16,
        numbers={name: dataclasses.replace(told, perfect=0 if told.hits else None) for name, told in numbers.items()},
    )
    other = run([0] * 16, numbers=numbers)
    (said, *_) = compared_in_words(compare([Setting("A", (one,)), Setting("B", (other,))]))
    assert "B has a right program for 4 of 8 tasks, A 0" in said


def test_names_and_settings_are_printed_as_they_are() -> None:
    first, second = (run([1, 0], settings={"template": f"[INST]{text}[/INST]", "rounds": 1}) for text in "ab")
    shown = StringIO()
    console = Console(file=shown, width=200)
    print_comparison(compare([Setting("lr[x=1]", (first,)), Setting("lr[x=2]", (second,))]), console)
    printed = shown.getvalue()
    assert all(text in printed for text in ("lr[x=1]", "lr[x=2]", "[INST]a[/INST]", "[INST]b[/INST]"))


def test_many_settings_are_printed_below_each_other_and_whole() -> None:
    shown = StringIO()
    (settings,) = read_task_tables([ROOT / "docs" / "data" / "switches-tasks.parquet"]).values()
    compared = compare(settings)
    print_comparison(compared, Console(file=shown, width=120))
    table, *_ = shown.getvalue().partition(" against ")
    assert "…" not in table and len(settings) == 12
    for row in compared.rows:
        assert table.count(f"{row.name}  ") >= 1
        assert ", ".join(f"{100 * share:.2f}" for share in row.by_seed["pass@n"]) in table
    assert max(map(len, table.splitlines()[1:-1])) <= 120 and table.count("\n  by seed") > 11


def test_answered_tasks_without_programs_count_as_unsolved() -> None:
    for most in (8, 16):
        one = run(
            [0], numbers={"t0": task_numbers(0, 0), "t1": task_numbers(1, most, hits=None)}, tasks={"t0": {}, "t1": {}}
        )
        other = dataclasses.replace(one, numbers=one.numbers | {"t1": task_numbers(1, 8, hits=None)})
        compared = compare([Setting("A", (one,)), Setting("B", (other,))])
        assert [row.reached[f"pass@{compared.k or 'n'}"][0] for row in compared.rows] == [0, 0]


def test_runs_are_grouped_by_all_but_seed_machine_and_versions() -> None:
    base = {"rounds": 1, "execution.workers": 1, "version of torch": "2"}
    same = base | {"execution.workers": 9, "version of torch": "3"}
    runs = [
        run([1], "x/a", 1, settings=base),
        run([1], "x/b", 2, settings=same),
        run([1], "x/c", 1, settings={"rounds": 2}),
    ]
    settings = grouped(runs)
    assert [(s.name, len(s.runs)) for s in settings] == [("a ×2", 2), ("c", 1)]
    assert compare(settings).differing["rounds"] == ("1", "2")
    assert "a ×2 averages over runs that differ in execution.workers, version of torch." in compare(settings).remarks
    with pytest.raises(RunError, match="equal settings and seed 1"):
        grouped([*runs, runs[0]])


def searched(path: Path, seed: int, **changes: Any) -> Path:
    """A run on fakes, evaluated."""
    config = Config("fakes", rounds=1, programs=12, seed=seed, **changes)
    tasks = [FLIP, OTHER]
    made = RunDir.create(path, config, tasks, manifest(config, tasks))
    with Progress(Console(quiet=True), 100, "programs") as progress:
        Loop(made, FakeSampler(), FakeExecutor(), FakeTrainer(), progress).search_and_learn()
    conclude(made, ANSWERS)
    return path


def arcloop(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["arcloop", "compare", *map(str, arguments)])
    return main()


def test_the_command_prints_and_writes_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [searched(tmp_path / "one", 1), searched(tmp_path / "two", 2), searched(tmp_path / "three", 1, group_size=1)]
    assert arcloop(monkeypatch, *runs, "--json", tmp_path / "out.json", "--report", tmp_path / "out.html") == 0
    printed = capsys.readouterr().out
    assert "2 tasks in common" in printed and "one ×2" in printed and "--group-size" in printed
    assert "three against one ×2, solved@2: " in printed and "within noise" in printed
    content = json.loads((tmp_path / "out.json").read_text())
    assert content["rows"][0]["seeds"] == [1, 2] and content["contrasts"][0]["verdict"] == "within noise"
    page = (tmp_path / "out.html").read_text()
    assert "With equally many programs" in page and "one ×2" in page and "three against one ×2" in page
    assert arcloop(monkeypatch, "--group", f"A={runs[0]},{runs[1]}", f"B={runs[2]}") == 0
    assert "B against A" in capsys.readouterr().out
    # The table is enough to find the same again.
    table = tmp_path / "kept" / "one-tasks.parquet"
    assert arcloop(monkeypatch, *runs, "--table", table) == 0
    assert arcloop(monkeypatch, table, "--json", tmp_path / "again.json") == 0
    (again,) = json.loads((tmp_path / "again.json").read_text()).values()
    assert again["contrasts"] == content["contrasts"]
    for flag in ("--report", "--table"):
        assert arcloop(monkeypatch, table, flag, tmp_path / "x.parquet") == 2
        assert f"{flag} with tables of tasks; expected runs" in capsys.readouterr().err
    assert arcloop(monkeypatch, *runs, "--table", tmp_path / "x.csv") == 2
    assert "x.csv; expected a name that ends in .parquet" in capsys.readouterr().err


def test_errors_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = searched(tmp_path / "one", 1), searched(tmp_path / "two", 2)
    stale = searched(tmp_path / "stale", 3)
    run = RunDir.open(stale)
    run.write_numbers(dataclasses.replace(run.numbers(), groups_done=0))
    new = searched(tmp_path / "new", 4)
    (new / "metrics.json").unlink()
    cases: list[tuple[list[object], str]] = [
        ([], "no runs"),
        ([one, "--group", f"A={two}"], "expected one of the two"),
        ([one], "at least two"),
        ([one, one], "equal settings and seed"),
        ([one, tmp_path], "no config.json"),
        ([one, stale], "counts 0 groups; expected the 1"),
        ([one, new], "arcloop evaluate"),
        (["--group", "A"], "NAME=RUN,RUN"),
        (["--group", f"A={one}", f"A={two}"], "another name each"),
        (["--group", f"A={one},{one}"], "comes twice"),
        ([one, two, "--json", one / "config.json" / "x"], "pass another"),
    ]
    for arguments, words in cases:
        assert arcloop(monkeypatch, *arguments) == 2, arguments
        (line,) = capsys.readouterr().err.splitlines()
        assert words in line


def test_what_is_read_is_what_the_run_did(tmp_path: Path) -> None:
    read = measured(searched(tmp_path / "run", 5))
    assert read.seed == 5 and read.finished and set(read.numbers) == {"flip", "other"}
    assert read.numbers["flip"].programs == 12 and read.numbers["flip"].tokens == 36
    assert read.settings["sampling.top_p"] == 0.95 and "seed" not in read.settings
    assert read.numbers["other"].hits is None
