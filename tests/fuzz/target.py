"""One parser under libFuzzer: ``python -m tests.fuzz.target NAME bytes|near [options of libFuzzer] [FOLDER]``.

``bytes``: what libFuzzer makes of the examples in the folder; ``near``: what the tests' own changes make of the
parser's examples, with libFuzzer in the place of chance.
"""

import sys
import tempfile
from pathlib import Path

import atheris
from hypothesis import given
from hypothesis import strategies as st

with atheris.instrument_imports(include=["arcloop"]):
    from tests.fuzz.parsers import PARSERS
from tests.fuzz.mutations import anything_near

name, kind = sys.argv.pop(1), sys.argv.pop(1)
parser = next(parser for parser in PARSERS if parser.name == name)

with tempfile.TemporaryDirectory() as folder:

    @given(st.sampled_from(parser.seeds).flatmap(anything_near))
    def near(content: bytes) -> None:
        """One input, drawn."""
        parser.check(content, Path(folder))

    def as_it_is(content: bytes) -> None:
        """One input, given."""
        parser.check(content, Path(folder))

    atheris.Setup(sys.argv, as_it_is if kind == "bytes" else near.hypothesis.fuzz_one_input)
    atheris.Fuzz()
