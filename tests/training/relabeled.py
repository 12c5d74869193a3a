"""Real training rows: random programs with the tasks that they solve, as the embedded model is shown them."""

import json
from pathlib import Path

from arcloop.exercises.exercise import example_of, sample_exercise
from arcloop.model.language import LanguageModel
from arcloop.records import Example
from arcloop.seeds import generator


def relabeled(model: LanguageModel, count: int, cells: int = 60) -> list[Example]:
    examples = []
    for number in range(count):
        row = sample_exercise(generator(7, "relabeled", number), max_cells=cells)
        made = example_of(row, model.format)
        examples.append(Example(f"e{number}", f"t{number % 7}", made.prompt, made.completion))
    return examples


def write_set(path: Path, examples: list[Example]) -> Path:
    rows = [{"id": e.id, "task_id": e.task_id, "prompt": e.prompt, "completion": e.completion} for e in examples]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
