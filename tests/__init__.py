"""Tests, in the folders of the package; themes that cross rooms are in ``scenarios``."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""
