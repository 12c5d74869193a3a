"""Configuration → how long the prompt of a task is, by which groups are ordered and times are planned."""

from collections.abc import Callable

from arcloop.config import Config
from arcloop.prompts.format import PromptFormat
from arcloop.records import Task

__all__ = ["prompt_length"]


def prompt_length(config: Config) -> Callable[[Task], float]:
    """How long a task's prompt is, in tokens where the model has a tokenizer here, else in cells of its grids."""
    chat = config.sampler == "openai" and config.server.api == "chat"
    if chat or config.weightless:
        return lambda task: sum(grid.size for pair in task.train for grid in (pair.input, pair.output))
    from arcloop.model.language import chat_ids, load_tokenizer, prompt_format  # here, because these take seconds

    tokenizer = load_tokenizer(config.model)
    format_: PromptFormat = prompt_format(config.model, tokenizer, config.prompt)
    return lambda task: len(chat_ids(tokenizer, format_.prompt_text(task, 0)))
