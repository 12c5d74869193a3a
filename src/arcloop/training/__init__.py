"""Examples → adapter, behind the port ``Trainer``; ``training.trainer`` is the one that imports torch."""

from arcloop.training.port import Fit, Trainer

__all__ = ["Fit", "Trainer"]
