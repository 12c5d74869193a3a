"""A folder or a file → the tasks in it, with their answers where it has them.

A folder is read with its sub-folders: every JSON file that looks like a task, hidden ones and those that other systems
leave in archives aside. A file is a Kaggle challenges file, with its solutions file beside it, or one task.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from arcloop.errors import TaskError
from arcloop.files import UnreadableError, read_json
from arcloop.tasks.arcjson import Entry, grid_from_json, is_task, task_from_json

__all__ = ["read_path", "test_counts"]

_NAMED = 3
"""Things left out that are named."""

Maker = Callable[[], Entry]
"""Gives a task, or says what is wrong with it."""


class _SolutionError(TaskError):
    """It is not the task that is wrong."""


def read_path(path: Path, skip_invalid: bool, tell: Callable[[str], None]) -> list[Entry]:
    """The tasks at ``path``; with ``skip_invalid`` those that are not valid are left out, and ``tell`` is told of them.

    Raises:
        TaskError: a file cannot be read, or holds what is no valid task.
    """
    left_out: list[str] = []
    entries: list[Entry] = []
    for make in _folder(path, left_out) if path.is_dir() else _file(path):
        try:
            entries.append(make())
        except TaskError as error:
            if not skip_invalid or isinstance(error, _SolutionError):
                raise
            left_out.append(str(error).partition(";")[0])
    if not entries and left_out:
        raise TaskError(f"--tasks {path}: no tasks in it: {left_out[0]}; expected ARC JSON files — check the path")
    if left_out:
        more = f" and {len(left_out) - _NAMED} more" if len(left_out) > _NAMED else ""
        tell(f"left out    {len(left_out)} that are no valid tasks: {'; '.join(left_out[:_NAMED])}{more}")
    return entries


def _folder(path: Path, left_out: list[str]) -> Iterator[Maker]:
    files = [file for file in sorted(path.rglob("*.json")) if not _hidden(file.relative_to(path))]
    _refuse_challenges(path, [file for file in files if file.parent == path and "challenges" in file.name])
    found: list[tuple[Path, Any]] = []
    deeper: list[Path] = []
    for file in files:
        try:
            raw = _read(file)
        except TaskError as error:
            yield _refused(error)
            continue
        if is_task(raw):
            found.append((file, raw))
        else:
            left_out.append(f"{_printed(file)} has no train and test pairs")
            deeper += [file] if _challenges(raw) else []
    if not found:
        _refuse_challenges(path, deeper)
    names = _names([file.relative_to(path).with_suffix("") for file, _ in found])
    for name, (file, raw) in zip(names, found, strict=True):
        yield partial(task_from_json, name, raw, _printed(file))


def _refuse_challenges(path: Path, files: list[Path]) -> None:
    """Raise for Kaggle challenges files in a folder: each is a set of tasks, and only a user knows which is meant."""
    if files:
        first, *others = files[:_NAMED]
        named = [other.name if other.parent == first.parent else _printed(other) for other in others]
        more = f" and {len(files) - _NAMED} more" if len(files) > _NAMED else ""
        raise TaskError(
            f"--tasks {_printed(path)}: a folder with Kaggle challenges files; expected one of them — pass {_printed(first)}"
            + (f", or {', '.join(named)}{more}" if named else "")
        )


def _names(places: list[Path]) -> list[str]:
    """A name for each of the files: its own; with its folders before it where several are called so."""
    stems = Counter(place.name for place in places)
    joined = [place.name if stems[place.name] == 1 else "-".join(place.parts) for place in places]
    # a/b-c and a-b/c, or a file that is called as another one and its folder are together.
    together = Counter(joined)
    return [name if together[name] == 1 else place.as_posix() for name, place in zip(joined, places, strict=True)]


def _refused(error: TaskError) -> Maker:
    def make() -> Entry:
        raise error

    return make


def _hidden(file: Path) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in file.parts)


def _file(path: Path) -> Iterator[Maker]:
    content = _read(path)
    if is_task(content) and not _challenges(content):
        yield partial(task_from_json, path.stem, content, _printed(path))
        return
    if not isinstance(content, dict):
        raise TaskError(
            f"{path}: a JSON {type(content).__name__}; expected an object from task id to task — pass a Kaggle challenges file"
        )
    solutions = _solutions(path)
    for task_id, raw in content.items():
        yield partial(_with_solution, task_id, raw, solutions.get(task_id), path)


def test_counts(path: Path) -> dict[str, int]:
    """Task id → test inputs of every task of a Kaggle challenges file, those that are no valid tasks among them.

    Raises:
        TaskError: the file cannot be read.
    """
    content = _read(path)
    if not _challenges(content):
        return {}
    tests = {task_id: raw.get("test") for task_id, raw in content.items() if isinstance(raw, dict)}
    return {task_id: len(pairs) for task_id, pairs in tests.items() if isinstance(pairs, list) and pairs}


def _challenges(content: Any) -> bool:
    """Is it tasks by id, one of which happens to be called train or test?"""
    return isinstance(content, dict) and any(isinstance(raw, dict) and is_task(raw) for raw in content.values())


def _solutions(path: Path) -> dict[str, Any]:
    beside = path.with_name(path.name.replace("challenges", "solutions"))
    if beside == path or not beside.is_file():
        return {}
    content = _read(beside)
    if not isinstance(content, dict):
        raise TaskError(
            f"{beside}: a JSON {type(content).__name__}; expected an object from task id to grids — check the file"
        )
    return content


def _with_solution(task_id: str, raw: Any, grids: Any, path: Path) -> Entry:
    """The task with the answers of a solutions file; one that has them for some of its test inputs only has none."""
    task, answer = task_from_json(task_id, raw, _printed(path))
    if grids is None:
        return task, answer
    where = f"{path.with_name(path.name.replace('challenges', 'solutions'))}: task {task.id}"
    if not isinstance(grids, list) or len(grids) > len(task.test_inputs):
        raise _SolutionError(
            f"{where} is {str(grids)[:40]}; expected a list of {len(task.test_inputs)} grids — check the file"
        )
    try:
        read = [
            None if cells is None else grid_from_json(cells, f"{where}: solution {i}") for i, cells in enumerate(grids)
        ]
    except TaskError as error:
        raise _SolutionError(str(error)) from None
    known = [grid for grid in read if grid is not None]
    return task, tuple(known) if len(known) == len(task.test_inputs) else None


def _read(path: Path) -> Any:
    try:
        return read_json(path)
    except UnreadableError as error:
        raise TaskError(f"{_printed(path)}: {error}; expected an ARC task file — mend or remove it") from None


def _printed(path: Path) -> str:
    """The path as text that can be printed: a name in another encoding has characters that cannot."""
    return str(path).encode("utf-8", "backslashreplace").decode()
