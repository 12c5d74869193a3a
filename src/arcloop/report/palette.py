"""The ten colours of a grid, as they are shown."""

__all__ = ["PALETTE", "PALETTES"]

PALETTE = ("#000000", "#0074d9", "#ff4136", "#2ecc40", "#ffdc00", "#aaaaaa", "#f012be", "#ff851b", "#7fdbff", "#870c25")
"""The colours in which ARC is usually shown."""

PALETTES = {
    "arc": PALETTE,
    # After Okabe and Ito's eight, a grey and a white beside them, and four of them moved so that no two of the ten are
    # near each other with any kind of colour blindness; a test measures how far apart they are.
    "safe": (
        "#000000",
        "#004f9e",
        "#d55e00",
        "#22a860",
        "#f0e442",
        "#595959",
        "#b45f9a",
        "#e69f00",
        "#56b4e9",
        "#ffffff",
    ),
}
"""Name → ten colours; what a page lets one choose from."""
