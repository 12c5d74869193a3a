"""Programs are found in answers, whatever they are wrapped in, and in time linear in the answer."""

import ast
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arcloop.config import ExecutionConfig
from arcloop.execution import Sandbox
from arcloop.programs import content_id, program_of, sources, verbatim
from arcloop.records import Completion, FinishReason, Job, Status
from tests.arc_grids import grid
from tests.calls import calls

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


BLOCK = f"{FENCE}python\n{TURN}\n{FENCE}"
STUB = "def transform(grid):\n    ..."

WRAPPED |= {
    # A fence with something behind it.
    "closed, and the end of the turn": f"{BLOCK}<|im_end|>",
    "closed, and the next turn": f"{BLOCK}<|im_end|>\n<|im_start|>user\n{FENCE}python\nx\n{FENCE}",
    "closed, and the end of the text": f"{BLOCK}<｜end▁of▁sentence｜>",
    "closed, and a tag's end": f"<answer>{BLOCK}</answer>",
    "closed, and prose": f"{BLOCK} which works",
    "closed on its last line, and a tag's end": f"{FENCE}python\n{TURN}{FENCE}</answer>",
    "closed on its last line, and prose": f"{FENCE}python\n{TURN}{FENCE} which works",
    "unclosed, and the end of the turn": f"{FENCE}python\n{TURN}<|im_end|>",
    "no fence, and the end of the turn": f"{TURN}<end_of_turn>\n<start_of_turn>user\nthanks",
    # Fences that are there twice, or not of one kind.
    "opened twice": f"{FENCE}python\n{BLOCK}",
    "opened and closed twice": f"{FENCE}\n{BLOCK}\n{FENCE}",
    "closed as it was opened": f"{FENCE}python\n{TURN}\n{FENCE}python\nIt works:\n{FENCE}python\ntransform(g)\n{FENCE}",
    "unclosed, and prose": f"{FENCE}python\n{TURN}\n\nThis works because it mirrors.",
    "unclosed, and a list": f"{FENCE}python\n{TURN}\n\n- It mirrors.\n- That is all.",
    "four opened, three closed": f"````python\n{TURN}\n{FENCE}\nmore prose",
    "three opened, two closed": f"{FENCE}python\n{TURN}\n``\nmore prose",
    "a document in a block": f"{FENCE}markdown\nHere:\n{BLOCK}\n{FENCE}",
    "a document in a longer block": f"````markdown\nHere:\n{BLOCK}\n````",
    "in a list whose code is at the margin": f"- {FENCE}python\n{TURN}\n  {FENCE}\n- done",
    # Fences within the code.
    "a fence as a text": f"{FENCE}python\ndef transform(grid):\n    s = '{FENCE}'\n    return grid.T\n{FENCE}",
    "a fence in a comment": f"{FENCE}python\ndef transform(grid):\n    # use {FENCE} here\n    return grid.T\n{FENCE}",
    "a fence that ends a comment": f"{FENCE}python\ndef transform(grid):\n    # see {FENCE}\n    return grid.T\n{FENCE}",
    "three inversions": f"{FENCE}python\ndef transform(grid):\n    x = ~~~grid\n    return ~x.T\n{FENCE}",
    "an example in the docstring": (
        f'{FENCE}python\ndef transform(grid):\n    """\n    {FENCE}python\n    transform(g)\n    {FENCE}\n    """\n'
        f"    return grid.T\n{FENCE}\nUse:\n{FENCE}python\nprint(1)\n{FENCE}"
    ),
    "an example at the docstring's margin": (
        f'{FENCE}python\ndef transform(grid):\n    """\n{FENCE}\nexample\n{FENCE}\n    """\n    return grid.T\n{FENCE}'
    ),
    "a draft whose text is not over": f'{FENCE}python\ndef f():\n    """Oh\n{FENCE}\nBetter:\n{BLOCK}',
    # Thoughts.
    **{
        f"behind {end}": f"A thought: {FENCE}python\nx{end}\n{BLOCK}"
        for end in (
            "</seed:think>",
            "<|end_of_thought|>",
            "</THINK>",
            "</ think >",
            "</antThinking>",
            "</reflection>",
            "<|/think|>",
            "<channel|>",
            "<|channel|>final <|constrain|>code<|message|>",
        )
    },
    "a thought's end in the code": f"{FENCE}python\ndef transform(grid):\n    # </think>\n    return grid.T\n{FENCE}",
    # Other ways to bind the name.
    **{
        code.partition("\n")[0]: f"{FENCE}python\n{code}\n{FENCE}"
        for code in (
            "solve = transform = lambda grid: grid.T",
            "a, transform = 1, lambda grid: grid.T",
            "import numpy as np; transform = np.transpose",
            "(transform := lambda grid: grid.T)",
            "if True:\n    def transform(grid):\n        return grid.T",
            "try:\n    import cupy\nexcept ImportError:\n    def transform(grid):\n        return grid.T",
            "def  transform(grid):\n    return grid.T",
            "def\ttransform(grid):\n    return grid.T",
            "def \\\n  transform(grid):\n    return grid.T",
            "globals()['transform'] = lambda grid: grid.T",
            "exec('def transform(grid): return grid.T')",
            "for transform in [np.transpose]: pass",
            "from numpy import transpose as transform",
        )
    },
    "within a statement without a fence": "if True:\n    def transform(grid):\n        return grid.T\n",
    "an alias of what an earlier block has": f"{FENCE}\ndef f(g):\n    return g.T\n{FENCE}\n{FENCE}\ntransform = f\n{FENCE}",
    # What stands behind the solution.
    "a stub behind": f"{BLOCK}\nThe signature:\n{FENCE}python\n{STUB}\n{FENCE}",
    "a stub of one line behind": f"{BLOCK}\n{FENCE}python\ndef transform(grid): ...\n{FENCE}",
    "a stub with a docstring behind": (
        f'{BLOCK}\n{FENCE}python\ndef transform(\n    grid,\n):\n    """Turn it.\n\n    Or not."""\n    # yours\n    pass\n{FENCE}'
    ),
    "an import of it behind": f"{BLOCK}\nUse:\n{FENCE}python\nfrom solution import transform as transform\n{FENCE}",
    "helpers in a later block": (
        f"{FENCE}python\ndef transform(grid):\n    return turned(grid)\n{FENCE}\nwith\n"
        f"{FENCE}python\ndef turned(grid):\n    return grid.T\n{FENCE}"
    ),
    "a stub behind one under a condition": (
        f"{FENCE}python\nif True:\n    def transform(grid):\n        return grid.T\n{FENCE}\n{FENCE}python\n{STUB}\n{FENCE}"
    ),
    "one under a condition behind a draft": (
        f"{FENCE}python\ndef transform(grid):\n    return grid\n{FENCE}\nBetter:\n"
        f"{FENCE}python\nif True:\n    def transform(grid):\n        return grid.T\n{FENCE}"
    ),
    "a stub behind one without a fence": f"{TURN}\n\nThe signature:\n{FENCE}python\n{STUB}\n{FENCE}",
    "values in a later block": f"{BLOCK}\n{FENCE}python\ngrid = load()\nshow(transform(grid))\n{FENCE}",
    # What stands beside the code.
    "a session without a fence": ">>> def transform(grid):\n...     return grid.T\n",
    "a notebook's session": f"{FENCE}\nIn [1]: def transform(grid):\n   ...:     return grid.T\n{FENCE}",
    "fences on one line": f"{FENCE}def transform(grid): return grid.T{FENCE}",
    "fences and the language on one line": f"{FENCE}python def transform(grid): return grid.T{FENCE}",
    "imports on the fence's line": f"{FENCE}python import numpy as np\n{TURN}\n{FENCE}",
    "tags on the first and the last line": f'<pre><code class="language-python">{TURN}</code></pre>',
    "a tag on the first line": f"<answer>{TURN}\n</answer>",
    "a mark on the first line": f"<|python_tag|>{TURN}<|eom_id|>",
    "signs spelled out": f"<pre><code>{TURN} if 1 &lt; 2 else grid\n</code></pre>",
    "the label of a button": f"{FENCE}python\nCopy\n{TURN}\n{FENCE}",
    "the language on a line of its own": f"{FENCE}\npython\n{TURN}\n{FENCE}",
    "the language and a button": f"{FENCE}\npython\nCopy code\n{TURN}\n{FENCE}",
    "orders to a notebook": f"{FENCE}python\n%%writefile a.py\nimport numpy as np\n!pip install numpy\n{TURN}\n{FENCE}",
    "in JSON": '{"thought": "\\"a\\"", "code": "def transform(grid):\\n    return grid.T\\n"}',
    "a block in JSON": '{"code": "```python\\ndef transform(grid):\\n    return grid.T\\n```"}',
    "a call of a tool": '<tool_call>\n{"code": "def transform(grid):\\n    return grid.T"}\n</tool_call>',
    "line ends spelled out": BLOCK.replace("\n", "\\n"),
    "indented in prose": f"So:\n\n    import numpy as np\n    {TURN.replace('    ', '        ')}\n\nDone.",
    # Characters.
    **{
        f"U+{ord(blank):04X} as a blank": f"{FENCE}python\n{TURN.replace('    ', blank * 4)}\n{FENCE}"
        for blank in "\u202f\u3000\u2009"
    },
    **{
        f"U+{ord(end):04X} as a line's end": f"{FENCE}python\n{TURN}\n{FENCE}".replace("\n", end)
        for end in "\u0085\u2028\u2029"
    },
    "marks without width": f"{FENCE}python\n\u200edef trans\u00adform(grid):\u200d\n    return grid.T\n{FENCE}",
    "a typesetter's quotes": f"{FENCE}python\ndef transform(grid):\n    x = ‘a’ + “b”\n    return grid.T\n{FENCE}",
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


OPENERS = st.sampled_from(
    ["```python\n", "```\n", "``` Python\n", "````py\n", "```python\n```python\n", "```{.python}\n", "   ```python\n"]
)
CLOSERS = st.sampled_from(
    ["\n```", "```", "\n```<|im_end|>", "\n```</answer>", "\n``` which works", "\n```python", "\n\n", "<|eot_id|>", "\n````", "\n``",
     "\n```\n```"]
)  # fmt: skip
TAILS = st.sampled_from(
    ["", "\nThis works because it turns.", "\n\n## Why\n\nIt's simple (really).\n\n- a\n- b", "\nOutput:\n```\n1 2\n3 4\n```",
     "\nUsage:\n```python\nprint(transform(g))\n```", "\n```python\ndef transform(grid):\n    pass\n```", "\n<|im_end|>"]
)  # fmt: skip


@given(BODIES, OPENERS, CLOSERS, TAILS, PROSE)
def test_any_program_is_the_first_text_that_compiles_however_its_block_ends(
    body: list[str], opener: str, closer: str, tail: str, before: str
) -> None:
    program = "\n".join(["def transform(grid):", *body, "    return grid.T"])
    first = next(source for source in found(before + opener + program + closer + tail) if _compiles(source))
    assert ast.dump(ast.parse(first)) == ast.dump(ast.parse(program))


def _compiles(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


@given(st.text(st.sampled_from("`~ \n>-1.def transform():=a\\\t<think>/"), max_size=300))
def test_any_text_has_few_sources_and_none_that_is_empty(text: str) -> None:
    made = found(text)
    assert len(made) <= 6 and len(set(made)) == len(made)
    assert all(source.strip() and source.endswith("\n") for source in made)


@pytest.mark.parametrize(
    "piece",
    ["```", "``` ", "`", "~~~\n", "> ", "- ", "1. ", "<think>", "</think>", "def transform", "transform = ", "[", "```\ndef main\n",
     "\t", "    ", "import ", "*", "=", "\\", "&", "<", "\r", "_", "\u0301", "a\n", "#", "|", "<a>", "</think ", "</thinkthink",
     "```python\n", "```python\ndef transform(g):\n", "> ```python\ndef transform(g):\n", "def transform(g): '''\n",
     "```\n'''\n", "x ```\n", "'``` ", "transform,", "transform:", "transform = 1\n```\n", ">>> def transform(g):\n",
     "    def transform(g):\n", '{"code":"def \\n', "\u2028", "~~~\n```\n",
     "```\ndef transform(g): h()\n```\n```\ndef h(): pass\n```\n"],
)  # fmt: skip
def test_text_that_repeats_itself_costs_no_more_than_its_length(piece: str) -> None:
    short, long = (calls(partial(found, piece * (n // len(piece)))) for n in (10_000, 50_000))
    # Five times as long, five times the work; quadratic work would be 25 times as much.
    assert long < 8 * short + 1_000


def test_equal_sources_have_equal_ids() -> None:
    completion = Completion("r0/a/d0", "r0/a/p0", "a", "", 1, FinishReason.STOP, 0.0)
    (first,), (second,) = found(TURN), found(TURN + "   \n\n")
    assert first == second and program_of(completion, first).id == content_id(second)


TRICKY = {
    "plain": TURN + "\n",
    "no line end": TURN,
    "line ends": f"\n\n{TURN}\r\n\n\n",
    "fences": f'def transform(g):\n    """\n{FENCE}python\n{FENCE}\n~~~\n````` x\n"""\n    s = "{FENCE}"\n    return g.T\n',
    "a fence at its end": f"{TURN}\n# {FENCE}python verbatim\n{FENCE}\n",
    "a thought's end": f"# </think>\n{TURN}\n",
    "blanks in texts": "def transform(g):\n    s = '''\u00a0\u200b\u2028  \n\t'''\n    return g.T\n",
    "within a statement": "if True:\n    def transform(g):\n        return g.T\n",
    "nothing of the kind": "print(1)\n",
    "longer than an answer may be": f"X = '{'a' * 250_000}'\n{TURN}\n",
}


@pytest.mark.parametrize("source", TRICKY.values(), ids=TRICKY)
def test_a_program_that_is_known_to_be_one_stays_as_it_is(source: str) -> None:
    assert found(verbatim(source))[0] == found(verbatim(source), prefix="from common import *\n")[0] == source


@given(st.lists(st.text(st.sampled_from("`~ \npython verbatim=:'\u00a0\r"), max_size=60), max_size=5))
def test_programs_that_are_known_to_be_some_stay_in_their_order(made: list[str]) -> None:
    expected = list(dict.fromkeys(source for source in made if source.strip()))
    assert found(verbatim(*made))[: len(expected)] == expected


@pytest.mark.parametrize("source", [BLOCK, f"    {TURN.replace('    ', '        ')}"], ids=["a block", "indented"])
def test_what_was_only_taken_for_a_program_is_read_like_an_answer(sandbox: Sandbox, source: str) -> None:
    assert found(verbatim(source))[0] == source
    assert first_that_runs(sandbox, verbatim(source)) == [[1, 3], [2, 4]]
