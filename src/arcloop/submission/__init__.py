"""Executions and scores → two attempts per test grid → ``submission.json``."""
