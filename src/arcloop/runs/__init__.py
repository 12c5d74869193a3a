"""The run directory, its tables and its numbers."""
