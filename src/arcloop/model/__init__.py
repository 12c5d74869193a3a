"""A folder of weights → a language model that can be searched with and trained.

``card`` is light; the other modules import torch.
"""
