"""Coordinates → seeds.

Every random choice draws from a generator whose seed is a stable digest of what the choice is for
(run seed, round, task id, draw …), never of when it was made. So order, grouping and parallelism
change nothing, and any single draw can be replayed alone.
"""

import hashlib
import random

__all__ = ["generator", "seed_of"]


def seed_of(*coordinates: int | str) -> int:
    """A 64-bit seed; equal coordinates give equal seeds on every machine and version of Python."""
    text = "\x1f".join(f"{type(c).__name__}:{c}" for c in coordinates)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def generator(*coordinates: int | str) -> random.Random:
    """A generator of its own for these coordinates."""
    return random.Random(seed_of(*coordinates))
