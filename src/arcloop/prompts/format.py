"""Task + augmentation → the text that a model completes, and program → the text it should have written.

Searching and training use the same ``PromptFormat``, so the model is asked in exactly the words
that it is trained on. A format is one template file with four blocks: ``system`` (may be empty),
``user``, ``prefix`` (the beginning of the answer, given to the model) and ``answer`` (how a
program's source is written after, or instead of, the prefix). A fifth, ``refine``, is needed only
where a prompt shows an earlier program: it is said after ``user``, in the same turn. Templates run
in Jinja's sandbox: they reach no files, and nothing of the interpreter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from arcloop.config import AugmentConfig
from arcloop.errors import ConfigError
from arcloop.prompts.catalogue import listing
from arcloop.prompts.encoding import encode_boxes, encode_grid
from arcloop.records import Augmentation, Grid, Message, Pair, Parent, Prompt, Task
from arcloop.seeds import counted_on, generator
from arcloop.tasks.augment import apply_task, sample_augmentation

if TYPE_CHECKING:
    import jinja2

__all__ = ["BLOCKS", "Chat", "GridText", "PromptFormat", "make_prompt", "make_prompts", "named_template"]

BLOCKS = ("system", "user", "prefix", "answer")
"""What every template defines; all but ``user`` and ``answer`` may be empty."""

_REFINE = "refine"

Chat = Callable[[Sequence[Message]], str]
"""Messages → their text in the model's own chat template, up to where its answer begins."""


@dataclass(frozen=True)
class PromptFormat:
    """How tasks are shown to one model and programs are written by it."""

    template: str
    """Name of a template (``barc``, ``compact`` or ``plain``), or the text of one."""
    chat: Chat
    """The model's own chat template."""
    library: bool = False
    """List the program library's functions, where the template has a place for them."""
    cells: int | None = None
    """Show no more train pairs than keep all shown grids at so many cells together: the first ones, at least one; None = all."""

    @property
    def name(self) -> str:
        """What to call the template in a message."""
        return "a template of your own" if _is_text(self.template) else self.template

    def asked(self, prompt_id: str, task: Task, parent: str | None) -> tuple[Augmentation, int] | None:
        """Frame and test input of a prompt with this parent that was asked before, in a replay; None = they are drawn."""
        return None

    def prompt_text(self, task: Task, test_index: int, parent: Parent | None = None) -> str:
        """The rendered chat that shows all train pairs and one test input, and ends with the prefix.

        With a ``parent``, whose ``gave`` has an entry for each train pair, it shows that program too and asks for a better one.

        Raises:
            ConfigError: there is a parent and the template has no place for it.
        """
        return self.chat(self.messages(task, test_index, parent)) + self.prefix

    def messages(self, task: Task, test_index: int, parent: Parent | None = None) -> list[Message]:
        """What is said to the model before it answers: a user's turn, after a system's where the template has one."""
        test_input = task.test_inputs[test_index]
        pairs = task.train[: self._fitting(task.train, test_input)]
        values = {
            "examples": [{"input": GridText(pair.input), "output": GridText(pair.output)} for pair in pairs],
            "test_input": GridText(test_input),
            "library": listing() if self.library else "",
        }
        system = _block(self.template, "system", **values)
        messages = [Message("system", system)] if system else []
        said = _block(self.template, "user", **values)
        if parent is not None:
            self.check_refines()
            results = [_result(gave, pair.output) for gave, pair in zip(parent.gave, pairs, strict=False)]
            said += _block(self.template, _REFINE, **values, source=parent.source.rstrip("\n"), results=results)
        return [*messages, Message("user", said)]

    def _fitting(self, pairs: Sequence[Pair], test_input: Grid) -> int:
        """How many of the pairs, from the first, are shown beside the test input."""
        if self.cells is None:
            return len(pairs)
        sizes = np.cumsum([pair.input.size + pair.output.size for pair in pairs]) + test_input.size
        return max(1, int((sizes <= self.cells).sum()))

    def check_refines(self) -> None:
        """Make sure that the template has a place for an earlier program.

        Raises:
            ConfigError: it has none.
        """
        if _REFINE not in _template(self.template).blocks:
            raise ConfigError(
                f"prompt template {self.name!r}: no block {_REFINE!r}, which shows an earlier program; expected one beside "
                "--refine.share — add {% block refine %}…{% endblock %} (docs/search.md)"
            )

    @cached_property
    def prefix(self) -> str:
        """The beginning of the answer, which the prompt already contains."""
        return _block(self.template, "prefix")

    def answer_text(self, source: str) -> str:
        """What the model would write after the prompt to give this program."""
        answer = _block(self.template, "answer", source=source.rstrip("\n"))
        return answer.removeprefix(self.prefix)


@dataclass(frozen=True)
class GridText:
    """A grid as a template writes it: ``{{ grid }}`` in colour names, ``{{ grid.boxes }}`` in boxes."""

    cells: Grid

    def __str__(self) -> str:
        return encode_grid(self.cells)

    @property
    def boxes(self) -> str:
        """See ``encoding.encode_boxes``."""
        return encode_boxes(self.cells)


