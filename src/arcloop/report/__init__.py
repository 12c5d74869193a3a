"""A run directory, or a comparison → one HTML page."""
