"""Tests with a real pretrained model: ``make test-real``."""