def make_prompts(
    task: Task, round_: int, programs: int, per_prompt: int, config: AugmentConfig, format_: PromptFormat, seed: int
) -> list[Prompt]:
    """The prompts of one task and round, each augmented afresh: enough for ``programs`` draws of ``per_prompt`` each."""
    numbers = range(-(-programs // per_prompt))
    return [make_prompt(task, round_, number, len(numbers), config, format_, seed) for number in numbers]


def make_prompt(
    task: Task,
    round_: int,
    number: int,
    share: int,
    config: AugmentConfig,
    format_: PromptFormat,
    seed: int,
    parent: tuple[Augmentation, Parent] | None = None,
) -> Prompt:
    """Prompt ``number`` of a task and round; what it looks like depends on no other.

    ``share``: prompts that the task has of its own in each round (``counted_on``). ``parent``: an earlier program to show, and
    the frame that it was written in, in which the task is asked then.
    """
    id_ = f"r{round_}/{task.id}/p{number}"
    first, place = counted_on(round_, number, share)
    rng = generator(seed, "augment", first, task.id, place)
    augmentation, shown = parent or (sample_augmentation(config, task, rng), None)
    test_index = rng.randrange(len(task.test_inputs))
    shown_id = None if shown is None else shown.program_id
    augmentation, test_index = format_.asked(id_, task, shown_id) or (augmentation, test_index)
    return Prompt(
        id=id_,
        task_id=task.id,
        number=number,
        augmentation=augmentation,
        test_index=test_index,
        text=format_.prompt_text(apply_task(augmentation, task), test_index, shown),
        parent=shown_id,
    )


def named_template(given: str) -> str:
    """What ``PromptFormat`` takes, for what a user gives: the name of a template as it is, a file's checked text.

    Raises:
        ConfigError: neither a name nor a file that can be read; or it lacks a block, cannot be rendered, or has an
            answer without the program.
    """
    if given in _names() or _is_text(given):
        return given
    try:
        text = Path(given).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise ConfigError(
            f"prompt template {given!r}: {reason}; expected {', '.join(_names())} or a file — check --prompt.template"
        ) from None
    grid = np.zeros((1, 1), dtype=np.int8)
    words, source = PromptFormat(text, lambda messages: ""), "def transform(input_grid):\n    return input_grid"
    try:
        if not _is_text(text):
            raise _lacking(BLOCKS)
        task = Task("", (Pair(grid, grid),), (grid,))
        words.prompt_text(task, 0)
        if _REFINE in _template(text).blocks:
            words.prompt_text(task, 0, Parent("", source, (grid,)))
        if source not in words.prefix + words.answer_text(source):
            raise ConfigError("block 'answer' leaves out the program; expected {{ source }} in it — add it")
    except ConfigError as error:
        raise ConfigError(f"{given}: {error}") from None
    return text


def _result(gave: Grid | str, output: Grid) -> dict[str, GridText | str]:
    """What a program gave for an input (empty if it was no grid), and how that differs from what was to come."""
    if isinstance(gave, str):
        return {"output": "", "verdict": f"no grid ({gave})"}
    if gave.shape != output.shape:
        (height, width), (high, wide) = gave.shape, output.shape
        verdict = f"wrong shape: {height} x {width}, not {high} x {wide}"
    else:
        wrong = int((gave != output).sum())
        verdict = f"{wrong} of {output.size} cells wrong" if wrong else "right"
    return {"output": GridText(gave), "verdict": verdict}


def _names() -> list[str]:
    return sorted(f.name.removesuffix(".jinja") for f in (files("arcloop.prompts") / "templates").iterdir())


def _is_text(template: str) -> bool:
    # No name or path has this; every template has, because it has blocks.
    return "{%" in template


@cache
def _template(template: str) -> "jinja2.Template":
    import jinja2.sandbox  # here, because --help does not need it

    if template in _names():
        template = (files("arcloop.prompts") / "templates" / f"{template}.jinja").read_text(encoding="utf-8")
    elif not _is_text(template):
        raise ConfigError(
            f"prompt template {template!r}; expected one of {', '.join(_names())} — check --prompt.template and the model's arcloop.json"
        )
    environment = jinja2.sandbox.SandboxedEnvironment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    try:
        compiled = environment.from_string(template)
    except jinja2.TemplateSyntaxError as error:
        raise ConfigError(f"line {error.lineno}: {error.message}; expected a Jinja template — mend it") from None
    if missing := [name for name in BLOCKS if name not in compiled.blocks]:
        raise _lacking(missing)
    return compiled


def _lacking(blocks: Sequence[str]) -> ConfigError:
    return ConfigError(
        f"no block {', '.join(map(repr, blocks))}; expected {', '.join(BLOCKS)}, of which system and prefix may be empty "
        "— add {% block … %}{% endblock %}"
    )


def _block(template: str, block: str, **values: object) -> str:
    compiled = _template(template)
    try:
        return "".join(compiled.blocks[block](compiled.new_context(values)))
    except Exception as error:  # a template is its author's program: it may raise anything
        known, reason = ", ".join(values) or "none", str(error).partition("\n")[0]
        raise ConfigError(
            f"block {block!r} cannot be rendered ({type(error).__name__}: {reason}); expected no variables but these: "
            f"{known} — mend the template"
        ) from None
