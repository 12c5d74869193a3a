"""Held-out rows → the share of their tasks that the model solves.

The loss says how well the model predicts one program; this says whether it finds any. Tasks are
asked, and programs run and judged, as a search does it: by the sampler, in the sandbox, on the train
pairs. The network is left as it was found.
"""

from collections.abc import Iterator, Sequence

from arcloop.config import ExecutionConfig, SamplingConfig
from arcloop.errors import SandboxError
from arcloop.execution import Sandbox
from arcloop.execution.port import Executor
from arcloop.exercises.exercise import Exercise, task_of
from arcloop.grammar import DRAWING
from arcloop.model.language import LanguageModel
from arcloop.programs import extract
from arcloop.records import Augmentation, Job, Prompt, Task
from arcloop.sampling import Draw, Request, Sampler
from arcloop.sampling.transformers import TransformersSampler
from arcloop.scoring import score_execution
from arcloop.seeds import seed_of

__all__ = ["ANEW", "DRAWINGS", "MAX_TOKENS", "PROGRAMS", "REPAIRED", "check_sandbox", "measure", "solve_rates"]

DRAWINGS, PROGRAMS = "drawings_solved", "programs_solved"
"""Names of two shares in the log: of rows that paint a picture, and of all others, asked without an earlier program."""
REPAIRED, ANEW = "refinements_repaired", "refinements_anew"
"""The same of rows that show a nearly right program: asked with it, and without."""
MAX_TOKENS = 640
"""Longest completion that the embedded model is asked for: room for 30 drawn elements."""
_COMPLETIONS = 8
"""Tries at each task."""


def check_sandbox() -> None:
    """Make sure that the programs to be measured can be isolated.

    Raises:
        SandboxError: this machine cannot do so.
    """
    try:
        with Sandbox(ExecutionConfig(workers=1)):
            pass
    except SandboxError as error:
        problem = str(error).partition("; expected")[0]
        raise SandboxError(
            f"{problem}; expected a sandbox for the model's programs — pass --held-out-tasks 0, and only the loss is measured"
        ) from None


def measure(model: LanguageModel, rows: Sequence[Exercise], seed: int) -> dict[str, float]:
    """``solve_rates`` of a network in training, in a sandbox of its own; no rows: nothing."""
    if not rows:
        return {}
    trains = model.network.training
    model.network.eval()
    try:
        with Sandbox(ExecutionConfig()) as sandbox:
            return solve_rates(TransformersSampler(model, SamplingConfig(max_tokens=MAX_TOKENS)), sandbox, rows, seed)
    finally:
        model.network.train(trains)


def solve_rates(sampler: Sampler, executor: Executor, rows: Sequence[Exercise], seed: int) -> dict[str, float]:
    """Name → share of the rows' tasks that one of 8 programs solves on all train pairs.

    Rows without an earlier program are ``DRAWINGS`` or ``PROGRAMS``; each with one is asked both ways, ``REPAIRED`` and
    ``ANEW``. A kind of which there is no row is left out. Draws follow from the seed and the row's place alone.
    """
    tasks: dict[str, Task] = {}
    kinds: dict[str, str] = {}
    requests = []
    for number, row in enumerate(rows):
        plain = DRAWINGS if row.concepts[0] == DRAWING else PROGRAMS
        for kind, parent in [(ANEW, None), (REPAIRED, row.parent)] if row.parent else [(plain, None)]:
            id_ = f"held-out-{number}" + ("-repaired" if parent else "")
            tasks[id_], kinds[id_] = task_of(row, id_), kind
            prompt = Prompt(id_, id_, 0, Augmentation(), 0, sampler.format.prompt_text(tasks[id_], 0, parent))
            draws = tuple(Draw(f"{id_}/d{draw}", seed_of(seed, "solving", id_, draw)) for draw in range(_COMPLETIONS))
            requests.append(Request(prompt, draws))

    def jobs() -> Iterator[Job]:
        """Programs run while others are sampled."""
        for completion in sampler.sample(requests):
            program = extract(completion, sampler.format.prefix)
            if program is not None:
                inputs = tuple(pair.input for pair in tasks[completion.task_id].train)
                yield Job(completion.id, program.source, inputs, group=completion.task_id)

    solved: set[str] = set()
    for execution in executor.execute(jobs()):
        id_ = execution.id.partition("/")[0]
        if score_execution(execution, tasks[id_]).perfect:
            solved.add(id_)
    hits: dict[str, list[bool]] = {}
    for id_, kind in kinds.items():
        hits.setdefault(kind, []).append(id_ in solved)
    return {name: sum(those) / len(those) for name, those in hits.items()}
