"""``make fuzz`` in short: what others wrote is read, or refused in one line; never a traceback."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import anything_near
from tests.fuzz.parsers import PARSERS, Parser

# Where an error is what there is to read, it is raised.
_READ = {"reply": [True, False, False, True, False, True], "refusal": [False] * 4}


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
@settings(max_examples=150)
@given(data=st.data())
def test_anything_is_read_or_refused_in_one_line(parser: Parser, data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(parser.seeds))
    content = data.draw(anything_near(seed))
    with tempfile.TemporaryDirectory() as folder:
        parser.check(content, Path(folder))


@pytest.mark.parametrize(
    "parser",
    [p for p in PARSERS if p.name not in ("reports", "completions of a run", "executions of a run")],
    ids=lambda p: p.name,
)
def test_what_they_are_meant_to_read_is_read(parser: Parser, tmp_path: Path) -> None:
    read = [parser.check(seed, tmp_path) for seed in parser.seeds]
    assert read == _READ.get(parser.name, [True] * len(read))
