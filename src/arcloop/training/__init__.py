"""Examples → adapter, behind the port ``Trainer``; ``training.trainer`` is the one that imports torch."""

from arcloop.training.port import Fit, Fitting, Trainer

__all__ = ["Fit", "Fitting", "Trainer"]
