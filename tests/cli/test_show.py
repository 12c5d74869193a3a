"""``arcloop show``: what a task, a program and a run look like, in a terminal and as a picture; whatever a program's text is."""

import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from arcloop.cli import main
from arcloop.cli.picture import difference, grid_text, printable, program_picture, save
from arcloop.config import Config, StoppingConfig
from arcloop.evaluation.outcome import conclude
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.records import Augmentation, Task
from arcloop.report.palette import PALETTE
from arcloop.runs.rundir import RunDir
from arcloop.tasks.augment import apply_task
from tests.arc_grids import FLIP, candidate, grid
from tests.fakes import MANIFEST, FakeExecutor, FakeSampler

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def arcloop(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["arcloop", *map(str, arguments)])
        code = main()
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    config = Config(
        "fakes",
        model="grammar",
        sampler="grammar",
        rounds=1,
        programs=12,
        group_size=1,
        seed=4,
        stopping=StoppingConfig(perfect=0),
    )
    tasks = [FLIP, Task("again", FLIP.train, FLIP.test_inputs)]
    run = RunDir.create(tmp_path_factory.mktemp("runs") / "run", config, tasks, MANIFEST)
    with Progress(Console(quiet=True), 24, "programs") as progress:
        Loop(run, FakeSampler(), FakeExecutor(), None, progress).search_and_learn()
    conclude(run, {FLIP.id: tuple(np.flip(one, 1) for one in FLIP.test_inputs)})
    return run


def printed(*parts: object, width: int = 300) -> str:
    out = StringIO()
    console = Console(file=out, force_terminal=True, color_system="truecolor", width=width)
    for part in parts:
        console.print(part)
    return out.getvalue()


def test_cells_have_the_colours_of_arc() -> None:
    text = printed(grid_text(grid("0123456789")))
    for color in PALETTE:
        red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
        assert f"48;2;{red};{green};{blue}m" in text


def test_differences_mark_the_wrong_cells_alone() -> None:
    assert difference(grid("12", "34"), grid("12", "35")).plain == "· · \n· 4×\n1 of 4 cells wrong"
    assert difference(grid("12"), grid("12")).plain == "right"
    assert difference(grid("12"), grid("1", "2")).plain == "1×2, not 2×1"
    assert difference(None, grid("1")).plain == "no grid"


def test_a_program_is_shown_in_the_frame_that_it_was_written_in() -> None:
    frame = Augmentation(1, (1, 0, 2, 3, 4, 5, 6, 7, 8, 9), (1, 0))
    task = apply_task(frame, FLIP)
    outputs = [task.train[0].output, None, *task.test_inputs]
    text = "\n".join(printed(part) for part in program_picture(candidate(FLIP, outputs, augmentation=frame), FLIP))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert "in another frame (dihedral 1, colours 1023456789)" in plain
    assert "error · 1 of 2 train grids right" in plain
    assert re.search(r"train 1: input +expected +output +difference", plain)
    assert plain.count("right") >= 1 and plain.count("no grid") == 2


def test_wide_grids_go_below_each_other_where_there_is_no_room() -> None:
    wide = np.zeros((2, 30), dtype=np.int8)
    task = Task("wide", (type(FLIP.train[0])(wide, wide),), (wide,))
    shown = "\n".join(printed(part, width=100) for part in program_picture(candidate(task, [wide, wide]), task))
    rows = [line for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines() if "0 0 0" in line]
    assert {len(line.strip()) for line in rows} == {59}


@pytest.mark.parametrize("name", ["flip", "again"])
def test_the_best_program_of_a_task_is_shown(name: str, run: RunDir, arcloop: Call, tmp_path: Path) -> None:
    code, out, _ = arcloop("show", "program", run.path, name, "--save", tmp_path / "p.svg")
    assert (
        code == 0 and f"r0/{name}/d000" in out and "2 of 2 train grids right" in out and "def transform(grid):" in out
    )
    completion = re.findall(r"r0/\w+/d\d+", out)[0]
    program = re.findall(r"program ([0-9a-f]{16})", out)[0]
    assert arcloop("show", "program", run.path, completion)[1] == out
    assert f"program {program}" in arcloop("show", "program", run.path, program)[1]
    svg = ET.parse(tmp_path / "p.svg").getroot()
    texts = "".join(svg.itertext()).replace("\xa0", " ")
    assert "return" in texts and completion in texts and program in texts
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", (tmp_path / "p.svg").read_text())  # nothing is fetched


