"""Rectangles of a grid, and their reading order."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

__all__ = ["Box", "Boxed", "in_reading_order"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of cells."""

    x: int
    """First row."""
    y: int
    """First column."""
    h: int
    """Rows covered."""
    w: int
    """Columns covered."""

    def overlaps(self, other: "Box") -> bool:
        """Do the two share a cell?"""
        rows = self.x < other.x + other.h and other.x < self.x + self.h
        return rows and self.y < other.y + other.w and other.y < self.y + self.w


class Boxed(Protocol):
    """What touches a rectangle of a grid."""

    @property
    def box(self) -> Box:
        """The rectangle."""
        ...


B = TypeVar("B", bound=Boxed)


def in_reading_order(items: Iterable[B]) -> list[B]:
    """By upper left corner, row by row, where no two that overlap change places."""
    ordered: list[B] = []
    for item in items:
        box, place = item.box, len(ordered)
        while place:
            before = ordered[place - 1].box
            if (box.x, box.y) >= (before.x, before.y) or box.overlaps(before):
                break
            place -= 1
        ordered.insert(place, item)
    return ordered
