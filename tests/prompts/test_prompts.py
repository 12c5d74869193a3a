from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from arcloop.config import AugmentConfig, PromptConfig
from arcloop.errors import ConfigError
from arcloop.programs import extract
from arcloop.prompts.encoding import COLOR_NAMES, box_words, encode_boxes
from arcloop.prompts.format import PromptFormat, make_prompts, named_template
from arcloop.records import Augmentation, Completion, FinishReason, Grid, Message, Task
from tests.arc_grids import FLIP, framed_tasks, grids

BARC = PromptFormat("barc", lambda messages: "".join(f"[{m.role}]{m.content}" for m in messages) + "[assistant]")
COMPACT = PromptFormat("compact", BARC.chat)

BARC_PROMPT = """\
[system]You are a world-class puzzle solver with exceptional pattern recognition skills and expertise in Python \
programming. Your task is to analyze puzzles and provide Python solutions.[user]Given input-output grid pairs as \
reference examples, carefully observe the patterns to predict the output grid for new test input. Each pair follows \
the same transformation rule. Grids are 2D arrays represented as strings, with cells (colors) separated by spaces and \
rows by newlines.
Here are the input and output grids for the reference examples:
Example 1
Input:
Blue Red Black
Black Black Black

Output:
Black Red Blue
Black Black Black

Example 2
Input:
Green Yellow

Output:
Yellow Green


Here is the input grid for the test example:
Blue Red
Green Yellow

Write a Python function `transform` that can convert any given input grid to its corresponding output grid based on \
the pattern observed in the reference examples.
[assistant]Let's solve this puzzle using Python code with the common library functions. We'll first reason about the \
problem and then write the code to solve it. The `transform` function will take the input grid and return the output \
grid. Here is the Python code with the comments describing how to solve the problem:
"""


def completion(text: str) -> Completion:
    return Completion("r0/flip/d00000", "r0/flip/p0", "flip", text, 1, FinishReason.STOP, 0.0)


def test_the_barc_format_is_kept_byte_for_byte() -> None:
    assert BARC.prompt_text(FLIP, 1) == BARC_PROMPT


def test_the_compact_format_shows_grids_only() -> None:
    text = COMPACT.prompt_text(FLIP, 0)
    assert text.startswith(
        "[user]Input:\nHeight@2 Width@3 Back@Black\nRow@0 Blue@0 Red@1\nOutput:\nHeight@2 Width@3 Back@Black\n"
    )
    assert text.endswith("Input:\nHeight@1 Width@3 Back@Gray\nRow@0 Pink@1 Orange@2[assistant]from common import *\n\n")


@given(grids())
def test_a_grid_can_be_told_from_its_boxes(one: Grid) -> None:
    words = [word.split("@") for word in encode_boxes(one).split()]
    (_, height), (_, width), (_, back) = words[:3]
    told = np.full((int(height), int(width)), COLOR_NAMES.index(back))
    covered = np.zeros_like(told)
    boxes: list[list[int]] = []
    for name, place in words[3:]:
        if name == "Row":
            row = int(place)
        elif name == "Down":
            boxes[-1][1] = int(place)
        elif name == "Right":
            boxes[-1][3] = int(place)
        else:
            boxes.append([row, row + 1, int(place), int(place) + 1, COLOR_NAMES.index(name)])
    for up, down, left, right, color in boxes:
        told[up:down, left:right] = color
        covered[up:down, left:right] += 1
    assert np.array_equal(told, one)
    assert covered.max() <= 1
    assert {"@".join(word) for word in words} <= set(box_words())


@given(framed_tasks())
def test_a_prompt_shows_the_pairs_that_fit_and_at_least_one(framed: tuple[Task, Augmentation]) -> None:
    task, _ = framed
    whole = replace(BARC, cells=task.test_inputs[0].size + sum(p.input.size + p.output.size for p in task.train))
    assert whole.prompt_text(task, 0) == BARC.prompt_text(task, 0)
    assert whole.cells is not None
    less = replace(whole, cells=whole.cells - 1)
    kept = task if len(task.train) == 1 else replace(task, train=task.train[:-1])
    assert less.prompt_text(task, 0) == BARC.prompt_text(kept, 0)
    assert replace(BARC, cells=1).prompt_text(task, 0) == BARC.prompt_text(replace(task, train=task.train[:1]), 0)


@pytest.mark.parametrize("prompt_format", [BARC, COMPACT, PromptFormat("plain", BARC.chat)], ids=lambda f: f.template)
def test_what_the_model_should_write_is_read_back_as_the_program(prompt_format: PromptFormat) -> None:
    source = "from common import *\n\ndef transform(input_grid):\n    return np.flip(input_grid, 1)\n"
    program = extract(completion(prompt_format.answer_text(source)), prompt_format.prefix)
    assert program is not None
    assert program.source == source


def test_the_plain_format_lists_the_library_when_asked() -> None:
    bare = PromptFormat("plain", BARC.chat).prompt_text(FLIP, 0)
    listed = PromptFormat("plain", BARC.chat, library=True).prompt_text(FLIP, 0)
    assert "find_connected_components" not in bare
    assert "find_connected_components(grid, background=0, connectivity=4, monochromatic=True): " in listed
    assert bare.startswith("[system]You are") and bare.endswith("the rule.[assistant]")


