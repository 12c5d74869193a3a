"""Runs that things happen to: ``python -m tests.chaos`` lets many happen and prints what was survived.

launch    processes that run arcloop, started in no time, and what they leave behind
faults    what may happen to a run
trial     a fault, then the resumed run, compared with one that nothing happened to
"""
