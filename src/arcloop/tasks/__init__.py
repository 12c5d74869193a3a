"""Task sets, their augmentations and the drawing suite."""
