"""A run's groups of tasks over several devices and machines, on Ray."""
