"""Task + augmentation → the text that a model completes, and program → the text it should have written.

Searching and training use the same ``PromptFormat``, so the model is asked in exactly the words
that it is trained on. A format is one template file with four blocks: ``system`` (may be empty),
``user``, ``prefix`` (the beginning of the answer, given to the model) and ``answer`` (how a
program's source is written after, or instead of, the prefix).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING

from arcloop.augment import apply_task, sample_augmentation
from arcloop.catalogue import listing
from arcloop.config import AugmentConfig
from arcloop.encoding import encode_grid
from arcloop.errors import ConfigError
from arcloop.records import Message, Prompt, Task
from arcloop.seeds import generator

if TYPE_CHECKING:
    import jinja2

__all__ = ["Chat", "PromptFormat", "make_prompt", "make_prompts"]

Chat = Callable[[Sequence[Message]], str]
"""Messages → their text in the model's own chat template, up to where its answer begins."""


@dataclass(frozen=True)
class PromptFormat:
    """How tasks are shown to one model and programs are written by it."""

    template: str
    """Name of a template: ``barc``, ``compact`` or ``plain``."""
    chat: Chat
    """The model's own chat template."""
    library: bool = False
    """List the program library's functions, where the template has a place for them."""

    def prompt_text(self, task: Task, test_index: int) -> str:
        """The rendered chat that shows all train pairs and one test input, and ends with the prefix."""
        return self.chat(self.messages(task, test_index)) + self.prefix

    def messages(self, task: Task, test_index: int) -> list[Message]:
        """What is said to the model before it answers: a user's turn, after a system's where the template has one."""
        values = {
            "examples": [{"input": encode_grid(pair.input), "output": encode_grid(pair.output)} for pair in task.train],
            "test_input": encode_grid(task.test_inputs[test_index]),
            "library": listing() if self.library else "",
        }
        system = _block(self.template, "system", **values)
        messages = [Message("system", system)] if system else []
        messages.append(Message("user", _block(self.template, "user", **values)))
        return messages

    @cached_property
    def prefix(self) -> str:
        """The beginning of the answer, which the prompt already contains."""
        return _block(self.template, "prefix")

    def answer_text(self, source: str) -> str:
        """What the model would write after the prompt to give this program."""
        answer = _block(self.template, "answer", source=source.rstrip("\n"))
        return answer.removeprefix(self.prefix)


def make_prompts(
    task: Task, round_: int, programs: int, per_prompt: int, config: AugmentConfig, format_: PromptFormat, seed: int
) -> list[Prompt]:
    """The prompts of one task and round, each augmented afresh: enough for ``programs`` draws of ``per_prompt`` each."""
    numbers = range(-(-programs // per_prompt))
    return [make_prompt(task, round_, number, config, format_, seed) for number in numbers]


def make_prompt(
    task: Task, round_: int, number: int, config: AugmentConfig, format_: PromptFormat, seed: int
) -> Prompt:
    """Prompt ``number`` of a task and round; what it looks like depends on no other."""
    rng = generator(seed, "augment", round_, task.id, number)
    augmentation = sample_augmentation(config, task, rng)
    test_index = rng.randrange(len(task.test_inputs))
    return Prompt(
        id=f"r{round_}/{task.id}/p{number}",
        task_id=task.id,
        number=number,
        augmentation=augmentation,
        test_index=test_index,
        text=format_.prompt_text(apply_task(augmentation, task), test_index),
    )


@cache
def _template(name: str) -> "jinja2.Template":
    import jinja2  # here, because --help does not need it

    folder = files("arcloop") / "templates" / "prompts"
    file = folder / f"{name}.jinja"
    if not file.is_file():
        names = sorted(f.name.removesuffix(".jinja") for f in folder.iterdir())
        raise ConfigError(
            f"prompt template {name!r}; expected one of {', '.join(names)} — check --prompt.template and the model's arcloop.json"
        )
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(file.read_text(encoding="utf-8"))


def _block(template: str, block: str, **values: object) -> str:
    compiled = _template(template)
    return "".join(compiled.blocks[block](compiled.new_context(values)))
