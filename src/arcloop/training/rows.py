"""Examples → token rows.

A row is the prompt's tokens, then the completion's with the token that ends it; only the latter
are trained on. A row that is too long is dropped and counted, never cut: a program without its end
would teach the model not to stop.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from arcloop.model.language import LanguageModel
from arcloop.records import Example

__all__ = ["Row", "encode_rows"]


@dataclass(frozen=True, slots=True)
class Row:
    """One example in tokens."""

    ids: tuple[int, ...]
    """Prompt, completion, end token."""
    prompt: int
    """How many of them are the prompt's: the loss begins after these."""
    weight: float

    @property
    def labels(self) -> list[int]:
        """What each position is to predict, in the form of Hugging Face's collators: −100 where nothing is learned.

        Only the completion and the token that ends it count. With the tokenizer of Llama 3.1, the labels of a BARC answer
        end ``[-100, …, 198, 74694, 128009]``: its last line break, the closing ``` of its code block, and ``<|eot_id|>``.
        """
        return [-100] * self.prompt + list(self.ids[self.prompt :])

    @property
    def trained(self) -> int:
        """Tokens that the loss is taken over."""
        return len(self.ids) - self.prompt


def encode_rows(model: LanguageModel, examples: Sequence[Example], max_tokens: int) -> tuple[list[Row], int]:
    """The rows of the examples that fit in ``max_tokens``, in their order, and how many did not."""
    rows = []
    for example in examples:
        prompt = model.encode(example.prompt)
        ids = (*prompt, *model.encode_answer(example.completion))
        if len(ids) <= max_tokens:
            rows.append(Row(ids, len(prompt), example.weight))
    return rows, len(examples) - len(rows)
