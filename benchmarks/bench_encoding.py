"""Which form of a grid teaches a small model sooner: a token per cell, or a token per run of equal cells?

    python benchmarks/bench_encoding.py [--minutes 5] [--forms cells placed runs changes] [--rate 1.0]

Trains the embedded network from nothing for so many CPU minutes per form, one thread each, one form
after the other, on the same pretraining rows, and prints the held-out loss per completion token as
it falls. ``cells``: a token for every cell and row. ``placed``: the same, where a cell's token also
says its column and a row's its number. ``runs``: as ``arcloop.encoding.encode_runs`` writes it.
``changes``: runs only where a row differs from the one above, and where that ends. ``--rate`` is a
factor on the learning rates.
"""

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import replace

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from transformers import PreTrainedTokenizerFast

from arcloop.config import PretrainConfig
from arcloop.model.card import model_folder
from arcloop.model.language import LanguageModel, chat_text
from arcloop.pretraining import rows, worker
from arcloop.pretraining.network import new_network
from arcloop.prompts import PromptFormat
from arcloop.records import Grid
from arcloop.seeds import generator
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

    def grid(self, grid: Grid) -> Iterator[int]:
        """The grid's tokens."""
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

    def encode(self, row: rows.Row) -> Row:
        """The whole row in tokens."""
        prompt = [self.tokenizer.bos_token_id]
        for pair in row.pairs:
            prompt += [self.mark, *self.grid(pair.input), self.mark + 1, *self.grid(pair.output)]
        prompt += [self.mark, *self.grid(row.test_input), self.mark + 2]
        answer = self.tokenizer(rows.example_of(row, self.words).completion, add_special_tokens=False)["input_ids"]
        return Row((*prompt, *answer, self.tokenizer.eos_token_id), len(prompt), 1.0)


def train(form: str, minutes: float, rate: float, drawing: float, cells: int) -> None:
    torch.set_num_threads(1)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(model_folder("embedded"))
    words = PromptFormat("compact", lambda messages: chat_text(tokenizer, messages))
    config = PretrainConfig(pack=PACK)
    config = replace(config, learning_rate=rate * config.learning_rate, muon_rate=rate * config.muon_rate)
    network = new_network(config, tokenizer)
    first = len(tokenizer)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network.resize_token_embeddings(first + 426, mean_resizing=False)
    model, made = LanguageModel(form, network, tokenizer, words), Form(form, tokenizer, words, first)

    def row(kind: str, number: int) -> Row:
        return made.encode(rows.sample_row(generator("encoding", kind, number), max_cells=cells, drawing=drawing))

    held_out = [row("held-out", number) for number in range(150)]

    def loss_of(some: list[Row]) -> torch.Tensor:
        with precision(model):
            return completion_loss(model, some, ALIGN) / sum(one.trained for one in some)

    def report(said: str) -> None:
        with torch.inference_mode():
            total = sum(loss_of([one]).item() * one.trained for one in held_out)
        print(f"{form:8} {said:>9}  {seen:6} rows  {total / sum(one.trained for one in held_out):.4f} nats", flush=True)

    optimizers = worker._optimizers(config, network)
    start, seen, said = time.process_time(), 0, 0.0
    while (done := (time.process_time() - start) / 60 / minutes) < 1:
        worker._set_rates(optimizers, done, config)
        batch: list[Row] = []
        while sum(len(one.ids) for one in batch) < PACK:
            batch.append(row("train", seen))
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
    forms = ["cells", "placed", "runs", "changes"]
    parser.add_argument("--forms", nargs="+", default=forms, choices=forms)
    parser.add_argument("--rate", type=float, default=1.0)
    parser.add_argument("--drawing", type=float, default=1.0)
    parser.add_argument("--cells", type=int, default=300)
    options = parser.parse_args()
    for form in options.forms:
        train(form, options.minutes, options.rate, options.drawing, options.cells)


if __name__ == "__main__":
    main()
