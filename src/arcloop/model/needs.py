"""What settings need beside arcloop's own requirements: found before the work begins, not when it comes to it."""

from importlib.util import find_spec

from arcloop.config import LoadingConfig, TrainingConfig
from arcloop.errors import ConfigError

__all__ = ["need_for_loading", "need_for_training", "need_package"]


def need_package(package: str, setting: str, name: str | None = None) -> None:
    """Make sure that a package of the extra ``gpu`` is installed; ``name``: that under which it is imported.

    Raises:
        ConfigError: it is not.
    """
    if find_spec(name or package) is None:
        raise ConfigError(
            f"{setting} needs the package {package}, which is not installed; expected the extra gpu — pip install 'arcloop[gpu]'"
        )


def need_for_loading(loading: LoadingConfig) -> None:
    """Make sure that weights can be held as asked for.

    Raises:
        ConfigError: a package is missing, or no one device is named.
    """
    if loading.use_4bit_quantization:
        need_package("bitsandbytes", "loading.use-4bit-quantization")
    from arcloop.model.precision import compute_type, device_of  # here, because torch takes seconds

    compute_type(loading.dtype, device_of(loading))


def need_for_training(training: TrainingConfig, device: str | None = None) -> None:
    """Make sure that a training goes as asked for.

    ``device``: the type of that which is trained on; None = a GPU if there is one.

    Raises:
        ConfigError: a package is missing, or an NVIDIA GPU.
    """
    wanted = {}
    if "8bit" in training.optimizer:
        wanted[f"training.optimizer {training.optimizer}"] = ("bitsandbytes", "bitsandbytes")
    if training.use_liger_kernel:
        wanted["training.use-liger-kernel"] = ("liger-kernel", "liger_kernel")
    for setting, (package, name) in wanted.items():
        need_package(package, setting, name)
    if wanted and (device or _device()) != "cuda":
        raise ConfigError(
            f"{next(iter(wanted))} needs an NVIDIA GPU, and there is none here; expected one — leave it out"
        )


def _device() -> str:
    import torch  # here, because it takes seconds

    return "cuda" if torch.cuda.is_available() else "cpu"
