"""Stored programs and answers → numbers with intervals, comparisons, experiments."""
