"""Nothing → the embedded model."""
