"""A folder of weights → a language model that can be searched with and trained.

``hub``, ``card`` and ``description`` are light; the other modules import torch.
"""