def test_the_library_is_listed_only_where_there_is_a_place_for_it() -> None:
    with pytest.raises(ConfigError, match="template plain"):
        PromptConfig("barc", library=True)


def test_prompts_are_augmented_afresh_and_enough() -> None:
    prompts = make_prompts(FLIP, 0, 20, 8, AugmentConfig(), COMPACT, seed=3)
    assert [p.id for p in prompts] == ["r0/flip/p0", "r0/flip/p1", "r0/flip/p2"]
    assert len({p.augmentation for p in prompts}) == 3
    assert prompts == make_prompts(FLIP, 0, 20, 8, AugmentConfig(), COMPACT, seed=3)
    assert prompts[0].augmentation != make_prompts(FLIP, 1, 8, 8, AugmentConfig(), COMPACT, seed=3)[0].augmentation


def test_an_unknown_template_is_named() -> None:
    with pytest.raises(ConfigError, match="barc, compact"):
        PromptFormat("haiku", BARC.chat).prompt_text(FLIP, 0)


OWN = """{#- Few words. -#}
{% block system %}{% endblock %}
{% block user %}{% for example in examples %}{{ example.input }} => {{ example.output }};{% endfor %}{{ test_input }}{% endblock %}
{% block prefix %}{% endblock %}
{% block answer %}{{ source }}{% endblock %}
"""


def test_a_template_of_ones_own_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "own.jinja"
    path.write_text(OWN)
    words = PromptFormat(named_template(str(path)), BARC.chat)
    # The text is all that is needed from here on.
    path.unlink()
    assert words.prompt_text(FLIP, 0).endswith("Green Yellow => Yellow Green;Gray Pink Orange[assistant]")
    assert named_template(words.template) == words.template and named_template("barc") == "barc"
    program = extract(completion(words.answer_text("def transform(g):\n    return g\n")), words.prefix)
    assert program is not None and program.source == "def transform(g):\n    return g\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            OWN.replace("{% block user %}", "").replace("{{ test_input }}{% endblock %}", ""),
            "no block 'user'; expected",
        ),
        ("You are", "no block 'system', 'user', 'prefix', 'answer'"),
        (OWN.replace("{% endfor %}", ""), r"line 3: .*endblock.*; expected a Jinja template"),
        (OWN.replace("test_input", "tset_input"), r"block 'user' cannot be rendered .*'tset_input' is undefined"),
        (OWN.replace("{{ source }}", "def"), "block 'answer' leaves out the program"),
        (OWN.replace("{{ test_input }}", "{{ ''.__class__.__mro__ }}"), "unsafe"),
        (OWN.replace("{{ test_input }}", "{% include '/etc/passwd' %}"), "block 'user' cannot be rendered"),
        (OWN.replace("{{ test_input }}", "{{ 1 / 0 }}"), "ZeroDivisionError"),
        (OWN.replace("{{ test_input }}", "{{ 10 ** 9 }}{% for x in range(10 ** 9) %}{% endfor %}"), "Range too big"),
    ],
)
def test_a_template_that_cannot_be_used_is_one_line_that_says_why(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "own.jinja"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words) as raised:
        named_template(str(path))
    assert str(raised.value).startswith(f"{path}: ") and "\n" not in str(raised.value)


def test_a_template_that_is_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'haiku': No such file .*barc, compact, plain or a file"):
        named_template("haiku")
    (tmp_path / "x").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        named_template(str(tmp_path / "x"))


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("```python\ndef transform(g):\n    return g\n```\nDone.", "def transform(g):\n    return g\n"),
        ("```python\ndef transform(g):\n    return g", "def transform(g):\n    return g\n"),
        ("```\ndef main(g):  \n    return g\n```", "def main(g):\n    return g\n"),
        (
            "```python\ndef transform(g):\n    return 1\n```\nBetter:\n```python\ndef transform(g):\n    return 2\n```",
            "def transform(g):\n    return 2\n",
        ),
        (
            "```python\ndef transform(g):\n    return g\n```\nTry:\n```\nprint(1)\n```",
            "def transform(g):\n    return g\n",
        ),
        ("def transform(g):\n    return g", "def transform(g):\n    return g\n"),
        ("def transform(g):\r\n    s = 'a\x0cb\u2028'\r\n", "def transform(g):\n    s = 'a\x0cb\u2028'\n"),
    ],
)
def test_programs_are_found_in_answers(text: str, source: str) -> None:
    program = extract(completion(text), "")
    assert program is not None
    assert program.source == source
    assert program.completion_id == "r0/flip/d00000"


@pytest.mark.parametrize(
    "text", ["", "I do not know.", "```python\nprint('transform')\n```", "def transformer(g): ..."]
)
def test_an_answer_without_a_program_has_none(text: str) -> None:
    assert extract(completion(text), "") is None


def test_equal_sources_have_equal_ids() -> None:
    first, second = (extract(completion(f"def transform(g):\n    return g{end}"), "") for end in ("", "   \n\n"))
    assert first is not None and second is not None
    assert first.id == second.id


def test_messages_go_through_the_models_own_chat_template() -> None:
    seen: list[Sequence[Message]] = []

    def chat(messages: Sequence[Message]) -> str:
        seen.append(messages)
        return "CHAT"

    assert PromptFormat("barc", chat).prompt_text(FLIP, 0).startswith("CHATLet's solve")
    assert [m.role for m in seen[0]] == ["system", "user"]
