"""Examples → adapter: importing this package imports torch."""

from arcloop.training.trainer import Fit, LoraTrainer, Trainer

__all__ = ["Fit", "LoraTrainer", "Trainer"]
