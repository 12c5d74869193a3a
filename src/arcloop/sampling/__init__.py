"""Prompts → completions, from any source that implements the port ``Sampler``."""

from arcloop.sampling.port import Draw, Request, Sampler

__all__ = ["Draw", "Request", "Sampler"]