def test_a_run_s_table_and_its_tasks_are_shown(run: RunDir, arcloop: Call, tmp_path: Path) -> None:
    code, out, _ = arcloop("show", "run", run.path, "--save", tmp_path / "r.svg")
    assert code == 0 and "train pass@n" in out
    assert re.search(r"flip +12 +\d+ +2/2 grids, 100\.00 % of cells +right right", out)
    assert re.search(r"again +12 +\d+ +2/2 grids, 100\.00 % of cells +not known", out)
    assert "flip" in "".join(ET.parse(tmp_path / "r.svg").getroot().itertext())


def test_a_task_is_saved(arcloop: Call, tmp_path: Path) -> None:
    assert arcloop("show", "task", "25ff71a9", "--tasks", "arc1-train", "--save", tmp_path / "t.svg")[0] == 0
    assert ET.parse(tmp_path / "t.svg").getroot().tag.endswith("svg")


HOSTILE = (
    "def transform(g):\n\t'''\x1b]0;owned\x07 \x1b[2J \u202e [bold]<script>alert(1)</script>&amp; \r'''\n    return g\n"
)


def test_a_program_s_text_moves_no_cursor_and_ends_no_tag(tmp_path: Path) -> None:
    assert printable(HOSTILE).count("\n") == HOSTILE.count("\n")
    parts = list(program_picture(candidate(FLIP, [None] * 4, HOSTILE), FLIP))
    shown = re.sub(r"\x1b\[[0-9;]*m", "", printed(*parts))
    assert all(c.isprintable() or c == "\n" for c in shown)
    assert "[bold]<script>" in shown and r"\x1b]0;owned\x07" in shown
    save(parts, tmp_path / "h.svg", "hostile")
    root = ET.parse(tmp_path / "h.svg").getroot()
    assert not any(element.tag.endswith("script") for element in root.iter())


def test_a_png_has_the_pixels_of_the_svg(run: RunDir, arcloop: Call, tmp_path: Path) -> None:
    for suffix in ("svg", "png"):
        assert arcloop("show", "program", run.path, "flip", "--save", tmp_path / f"p.{suffix}")[0] == 0
    _, _, *size = map(float, ET.parse(tmp_path / "p.svg").getroot().attrib["viewBox"].split())
    with Image.open(tmp_path / "p.png") as image:
        assert image.format == "PNG" and image.size == pytest.approx([2 * side for side in size], abs=1)
        shown = {color for _, color in image.convert("RGB").getcolors(1 << 24) or ()}
    # Cells in ARC's colours, and letters in that of the terminal.
    assert {tuple(bytes.fromhex(PALETTE[c][1:])) for c in np.unique(FLIP.test_inputs[0])} <= shown
    assert (197, 200, 198) in shown


def test_what_keeps_a_png_from_being_made_is_one_line(
    run: RunDir, arcloop: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("show", "run", run.path, "--save", tmp_path / "r.png")
    for name, value, says in [
        ("arcloop.cli.picture._MOST_PIXELS", 10_000, "pixels; expected at most 10,000 — pass a name that ends in .svg"),
        (
            "arcloop.cli.picture._LETTER",
            '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
            "no monospaced",
        ),
    ]:
        with monkeypatch.context() as changed:
            changed.setattr(name, value)
            code, _, error = arcloop(*arguments)
        assert code == 2 and says in error and len(error.splitlines()) == 1, error
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    code, _, error = arcloop(*arguments)
    assert code == 2 and "expected resvg_py — pip install resvg_py" in error and len(error.splitlines()) == 1, error
    assert not list(tmp_path.iterdir())


def test_what_is_not_there_is_one_line(run: RunDir, arcloop: Call, tmp_path: Path) -> None:
    for arguments, says in [
        (("program", run.path, "nobody"), "no program nobody; expected the id of a task that has one"),
        (("program", run.path, "r7/flip/d00000"), "no program r7/flip/d00000"),
        (("program", tmp_path, "flip"), "no config.json in it"),
        (("run", run.path, "--save", tmp_path / "r.gif"), "expected a name that ends in .svg or .png"),
        (("run", run.path, "--save", tmp_path / "nowhere" / "r.svg"), "expected a file that can be written"),
    ]:
        code, _, error = arcloop("show", *arguments)
        assert code == 2 and says in error and len(error.splitlines()) == 1, error
