"""Runs, or a comparison of them → one HTML file that needs nothing beside it and asks nobody for anything.

Whatever programs and task files hold is shown as text: templates escape all values, the scripts set text and nothing else,
and the page's own policy lets no script run but ours, whose digests it names.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2
from markupsafe import Markup

from arcloop.evaluation.comparison import Comparison
from arcloop.evaluation.measurement import Setting
from arcloop.files import write_bytes
from arcloop.records import Answers
from arcloop.report.chapter import Chapter, chapter
from arcloop.report.palette import PALETTES
from arcloop.report.payload import index, pieces, telling_tasks
from arcloop.report.words import compared_in_words, told_in_words
from arcloop.runs.numbers import Numbers, RunNumbers
from arcloop.runs.rundir import RunDir
from arcloop.search.health import REASONS

__all__ = ["page", "write_comparison", "write_page", "write_report"]

_SCRIPTS = ("data", "grids", "charts", "film", "tasks", "task", "programs", "start")
_VENDORED = ("chart.umd.min.js", "prism-core.min.js", "prism-python.min.js")
_COLUMNS = 10
"""Rounds that a table has columns for; of more, some are shown, the first and the last among them."""

_LEADS = 3
_NOBODY: Answers = {}


def write_report(run: RunDir, answers: Answers = _NOBODY, numbers: RunNumbers | None = None) -> Path:
    """Write ``report.html`` into the run from what is done, and return its path.

    ``numbers``: those of the run, where they were counted just now.

    Raises:
        RunError: a file of the run cannot be read.
    """
    return run.write("report.html", page([chapter(run, run.path.name, answers, numbers=numbers)]))


def write_page(
    paths: Sequence[Path],
    out: Path,
    answers: Callable[[RunDir], Answers],
    on_group: Callable[[], None] = lambda: None,
) -> None:
    """Write a page of one run or several.

    Raises:
        RunError: a path is no run, or a file of it cannot be read.
        OSError: ``out`` cannot be written.
    """
    names = _names(paths)
    runs = [RunDir.open(path) for path in paths]
    chapters = [chapter(run, name, answers(run), on_group) for name, run in zip(names, runs, strict=True)]
    write_bytes(out, page(chapters).encode())


def write_comparison(
    compared: Comparison, settings: Sequence[Setting], path: Path, answers: Callable[[RunDir], Answers]
) -> None:
    """Write the page of a comparison, with its runs.

    Raises:
        RunError: a file of a run cannot be read.
        OSError: ``path`` cannot be written.
    """
    chapters = []
    for setting in settings:
        for measured in setting.runs:
            run = RunDir.open(Path(measured.path))
            seed = f", seed {measured.seed}" if len(setting.runs) > 1 else ""
            chapters.append(chapter(run, setting.name + seed, answers(run)))
    write_bytes(path, page(chapters, compared).encode())


def page(chapters: Sequence[Chapter], compared: Comparison | None = None, live: str | None = None) -> str:
    """The page's HTML; ``live``: the version that it shows of a run, if it is to ask its server whether there is another."""
    firsts = [0]
    if compared is not None:
        # Of each setting the first run stands for the others where films are put side by side.
        firsts = [sum(len(row.runs) for row in compared.rows[:place]) for place in range(len(compared.rows))]
    elif len(chapters) > 1:
        firsts = list(range(len(chapters)))
    lead = telling_tasks([chapters[first] for first in firsts], _LEADS)
    content = index(chapters, lead) | {"firsts": firsts, "palettes": PALETTES, "live": live}
    if compared is not None:
        content["compared"] = {row.name: _thinned(row.found) for row in compared.rows}
    told = [told_in_words(one) for one in chapters]
    each = (
        told[0]
        if len(chapters) == 1
        else [f"{one.name}: {words[0]}" for one, words in zip(chapters, told, strict=True)]
    )
    environment = _environment()
    # Each has an element of its own: one that fails leaves the others whole.
    scripts = [
        "window.Prism = {manual: true};",
        *(_read("vendor", name) for name in _VENDORED),
        *(_read("templates", f"{name}.js") for name in _SCRIPTS),
    ]
    style = _read("templates", "style.css")
    policy = {
        "default-src": "'none'",
        "script-src": " ".join(map(_digest, scripts)),
        "style-src": _digest(style),
        "img-src": "data:",
        "connect-src": "'self'" if live else "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return environment.get_template("page.html").render(
        chapters=chapters,
        compared=compared,
        said=compared_in_words(compared) if compared else each,
        told=told,
        title=", ".join([row.name for row in compared.rows] if compared else [one.name for one in chapters]),
        names=[name for name in Numbers.__dataclass_fields__ if name != "programs"],
        reasons=list(REASONS.items()),
        lead=lead,
        policy="; ".join(f"{name} {value}" for name, value in policy.items()),
        scripts=[_ours(script) for script in scripts],
        style=_ours(style),
        index=_ours(_inert(content)),
        pieces=pieces(chapters, [task["id"] for task in content["tasks"]]),
        live=live,
    )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: _read("templates", name)),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": _percent, "figure": _figure, "clock": _clock}
    environment.globals |= {"columns": _columns, "interval": _interval}
    return environment


def _read(folder: str, name: str) -> str:
    return (files("arcloop.report") / folder / name).read_text(encoding="utf-8")


def _ours(text: str) -> Markup:
    """What is put into the page as it is: our own scripts and style, and data in which nothing can end its element."""
    return Markup(text)  # noqa: S704


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _inert(content: Mapping[str, Any]) -> str:
    """JSON in which nothing can end the element that it stands in."""
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"))
    return text.translate(MappingProxyType({ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}))


def _names(paths: Sequence[Path]) -> list[str]:
    short = [path.resolve().name for path in paths]
    return short if len(set(short)) == len(short) else [str(path) for path in paths]


def _thinned(line: Sequence[float]) -> list[tuple[int, float]]:
    """Where a curve of steps changes, and its ends."""
    kept = [n for n, value in enumerate(line) if n in (0, len(line) - 1) or value != line[n - 1]]
    return [(n, line[n]) for n in kept]


def _columns(count: int) -> list[int]:
    """The rounds that have a column."""
    if count <= _COLUMNS:
        return list(range(count))
    return [round(i * (count - 1) / (_COLUMNS - 1)) for i in range(_COLUMNS)]


def _interval(numbers: RunNumbers, name: str, round_: int | None) -> str:
    """The ends of a number's interval where it has one; ``round_`` None is the run."""
    curves = numbers.curves.run if round_ is None else numbers.curves.rounds[round_]
    curve = {"pass_at_n": curves.pass_at_k, "train_pass_at_n": curves.train_pass_at_k}.get(name)
    if curve and curve.value:
        low, high = curve.low[-1], curve.high[-1]
    elif name == "solved_at_2" and round_ is None and numbers.solved_at_2_interval:
        low, high = numbers.solved_at_2_interval
    else:
        return ""
    return f"{100 * low:.1f}–{100 * high:.1f}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _clock(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours} h {minute} min" if hours else f"{minute} min {second} s" if minute else f"{second} s"
