"""Which form of a grid teaches a small model sooner: a token per cell, per run of equal cells, or for the corners of boxes?

    python -m experiments.encoding [--minutes 5] [--forms cells placed runs changes boxes] [--rate 1.0]

Trains the embedded network from nothing for so many CPU minutes per form, one thread each, one form
after the other, on the same pretraining rows, and prints the held-out loss per completion token as
it falls, of drawings and of other programs; before that, how many tokens the grids of a real task
take. ``cells``: a token for every cell and row. ``placed``: the same, where a cell's token also says
its column and a row's its number. ``runs``: every row's number and, where the row differs from the
one above, the colours at the columns where they begin.
``changes``: runs only where a row differs from the one above, and where that ends. ``boxes``: as
``arcloop.prompts.encoding.encode_boxes`` writes it. ``--rate`` is a factor on the learning rates.
"""

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from statistics import median

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from transformers import PreTrainedTokenizerFast

from arcloop.config import PretrainConfig
from arcloop.exercises import exercise
from arcloop.model.card import model_folder
from arcloop.model.language import LanguageModel, chat_text
from arcloop.pretraining import replica
from arcloop.pretraining.network import new_network
from arcloop.prompts.encoding import box_words, encode_boxes
from arcloop.prompts.format import PromptFormat
from arcloop.records import Grid
from arcloop.seeds import generator
from arcloop.tasks.sets import load_tasks
from arcloop.training.loss import ALIGN, completion_loss, precision
from arcloop.training.rows import Row

PACK = 4096


class Form:
    """Rows → tokens, with tokens of its own for grids behind those of the embedded model's tokenizer."""

    def __init__(self, name: str, tokenizer: PreTrainedTokenizerFast, words: PromptFormat, first: int) -> None:
        self.name, self.tokenizer, self.words = name, tokenizer, words
        self.cell, self.row = first, first + 300
        self.height, self.width = first + 330, first + 361
        self.mark, self.same = first + 392, first + 396
        self.boxes = {word: first + 426 + place for place, word in enumerate(box_words())}
        self.stop = first + 426 + len(self.boxes)
        """One behind the last token."""

    def grid(self, grid: Grid) -> Iterator[int]:
        """The grid's tokens."""
        if self.name == "boxes":
            yield from (self.boxes[word] for word in encode_boxes(grid).split())
            return
        height, width = grid.shape
        if self.name in ("runs", "changes"):
            yield from (self.height + height, self.width + width)
        above: list[int] = []
        for x, line in enumerate(grid.tolist()):
            yield self.row + (0 if self.name == "cells" else x)
            if self.name == "changes":
                yield from self._changes(line, above)
                above = line
                continue
            for y, color in enumerate(line):
                if self.name != "runs":
                    yield self.cell + 30 * color + (y if self.name == "placed" else 0)
                elif line != above and (y == 0 or color != line[y - 1]):
                    yield self.cell + 30 * color + y
            above = line

    def _changes(self, line: list[int], above: list[int]) -> Iterator[int]:
        """Colours at the columns where they begin, but only where the row differs from the one above."""
        open_run = None  # the colour of a run under way that differs from above
        for y, color in enumerate(line):
            if above and color == above[y]:
                if open_run is not None:
                    yield self.same + y
                open_run = None
            elif color != open_run:
                yield self.cell + 30 * color + y
                open_run = color

    def encode(self, row: exercise.Exercise) -> Row:
        """The whole row in tokens."""
        prompt = [self.tokenizer.bos_token_id]
        for pair in row.pairs:
            prompt += [self.mark, *self.grid(pair.input), self.mark + 1, *self.grid(pair.output)]
        prompt += [self.mark, *self.grid(row.test_input), self.mark + 2]
        answer = self.tokenizer(exercise.example_of(row, self.words).completion, add_special_tokens=False)["input_ids"]
        return Row((*prompt, *answer, self.tokenizer.eos_token_id), len(prompt), 1.0)


def train(form: str, minutes: float, rate: float, drawing: float, cells: int) -> None:
    torch.set_num_threads(1)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(model_folder("embedded"))
    words = PromptFormat("compact", lambda messages: chat_text(tokenizer, messages))
    config = PretrainConfig(pack=PACK)
    config = replace(config, learning_rate=rate * config.learning_rate, muon_rate=rate * config.muon_rate)
    network = new_network(config, tokenizer)
    made = Form(form, tokenizer, words, len(tokenizer))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network.resize_token_embeddings(made.stop, mean_resizing=False)
    model = LanguageModel(form, network, tokenizer, words)

    def row(kind: str, number: int, share: float) -> Row:
        return made.encode(
            exercise.sample_exercise(generator("encoding", kind, number), max_cells=cells, drawing=share)
        )

    held_out = {
        kind: [row(f"held-out {kind}", number, share) for number in range(150)]
        for kind, share in (("drawings", 1.0), ("programs", 0.0))
    }

    def loss_of(some: list[Row]) -> torch.Tensor:
        with precision(model):
            return completion_loss(model, some, ALIGN) / sum(one.trained for one in some)

    def report(said: str) -> None:
        losses = []
        with torch.inference_mode():
            for kind, some in held_out.items():
                total = sum(loss_of([one]).item() * one.trained for one in some)
                losses.append(f"{kind} {total / sum(one.trained for one in some):.4f} nats")
        print(f"{form:8} {said:>9}  {seen:6} rows  {'  '.join(losses)}", flush=True)

    for task_set in ("arc1-train", "arc1-eval", "drawing"):
        tasks = load_tasks(task_set)
        grids = [[*task.test_inputs, *(g for pair in task.train for g in (pair.input, pair.output))] for task in tasks]
        length = median(sum(len(list(made.grid(grid))) for grid in some) for some in grids)
        print(f"{form:8} {task_set}: {length:.0f} tokens in the grids of a task, at the median")

    optimizers = replica._optimizers(config, network)
    start, seen, said = time.process_time(), 0, 0.0
    while (done := (time.process_time() - start) / 60 / minutes) < 1:
        replica._set_rates(optimizers, done, config)
        batch: list[Row] = []
        while sum(len(one.ids) for one in batch) < PACK:
            batch.append(row("train", seen, drawing))
            seen += 1
        loss_of(batch).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        if done * minutes >= said + 1:
            said += 1
            report(f"{said:.0f} min")
    report("at the end")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    forms = ["cells", "placed", "runs", "changes", "boxes"]
    parser.add_argument("--forms", nargs="+", default=forms, choices=forms)
    parser.add_argument("--rate", type=float, default=1.0)
    parser.add_argument("--drawing", type=float, default=0.4)
    parser.add_argument("--cells", type=int, default=600)
    options = parser.parse_args()
    for form in options.forms:
        train(form, options.minutes, options.rate, options.drawing, options.cells)


if __name__ == "__main__":
    main()
