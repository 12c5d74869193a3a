"""A training over several processes is the training of one, and ends with whoever asked for it."""

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from arcloop.config import LoadingConfig, TrainingConfig
from arcloop.errors import RunError
from arcloop.model.language import load_model
from arcloop.search.budget import DeadlineError
from arcloop.training import Fit, Fitting
from arcloop.training.peers import Peers
from arcloop.training.processes import Processes
from arcloop.training.trainer import LoraTrainer
from tests.training.test_trainer import config, examples


@pytest.fixture(scope="module")
def settings() -> TrainingConfig:
    # Dropout, and packs of a row or two, so that each step has passes for everybody.
    return config(lora_dropout=0.1, pack_tokens=64, batch_size=4, epochs=2)


@pytest.fixture(scope="module")
def peers(settings: TrainingConfig) -> Iterator[Peers]:
    with closing(Peers("embedded", LoadingConfig(), settings, 2, stay=True)) as found:
        yield found


@pytest.fixture(scope="module")
def alone(settings: TrainingConfig, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Fit]]:
    """What one process comes to."""
    folder = tmp_path_factory.mktemp("alone")
    return folder, fitted(LoraTrainer(load_model("embedded"), settings), folder)


def fitted(trainer: LoraTrainer, folder: Path) -> list[Fit]:
    """Two trainings, the second from where the first one ended."""
    first = trainer.fit(Fitting(examples(6), None, folder / "first", random.Random(5)))
    return [first, trainer.fit(Fitting(examples(5), folder / "first", folder / "second", random.Random(6)))]


def weights(folder: Path) -> list[bytes]:
    return [(folder / name / "adapter_model.safetensors").read_bytes() for name in ("first", "second")]


def children() -> list[psutil.Process]:
    found = psutil.Process().children()
    return [one for one in found if "arcloop.training.peer" in one.cmdline()]


def test_two_processes_train_what_one_does_to_the_bit_whatever_became_of_earlier_ones(
    settings: TrainingConfig, peers: Peers, alone: tuple[Path, list[Fit]], tmp_path: Path
) -> None:
    trainer = LoraTrainer(load_model("embedded"), settings, peers)

    def lose(step: int, steps: int, loss: float) -> None:
        (peer,) = children()
        peer.kill()

    with pytest.raises(RunError, match=r"training: process 2 of 2 has ended: .*resume the run"):
        trainer.fit(Fitting(examples(6), None, tmp_path / "lost", random.Random(5), lose))
    assert children() == []
    folder, fits = alone
    assert fitted(trainer, tmp_path) == fits
    assert weights(tmp_path) == weights(folder)
    (peer,) = children()

    def late(step: int, steps: int, loss: float) -> None:
        raise DeadlineError

    with pytest.raises(DeadlineError):
        trainer.fit(Fitting(examples(6), None, tmp_path / "late", random.Random(5), late))
    assert children() == [] and not peer.is_running()


def test_why_a_helper_cannot_start_is_told(settings: TrainingConfig, tmp_path: Path) -> None:
    with closing(Peers(str(tmp_path / "none"), LoadingConfig(), settings, 2, stay=False)) as peers:
        trainer = LoraTrainer(load_model("embedded"), settings, peers)
        with pytest.raises(RunError, match=r"process 2 of 2 has ended: .*ModelError: --model .*none"):
            trainer.fit(Fitting(examples(2), None, tmp_path / "out", random.Random(5)))
    assert children() == []


def test_pieces_are_shared_out_evenly_and_each_once() -> None:
    sizes = [5, 1, 9, 3, 3, 7]
    owners = Processes(0, 3).owners(sizes)
    loads = [sum(size for size, owner in zip(sizes, owners, strict=True) if owner == rank) for rank in range(3)]
    assert sum(loads) == sum(sizes) and max(loads) - min(loads) <= 2
    assert Processes(0, 1).owners(sizes) == [0] * 6
