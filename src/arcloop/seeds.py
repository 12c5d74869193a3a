"""Coordinates → seeds.

Every random choice draws from a generator whose seed is a stable digest of what the choice is for
(run seed, round, task id, draw …), never of when it was made. So order, grouping and parallelism
change nothing, and any single draw can be replayed alone.
"""

import hashlib
import random

__all__ = ["counted_on", "generator", "seed_of"]


def seed_of(*coordinates: int | str) -> int:
    """A 64-bit seed; equal coordinates give equal seeds on every machine and version of Python."""
    text = "\x1f".join(f"{type(c).__name__}:{c}" for c in coordinates)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def generator(*coordinates: int | str) -> random.Random:
    """A generator of its own for these coordinates."""
    return random.Random(seed_of(*coordinates))


def counted_on(round_: int, number: int, share: int) -> tuple[int, int]:
    """Round and number that the seed of a round's draw, or prompt, ``number`` of a task is made of; no two draws have the same.

    The ``share`` that a task has of its own in each round is counted on over the rounds: four rounds of 16 draws take the
    seeds of one round of 64, so that the two differ more by what was learned between the rounds and less by luck (common random
    numbers). What other tasks leave to it comes beyond.
    """
    return (0, round_ * share + number) if number < share else (round_ + 1, number)
