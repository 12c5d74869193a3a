"""Prompts → completions, from any source that implements the port ``Sampler``."""

from arcloop.sampling.port import Draw, Request, Sampler, UnderWay, untold

__all__ = ["Draw", "Request", "Sampler", "UnderWay", "untold"]
