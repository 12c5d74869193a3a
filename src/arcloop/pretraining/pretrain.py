"""Nothing → the embedded model: tokenizer, network and card in one folder.

The project's own idea, applied to a blank model: random programs of the grammar are run on real
ARC training inputs and on random grids, each is relabeled as the right answer to the task that it
did solve, and the model learns to write the program from the task. No weights are downloaded and
no evaluation task is seen.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import PreTrainedTokenizerFast

from arcloop.config import PretrainConfig, from_json, to_json
from arcloop.errors import ConfigError, ModelError
from arcloop.exercises.exercise import example_of
from arcloop.files import write_bytes
from arcloop.model.card import CARD, ModelCard
from arcloop.pretraining.network import checked_start, new_model, new_network
from arcloop.pretraining.packs import sample_row, store_replays
from arcloop.pretraining.replica import CHECKPOINT, REPLAYS
from arcloop.pretraining.solving import MAX_TOKENS, check_sandbox
from arcloop.pretraining.tokenizer import train_tokenizer
from arcloop.prompts.format import PromptFormat
from arcloop.records import Message

__all__ = ["pretrain"]

_TOKENIZER_ROWS = 3000


def pretrain(config: PretrainConfig, out: Path, on_progress: Callable[[dict[str, float]], None]) -> None:
    """Make the model in ``out``, going on from a checkpoint if there is one; ``on_progress`` is told each line of the log.

    Raises:
        ConfigError: ``out`` holds a pretraining with another configuration, there are fewer GPUs than processes, or no row of
            the training sets to be replayed is short enough.
        ExampleError: one of these sets cannot be read.
        ModelError: a worker process failed.
        SandboxError: solved tasks are to be counted, and this machine cannot isolate programs.
    """
    processes = _processes(config)
    if config.held_out_tasks:
        check_sandbox()
    work = out / "pretraining"
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out {out}: {error.strerror}; expected a folder that can be made — pass another") from None
    config_path = work / "pretraining.json"
    begun = config_path.exists()
    if not begun:
        _tokenizer(config).save_pretrained(work)
    elif replace(from_json(PretrainConfig, config_path), minutes=config.minutes) != config:
        raise ConfigError(
            f"--out {out}: a pretraining with other settings; expected those of {config_path}, --minutes aside — pass another folder"
        )
    if config.replay_dataset_path and not (begun and (work / REPLAYS).exists()):
        store_replays(config, new_model(config, work), work / REPLAYS)
    # Minutes are written too: a training may be made longer or shorter while it goes on.
    write_bytes(config_path, to_json(config).encode())
    _run_workers(config, processes, config_path, work, on_progress)
    _export(config, work, out)


def _tokenizer(config: PretrainConfig) -> PreTrainedTokenizerFast:
    if config.start is not None:
        given: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(checked_start(config.start))
        return given
    # Before there is a tokenizer, its chat layout stands in: only the words matter here.
    prompt_format = PromptFormat("compact", _plain_chat)
    texts = []
    for number in range(_TOKENIZER_ROWS):
        example = example_of(sample_row(config, config.cells, "tokenizer", number), prompt_format)
        # The words of grids are tokens already, so nothing is to be learned from them.
        texts.append(re.sub(r"\s*\w+@\d+", "", example.prompt) + example.completion)
    return train_tokenizer(texts, config.vocabulary)


def _plain_chat(messages: Sequence[Message]) -> str:
    return "".join(f"{m.role}\n\n{m.content}" for m in messages) + "assistant\n\n"


def _processes(config: PretrainConfig) -> int:
    gpus = torch.cuda.device_count()
    if gpus and config.processes > gpus:
        raise ConfigError(
            f"--processes {config.processes}; expected at most one for each GPU of this machine ({gpus}) — pass fewer"
        )
    return config.processes or gpus or os.cpu_count() or 1


def _run_workers(
    config: PretrainConfig,
    processes: int,
    config_path: Path,
    work: Path,
    on_progress: Callable[[dict[str, float]], None],
) -> None:
    (work / "rendezvous").unlink(missing_ok=True)
    command = [sys.executable, "-m", "arcloop.pretraining.replica", str(config_path), str(work)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    if config.data_workers:
        # Threads of the tokenizer do not survive the fork of a data worker, and it would say so each time.
        environment["TOKENIZERS_PARALLELISM"] = "false"
    workers = [subprocess.Popen([*command, str(rank), str(processes)], env=environment) for rank in range(processes)]
    log = work / "log.jsonl"
    seen = len(log.read_text().splitlines()) if log.exists() else 0
    try:
        while any(worker.poll() is None for worker in workers):
            time.sleep(1)
            lines = log.read_text().splitlines(keepends=True) if log.exists() else []
            for line in lines[seen:]:
                if line.endswith("\n"):
                    on_progress(json.loads(line))
                    seen += 1
            if any(worker.poll() not in (None, 0) for worker in workers):
                raise ModelError(
                    f"pretraining: a process failed, see its message above; {work} keeps the last checkpoint — run the command again to go on"
                )
    finally:
        for worker in workers:
            worker.terminate()
            worker.wait()


def _export(config: PretrainConfig, work: Path, out: Path) -> None:
    tokenizer = PreTrainedTokenizerFast.from_pretrained(work)
    network = new_network(config, tokenizer)
    state = load_file(work / CHECKPOINT)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(state[f"network.{name}"])
    # Half precision halves what every installation carries; it is read back into float32.
    network.bfloat16().save_pretrained(out)
    tokenizer.save_pretrained(out)
    card = ModelCard(
        "compact", learning_rate=3e-4, cells=2 * config.cells, max_prompt_tokens=4096, max_tokens=MAX_TOKENS
    )
    (out / CARD).write_text(to_json(card))
