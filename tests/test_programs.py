"""Programs are found in answers, whatever they are wrapped in, and in time linear in the answer."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.config import ExecutionConfig
from arcloop.execution import Sandbox
from arcloop.programs import content_id, program_of, sources
from arcloop.records import Completion, FinishReason, Job, Status
from tests.arc_grids import grid

TURN = "def transform(grid):\n    return grid.T"
FENCE = "```"


def found(text: str, prefix: str = "", reason: FinishReason = FinishReason.STOP) -> list[str]:
    return sources(Completion("r0/a/d0", "r0/a/p0", "a", text, 1, reason, 0.0), prefix)


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    with Sandbox(ExecutionConfig(workers=1)) as made:
        yield made


def first_that_runs(sandbox: Sandbox, text: str) -> object:
    """What the first source with an entry gives for a grid, as a search finds it."""
    for source in found(text):
        (execution,) = sandbox.execute([Job("a", source, (grid("12", "34"),))])
        if execution.status not in (Status.SYNTAX_ERROR, Status.NO_ENTRY):
            return None if execution.outputs[0] is None else execution.outputs[0].tolist()
    return "no program"


WRAPPED = {
    "another case": f"{FENCE}Python\n{TURN}\n{FENCE}",
    "a title": f'{FENCE}python title="solution.py"\n{TURN}\n{FENCE}',
    "attributes": f"{FENCE}{{.python .numberLines}}\n{TURN}\n{FENCE}",
    "a blank before the language": f"{FENCE} python\n{TURN}\n{FENCE}",
    "python3": f"{FENCE}python3\n{TURN}\n{FENCE}",
    "no language": f"{FENCE}\n{TURN}\n{FENCE}",
    "tildes": f"~~~python\n{TURN}\n~~~",
    "four backticks": f"````python\n{TURN}\n````",
    "carriage returns": f"Sure.\n{FENCE}python\n{TURN}\n{FENCE}\n".replace("\n", "\r\n"),
    "old line ends": f"{FENCE}python\n{TURN}\n{FENCE}".replace("\n", "\r"),
    "closed on its last line": f"{FENCE}python\n{TURN}{FENCE}",
    "opened behind a sentence": f"Here it is: {FENCE}python\n{TURN}\n{FENCE}",
    "unclosed": f"{FENCE}python\n{TURN}\n",
    "begun on the fence's line": f"{FENCE}python def transform(grid):\n    return grid.T\n{FENCE}",
    "in a list": f"1. The program:\n   {FENCE}python\n   def transform(grid):\n       return grid.T\n   {FENCE}\n",
    "deep in a list": f"- a\n    - b:\n\n      {FENCE}py\n      def transform(grid):\n          return grid.T\n      {FENCE}",
    "in a quote": f"> {FENCE}python\n> def transform(grid):\n>     return grid.T\n> {FENCE}",
    "indented by four": f"    {FENCE}python\n    def transform(grid):\n        return grid.T\n    {FENCE}",
    "no fence": TURN,
    "prose before": f"Here is the program:\n\n{TURN}\n",
    "prose behind": f"{TURN}\n\nThis program mirrors the grid (at its diagonal).\n",
    "prose on both sides": f"From the pairs I see: import is not needed.\n\nimport numpy as np\n{TURN}\n\nDone. It works!",
    "in tags": f"<answer>\n{TURN}\n</answer>",
    "behind a thought": f"<think>\nMaybe {FENCE}python\nblock, mirrored.\n</think>\n\n{FENCE}python\n{TURN}\n{FENCE}",
    "behind a thought with a program": (
        f"<think>{FENCE}python\ndef transform(grid):\n    return grid\n{FENCE}</think>{FENCE}python\n{TURN}\n{FENCE}"
    ),
    "in a thought alone": f"<think>So:\n{FENCE}python\n{TURN}\n{FENCE}\n</think>\nThe program above is my answer.",
    "a usage example behind": (
        f"{FENCE}python\n{TURN}\n{FENCE}\nTo try it:\n{FENCE}python\ndef main():\n    print(transform(np.eye(2)))\n\nmain()\n{FENCE}"
    ),
    "a better one behind": f"{FENCE}\ndef transform(grid):\n    return grid\n{FENCE}\nBetter:\n{FENCE}\n{TURN}\n{FENCE}",
    "helpers in an earlier block": (
        f"{FENCE}python\ndef turned(grid):\n    return grid.T\n{FENCE}\nThen:\n{FENCE}python\n"
        f"def transform(grid):\n    return turned(grid)\n{FENCE}"
    ),
    "imports in an earlier block": (
        f"{FENCE}python\nimport numpy as xp\n{FENCE}\n{FENCE}python\ndef transform(grid):\n    return xp.transpose(grid)\n{FENCE}"
    ),
    "grids in other blocks": f"{FENCE}\n1 2\n3 4\n{FENCE}\n{FENCE}python\n{TURN}\n{FENCE}\n{FENCE}\n1 3\n2 4\n{FENCE}",
    "an alias": f"{FENCE}python\ndef solve(grid):\n    return grid.T\n\ntransform = solve\n{FENCE}",
    "a lambda": f"{FENCE}python\ntransform = lambda grid: grid.T\n{FENCE}",
    "a lambda without a fence": "transform = lambda grid: grid.T",
    "a bound method": (
        f"{FENCE}python\nclass Solver:\n    def solve(self, grid):\n        return grid.T\n\ntransform = Solver().solve\n{FENCE}"
    ),
    "a class": (f"{FENCE}python\nclass transform:\n    def __new__(cls, grid):\n        return grid.T\n{FENCE}"),
    "an annotated name": f"{FENCE}python\nfrom typing import Callable\ntransform: Callable = lambda grid: grid.T\n{FENCE}",
    "main alone": f"{FENCE}python\ndef main(grid):\n    return grid.T\n{FENCE}",
    "a session": f"{FENCE}pycon\n>>> def transform(grid):\n...     return grid.T\n...\n{FENCE}",
    "blanks that do not break": TURN.replace("    ", "\u00a0" * 4),
    "a mark at the beginning": "\ufeff" + TURN,
    "one line in backticks": "`def transform(grid): return grid.T`",
    "a broken draft behind": f"{FENCE}python\n{TURN}\n{FENCE}\nOr:\n{FENCE}python\ndef transform(grid:\n    return\n{FENCE}",
}


@pytest.mark.parametrize("text", WRAPPED.values(), ids=WRAPPED)
def test_a_right_program_is_found_whatever_it_is_wrapped_in(sandbox: Sandbox, text: str) -> None:
    assert first_that_runs(sandbox, text) == [[1, 3], [2, 4]]


@pytest.mark.parametrize(
    "text",
    ["", "I do not know.", f"{FENCE}python\nprint('transform')\n{FENCE}", "def transformer(g): ...", FENCE, "~~~\n"],
)
def test_an_answer_without_a_program_has_none(text: str) -> None:
    assert found(text) == []
    assert found(TURN, reason=FinishReason.ERROR) == []


BODIES = st.lists(
    st.sampled_from(
        [
            "    grid = grid + 0",
            "    rows = [row for row in grid]",
            "",
            "    if True:\n        pass",
            "    # a step",
            "    s = 'a'",
        ]
    ),
    max_size=6,
)
FENCES = st.sampled_from(["```", "````", "~~~", "~~~~"])
INFOS = st.sampled_from(
    ["", "python", "Python", "py", " python3", 'python title="x.py"', "{.python}", "text", "PYTHON linenos"]
)
PROSE = st.sampled_from(
    ["", "Sure!\n", "The rule is a mirror.\n\n", "# Solution\n\nFirst, look.\n", "<think>hm ``` </think>\n"]
)
INDENTS = st.sampled_from(["", " ", "   "])


@given(BODIES, FENCES, INFOS, PROSE, PROSE, INDENTS, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_program_in_any_wrapping_is_the_likeliest(
    body: list[str], fence: str, info: str, before: str, behind: str, indent: str, end: str, closed: bool
) -> None:
    program = "\n".join(["def transform(grid):", *body, "    return grid.T"])
    block = "\n".join([f"{fence}{info}", program, *([fence, behind] if closed else [])])
    text = before + "\n".join(indent + line for line in block.split("\n"))
    expected = "\n".join(line.rstrip() for line in program.split("\n")) + "\n"
    (first, *_) = found(text.replace("\n", end))
    assert first == expected


@given(st.text(st.sampled_from("`~ \n>-1.def transform():=a\\\t<think>/"), max_size=300))
def test_any_text_has_few_sources_and_none_that_is_empty(text: str) -> None:
    made = found(text)
    assert len(made) <= 6 and len(set(made)) == len(made)
    assert all(source.strip() and source.endswith("\n") for source in made)


@pytest.mark.parametrize(
    "piece",
    ["```", "``` ", "`", "~~~\n", "> ", "- ", "1. ", "<think>", "</think>", "def transform", "transform = ", "[", "```\ndef main\n",
     "\t", "    ", "import ", "*", "=", "\\", "&", "<", "\r", "_", "\u0301", "a\n", "#", "|"],
)  # fmt: skip
def test_text_that_repeats_itself_costs_no_more_than_its_length(piece: str) -> None:
    def calls(count: int) -> int:
        made = 0

        def count_calls(frame: object, event: str, argument: object) -> None:
            nonlocal made
            made += 1

        sys.setprofile(count_calls)
        try:
            found(piece * count)
        finally:
            sys.setprofile(None)
        return made

    # Five times as long, five times the work; quadratic work would be 25 times as much.
    assert calls(50_000 // len(piece)) < 8 * calls(10_000 // len(piece)) + 1_000


def test_equal_sources_have_equal_ids() -> None:
    completion = Completion("r0/a/d0", "r0/a/p0", "a", "", 1, FinishReason.STOP, 0.0)
    (first,), (second,) = found(TURN), found(TURN + "   \n\n")
    assert first == second and program_of(completion, first).id == content_id(second)
