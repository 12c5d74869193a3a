"""``arcloop pretrain --config``: shipped settings, files, and options over them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from arcloop.cli.pretrain import main
from arcloop.config import PretrainConfig, to_json
from arcloop.errors import ConfigError, ExampleError
from arcloop.model.card import model_folder
from arcloop.pretraining import pretrain as module


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., PretrainConfig]:
    """Arguments → the configuration that would be trained with."""
    given: list[PretrainConfig] = []
    monkeypatch.setattr(module, "pretrain", lambda config, out, on_progress: given.append(config))

    def ask(*arguments: str) -> PretrainConfig:
        assert main([*arguments, "--out", str(tmp_path / "model")]) == 0
        return given[-1]

    return ask


def test_shipped_settings_have_names(asked: Callable[..., PretrainConfig]) -> None:
    assert asked() == PretrainConfig()
    assert asked("--config", "cpu-2h") == PretrainConfig(minutes=120, cells=1500, pack=4096)
    gpu = asked("--config=gpu-10min")
    assert (gpu.minutes, gpu.processes, gpu.data_workers) == (10, 1, 12)
    assert gpu.width > PretrainConfig().width and gpu.pack > PretrainConfig().pack


def test_other_options_take_precedence(asked: Callable[..., PretrainConfig]) -> None:
    assert asked("--minutes", "3", "--config", "cpu-2h") == PretrainConfig(minutes=3, cells=1500, pack=4096)


def test_numbers_are_finite(asked: Callable[..., PretrainConfig]) -> None:
    for value in ("inf", "nan"):
        with pytest.raises(ConfigError, match=f"minutes is {value}; expected finite numbers"):
            asked("--minutes", value)


def test_a_file_gives_settings(asked: Callable[..., PretrainConfig], tmp_path: Path) -> None:
    path = tmp_path / "cpu-2h.json"
    path.write_text(to_json(PretrainConfig(width=96, start="somewhere")))
    assert asked("--config", str(path)) == PretrainConfig(width=96, start="somewhere")
    path.write_text('{"seed": 4}')
    assert asked("--config", str(path), "--held-out-tasks", "0") == PretrainConfig(seed=4, held_out_tasks=0)


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "no such file; expected cpu-2h, gpu-10min or"), ("{", "cannot be read as JSON"), ('{"speed": 3}', "speed")],
)
def test_what_is_no_settings_is_named(
    text: str | None, words: str, asked: Callable[..., PretrainConfig], tmp_path: Path
) -> None:
    path = tmp_path / "mine.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=words) as caught:
        asked("--config", str(path))
    assert str(path) in str(caught.value)


def test_a_set_that_is_not_there_leaves_a_folder_that_can_be_begun_in(tmp_path: Path) -> None:
    config = PretrainConfig(
        start=str(model_folder("embedded")), held_out_tasks=0, replay_dataset_path=("none.parquet",)
    )
    with pytest.raises(ExampleError, match=r"none\.parquet"):
        module.pretrain(config, tmp_path, lambda line: None)
    assert not (tmp_path / "pretraining" / "pretraining.json").exists()
