"""The ten colours of a grid, as they are shown."""

__all__ = ["PALETTE", "PALETTES"]

PALETTE = ("#000000", "#0074d9", "#ff4136", "#2ecc40", "#ffdc00", "#aaaaaa", "#f012be", "#ff851b", "#7fdbff", "#870c25")
"""The colours in which ARC is usually shown."""

PALETTES = {
    "arc": PALETTE,
    # Okabe and Ito's eight, made to be told apart with every kind of colour blindness, a grey and a white beside them.
    "safe": (
        "#000000",
        "#0072b2",
        "#d55e00",
        "#009e73",
        "#f0e442",
        "#999999",
        "#cc79a7",
        "#e69f00",
        "#56b4e9",
        "#ffffff",
    ),
}
"""Name → ten colours; what a page lets one choose from."""
