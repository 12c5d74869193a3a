"""A fault, then the resumed run, compared with one that nothing happened to."""

import random
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from arcloop.errors import ArcloopError
from arcloop.runs.check import check
from arcloop.runs.rundir import RunDir
from arcloop.runs.seals import Seals, seals_of
from tests.chaos.faults import Fault, Scene
from tests.chaos.launch import Launcher

__all__ = ["Outcome", "Reference", "compared", "damage", "files", "reference", "trial"]

SETTINGS = {
    "random programs": [
        *("--tasks", "drawing", "--limit", "4", "--group-size", "2", "--sampler", "grammar", "--seed", "3"),
        *("--rounds", "2", "--programs", "120", "--stopping.every", "40"),
    ],
    "learning": [
        *("--tasks", "arc1-train", "--task-ids", "67a3c6ac", "25ff71a9", "3c9b0459", "--group-size", "2"),
        *("--rounds", "2", "--programs", "4", "--sampling.max-tokens", "64", "--stopping.every", "4"),
    ],
}
"""Kind of run → its options."""

_SAME = ("prompts", "completions", "programs", "scores", "examples")
"""Tables without times in them: those of equal runs are equal."""


@dataclass(frozen=True)
class Reference:
    """A run that nothing happened to."""

    kind: str
    path: Path
    duration: float
    """Seconds that it took."""

    @property
    def expected(self) -> Seals:
        """What every run with the same settings has to come to."""
        return _comparable(self.path)


@dataclass(frozen=True)
class Outcome:
    """What came of a trial."""

    times: int
    """How often the fault happened; 0 where the run had ended before."""
    lost: list[str]
    """What was lost, a line each."""


def reference(kind: str, launcher: Launcher, folder: Path) -> Reference:
    """Run such a run, undisturbed."""
    start = time.monotonic()
    ended = launcher.run("run", *SETTINGS[kind], "--out", folder)
    assert ended.code == 0, ended.said
    return Reference(kind, folder, time.monotonic() - start)


def trial(
    of: Reference, fault: Fault, launcher: Launcher, other: Launcher, folder: Path, rng: random.Random
) -> Outcome:
    """Let a fault happen to such a run, as often as it does in a row, and go on with the run to its end."""
    shutil.rmtree(folder, ignore_errors=True)
    before = _elsewhere(launcher)
    run = ("run", *SETTINGS[of.kind], "--out", folder)
    done: Seals = {}
    lost: list[str] = []
    times = 0
    for _ in range(fault.in_a_row):
        pid = launcher.start(*run, clock=fault.clock)
        # What goes on with a run has less to do than what began it.
        ended = fault.happen(Scene(launcher, other, pid, folder, of.duration / (times + 1), rng))
        if ended is None:
            break
        times += 1
        if ended.code not in fault.codes:
            lost.append(f"exit code {ended.code}: {ended.said[-500:]}")
        if "Traceback" in ended.said:
            lost.append(f"a traceback: {ended.said[-500:]}")
        if ended.left:
            lost.append("a process was left")
        done = {**done, **_done(folder)} if fault.keeps else {}
        if not ended.code:
            break
    again = launcher.run(*run)
    if again.code or again.left:
        return Outcome(times, [*lost, f"cannot be gone on with: {again.code} {again.said[-500:]}"])
    after = _done(folder)
    lost += [f"{name}: was done, and is another now" for name, seal in done.items() if after.get(name) != seal]
    return Outcome(times, lost + compared(of, folder) + _traces(folder, launcher, before))


def files(of: Reference) -> list[Path]:
    """What can be damaged in a finished run, by its name in there: all but the page that is made of the rest."""
    found = (p for p in sorted(of.path.rglob("*")) if p.is_file() and p.stat().st_size and p.name != "report.html")
    return [path.relative_to(of.path) for path in found]


def damage(of: Reference, name: Path, launcher: Launcher, folder: Path, rng: random.Random) -> Outcome:
    """Cut or flip a file of a finished run: it is told, or means nothing, and the run is mended as it is told."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(of.path, folder)
    path = folder / name
    content = path.read_bytes()
    place = rng.randrange(len(content))
    flipped = content[:place] + bytes([content[place] ^ (1 << rng.randrange(8))]) + content[place + 1 :]
    path.write_bytes(rng.choice((content[:place], flipped)))
    lost = []
    faults = _faults(folder)
    resumed, evaluated = launcher.run("resume", folder), launcher.run("evaluate", folder)
    for ended in (resumed, evaluated):
        if ended.code not in (0, 2) or "Traceback" in ended.said:
            lost.append(f"{name}: exit code {ended.code}: {ended.said[-500:]}")
        if ended.code and not faults:
            lost.append(f"{name}: a fault that check does not find: {ended.said[-300:]}")
    if name.parts[0].startswith("round_"):
        # As the line says: what is damaged is done again.
        if faults:
            shutil.rmtree(folder / name.parts[0] / name.parts[1])
    elif evaluated.code:
        path.write_bytes(content)
    again = launcher.run("resume", folder)
    if again.code:
        lost.append(f"{name}: cannot be gone on with: {again.said[-500:]}")
    return Outcome(1, lost + compared(of, folder))


def compared(of: Reference, folder: Path) -> list[str]:
    """What a run that has ended has otherwise than it should."""
    here, expected = _comparable(folder), of.expected
    lost = [f"{name}: differs" for name in expected if here.get(name) != expected[name]]
    lost += [f"{name}: should not be there" for name in here if name not in expected]
    return lost + _faults(folder)


def _faults(folder: Path) -> list[str]:
    try:
        found = check(RunDir.open(folder))
    except ArcloopError as error:
        return [str(error)]
    return found.faults


def _comparable(folder: Path) -> Seals:
    paths = [
        p for p in folder.rglob("*") if p.stem in _SAME or p.name in ("submission.json", "adapter_model.safetensors")
    ]
    return seals_of(folder, paths)


def _done(folder: Path) -> Seals:
    """All tables and numbers of what the run says is done."""
    marks = folder.glob("round_*/group_*/DONE")
    return seals_of(folder, (path for mark in marks for path in mark.parent.rglob("*") if path.is_file()))


def _traces(folder: Path, launcher: Launcher, before: set[Path]) -> list[str]:
    left = {*folder.rglob(".*.tmp"), *folder.glob("*.lock"), *(_elsewhere(launcher) - before)}
    return [f"{path}: left behind" for path in left]


def _elsewhere(launcher: Launcher) -> set[Path]:
    """What there is in the places where processes put what they need for a while."""
    folders = (launcher.temporary, Path("/dev/shm"))
    return {path for folder in folders if folder.is_dir() for path in folder.iterdir()}
