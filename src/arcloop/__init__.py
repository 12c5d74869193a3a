"""Test-time training for program induction on ARC: search, relabel in hindsight, learn, search again.

The modules, in the order in which data flows through them, are listed in CONTRIBUTING.md.
"""
