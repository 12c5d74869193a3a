"""Search without weights: random programs for real tasks and for drawings."""

import random
import subprocess
import sys
from collections.abc import Sequence

from arcloop.config import AugmentConfig, ExecutionConfig
from arcloop.execution import Sandbox
from arcloop.programs import extract
from arcloop.prompts.format import make_prompts
from arcloop.records import Completion, FinishReason, Job, Status, Task
from arcloop.sampling import Draw, Request
from arcloop.sampling.grammar import GrammarSampler, random_program
from arcloop.tasks.augment import apply_task
from arcloop.tasks.sets import load_tasks
from tests.arc_grids import FLIP

TASKS = [*load_tasks("arc1-train", 4), *load_tasks("drawing", 3)]


def drawn(tasks: Sequence[Task], count: int = 16) -> list[Completion]:
    sampler = GrammarSampler(tasks)
    prompts = [p for t in tasks for p in make_prompts(t, 0, count, count, AugmentConfig(), sampler.format, 3)]
    return list(
        sampler.sample(
            [Request(p, tuple(Draw(f"{p.task_id}/{k}", hash((k, 7)) % 2**64) for k in range(count))) for p in prompts]
        )
    )


def test_every_completion_is_a_program_that_compiles_and_most_run() -> None:
    completions = drawn(TASKS)
    sampler = GrammarSampler(TASKS)
    programs = [extract(c, sampler.format.prefix) for c in completions]
    assert all(programs) and len({p.id for p in programs if p}) > len(programs) // 2
    assert all(c.tokens == 0 and c.finish_reason is FinishReason.STOP for c in completions)
    inputs = {task.id: task.inputs for task in TASKS}
    jobs = [Job(p.completion_id, p.source, inputs[p.task_id]) for p in programs if p]
    with Sandbox(ExecutionConfig(workers=1)) as sandbox:
        status = [execution.status for execution in sandbox.execute(jobs)]
    assert Status.SYNTAX_ERROR not in status
    assert sum(s is Status.OK for s in status) > len(status) // 2


def test_a_draw_follows_from_its_seed_whatever_else_is_drawn() -> None:
    alone = {c.id: c.text for c in drawn(TASKS[2:3])}
    among = {c.id: c.text for c in drawn(TASKS)}
    assert alone.items() <= among.items()


def test_blank_canvases_are_painted_and_pictures_transformed() -> None:
    drawing = load_tasks("drawing", 1)[0]
    for seed in range(20):
        assert "# concepts: draw\n" in random_program(drawing, random.Random(seed))
        assert "# concepts: draw\n" not in random_program(FLIP, random.Random(seed))


def test_programs_name_colours_of_the_frame_that_they_run_in() -> None:
    (prompt,) = make_prompts(FLIP, 0, 1, 1, AugmentConfig(), GrammarSampler([FLIP]).format, 1)
    text = next(GrammarSampler([FLIP]).sample([Request(prompt, (Draw("d", 5),))])).text
    assert text == GrammarSampler([FLIP]).format.answer_text(
        random_program(apply_task(prompt.augmentation, FLIP), random.Random(5))
    )


def test_neither_random_programs_nor_replays_import_torch() -> None:
    probe = (
        "import sys, arcloop.assembly, arcloop.sampling.grammar, arcloop.sampling.replay;"
        "print([m for m in ('torch', 'transformers', 'peft') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
