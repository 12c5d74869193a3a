"""Prompts that show an earlier program: which one, in whose frame, with what it gave, and what is learned from them."""

import dataclasses
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from rich.console import Console

from arcloop.assembly import begin
from arcloop.config import (
    AugmentConfig,
    BudgetConfig,
    Config,
    PromptConfig,
    RefineConfig,
    RelabelConfig,
    SamplingConfig,
    SearchConfig,
    SelectionConfig,
    StoppingConfig,
)
from arcloop.errors import ConfigError
from arcloop.evaluation.outcome import conclude
from arcloop.hindsight.dataset import make_dataset
from arcloop.hindsight.relabel import example, relabel
from arcloop.loop import Loop
from arcloop.progress import Progress
from arcloop.prompts.encoding import encode_boxes, encode_grid
from arcloop.prompts.format import PromptFormat, make_prompt, named_template
from arcloop.records import Augmentation, Candidate, Completion, Example, Origin, Pair, Parent, Prompt, Status, Task
from arcloop.runs.rundir import RunDir
from arcloop.runs.tables import PROMPTS
from arcloop.sampling import Request, Sampler, UnderWay, untold
from arcloop.sampling.replay import ReplaySampler
from arcloop.scoring import effect, worth
from arcloop.search.refinement import Pool, as_parent, parent_for, parents
from arcloop.tasks.augment import apply_task
from tests.arc_grids import FLIP, candidate, candidates, grid
from tests.fakes import MANIFEST, FakeExecutor, FakeSampler, FakeTrainer

# The fakes know no program for these, so they stay open and their programs can be bettered to the end.
HARD = Task("hard", (Pair(grid("12", "30"), grid("1")), Pair(grid("45"), grid("54"))), (grid("67", "80"),))
TASKS = [HARD, dataclasses.replace(HARD, id="other"), FLIP]
CONFIG = Config(
    "fakes",
    rounds=3,
    programs=12,
    group_size=2,
    seed=4,
    refine=RefineConfig(0.5),
    relabel=RelabelConfig(refinements=True),
    sampling=SamplingConfig(completions_per_prompt=2, max_prompt_tokens=1000),
)
TURNED = Augmentation(dihedral=1, colors=(0, 2, 1, 3, 4, 5, 6, 7, 8, 9), order=(1, 0))
SOURCE = "def transform(grid):\n    return {}(grid)\n"
RIGHT = [grid("021", "000"), grid("43")]


def searched(
    path: Path, config: Config = CONFIG, source: RunDir | None = None, sampler: Sampler | None = None
) -> tuple[RunDir, list[Example]]:
    """A run on fakes with what was learned from, or the replay of one."""
    sampler = sampler or FakeSampler()
    if source:
        config = dataclasses.replace(config, sampler="replay", source=str(source.path))
        sampler = ReplaySampler("earlier", "compact", source.groups(), source.answered)
    run, trainer = RunDir.create(path, config, TASKS, MANIFEST), FakeTrainer()
    with Progress(Console(quiet=True), 100, "programs") as progress:
        Loop(run, sampler, FakeExecutor(), None if source else trainer, progress).search_and_learn()
    conclude(run, {})
    return run, [row for rows in trainer.fits for row in rows]


def files(run: RunDir, *more: str) -> dict[str, bytes]:
    names = ("prompts", "completions", "programs", "executions", "scores", "submission", *more)
    found = (path for path in sorted(run.path.rglob("*")) if path.stem in names)
    return {str(path.relative_to(run.path)): path.read_bytes() for path in found}


def prompts(run: RunDir, round_: int) -> list[Prompt]:
    return [prompt for index in range(2) for prompt in run.group(round_, index).prompts()]


@given(candidates())
def test_parents_are_wrong_and_differ_and_come_best_first_whatever_their_order(
    given_: tuple[Task, list[Candidate]],
) -> None:
    task, found = given_
    pool = parents(found, task)
    assert not any(c.score.perfect for c in pool)
    assert len({effect(c, task) for c in pool}) == len({c.program.id for c in pool}) == len(pool)
    shares = [c.score.correct_share for c in pool]
    assert shares == sorted(shares, reverse=True)
    assert pool == parents(found[::-1], task)
    assert shares[:1] == sorted((c.score.correct_share for c in found if not c.score.perfect), reverse=True)[:1]


def test_programs_of_other_tasks_and_random_ones_are_no_parents() -> None:
    one = candidate(FLIP, [grid("1"), grid("2"), None, None])
    shaky = dataclasses.replace(one, execution=dataclasses.replace(one.execution, status=Status.NONDETERMINISTIC))
    assert parents([one], FLIP) == [one]
    assert parents([shaky], FLIP) == parents([one], HARD) == []


def pixels(share: float, name: str, parent: str | None = None) -> Candidate:
    """A program of its own that has so many of the pixels right, and no grid."""
    one = candidate(FLIP, [grid(name), None, None, None], SOURCE.format(f"f{name}"))
    score = dataclasses.replace(one.score, pixels=share)
    return dataclasses.replace(one, score=score, parent=parent)


def shown(pool: Pool, count: int) -> list[Candidate | None]:
    return [pool.nth(number) for number in range(count)]


def asked(parent: Candidate, times: int) -> list[Prompt]:
    return [Prompt(f"r1/flip/p{n}", "flip", n, Augmentation(), 0, "", parent.program.id) for n in range(times)]


@pytest.mark.parametrize("share", [0, 0.1, 0.25, 0.5, 0.7, 1])
def test_a_share_of_the_prompts_shows_parents(share: float) -> None:
    pool = Pool([pixels(0.1 * k, str(k)) for k in range(3)], [], FLIP, 1.0)
    drawn = [one for number in range(20) if (one := parent_for(number, pool, RefineConfig(share))) is not None]
    assert len(drawn) == round(20 * share)
    # By answers to prompts without a parent a new adapter is judged.
    assert (parent_for(0, pool, RefineConfig(share)) is None) == (share < 1)
    assert drawn == shown(pool, len(drawn))
    assert parent_for(0, Pool([], [], FLIP, 1.0), RefineConfig(1)) is parent_for(0, None, RefineConfig(1)) is None


def test_the_next_parent_is_that_of_puct() -> None:
    """Against the definition, written down once more: Q + c · scale · P · √(1 + T) / (1 + n)."""
    own = [pixels(share, name) for share, name in ((0.8, "1"), (0.6, "2"), (0.1, "3"))]
    child = pixels(0.7, "4", own[2].program.id)
    pool = Pool([*own, child], asked(own[2], 2), FLIP, 1.5)
    ranks = [own[0], child, own[1], own[2]]
    n, prior = [0, 0, 0, 2], [4 / 10, 3 / 10, 2 / 10, 1 / 10]
    q = [worth(own[0].score), worth(child.score), worth(own[1].score), worth(child.score)]
    scale = worth(own[0].score) - worth(own[2].score)
    for number in range(30):
        scores = [q[i] + 1.5 * scale * prior[i] * (1 + sum(n)) ** 0.5 / (1 + n[i]) for i in range(4)]
        best = scores.index(max(scores))
        assert pool.nth(number) == ranks[best]
        n[best] += 1
    assert pool.nth(3) == pool.nth(3)  # however often, and in whatever order, it is asked for
    assert min(n) > 0


def test_a_parent_with_a_better_child_is_shown_again_and_one_in_vain_gives_way() -> None:
    good, other = pixels(0.5, "1"), pixels(0.4, "2")
    child = dataclasses.replace(candidate(FLIP, RIGHT + [None] * 2, SOURCE.format("right")), parent=other.program.id)
    assert child.score.perfect
    # Right programs are nothing to be bettered, but their parents have shown what they are worth.
    assert shown(Pool([good, other, child], asked(other, 1), FLIP, 0.0), 3) == [other] * 3
    assert shown(Pool([good, other], [], FLIP, 0.0), 3) == [good] * 3
    tired = Pool([good, other], asked(good, 9), FLIP, 3.0)
    assert tired.nth(0) == other
    # What has the same outputs is the same parent, under whichever name it was shown.
    twin = dataclasses.replace(
        good, program=dataclasses.replace(good.program, id="twin", source=good.program.source + "# x\n")
    )
    assert Pool([good, twin, other], asked(twin, 9), FLIP, 3.0).nth(0) == other


@pytest.mark.parametrize("turned_last", [True, False])
def test_a_program_in_two_frames_is_two_parents(turned_last: bool) -> None:
    """One source may give in one frame what another gives in the other."""
    here = candidate(FLIP, [grid("1"), None, None, None], SOURCE.format("f"))
    turned = dataclasses.replace(
        candidate(FLIP, [grid("2"), None, None, None], SOURCE.format("f")), augmentation=TURNED
    )
    other = dataclasses.replace(candidate(FLIP, [grid("2"), None, None, None], SOURCE.format("g")), augmentation=TURNED)
    own = [here, turned, other] if turned_last else [turned, here, other]
    scores = {id(here): 0.5, id(turned): 0.3, id(other): 0.4}
    own = [dataclasses.replace(c, score=dataclasses.replace(c.score, pixels=scores[id(c)])) for c in own]
    # What is shown often gives way, and nothing else does.
    pool = Pool(own, asked(here, 9), FLIP, 3.0)
    assert [c.program.id for c in pool.parents] == [here.program.id, other.program.id]
    assert pool.nth(0) is pool.parents[1]
    child = dataclasses.replace(candidate(FLIP, RIGHT + [None] * 2, SOURCE.format("right")), parent=here.program.id)
    assert shown(Pool([*own, child], [], FLIP, 0.0), 2) == [pool.parents[0]] * 2


def test_what_a_parent_gave_is_a_grid_or_a_line() -> None:
    one = candidate(FLIP, [grid("021", "000"), None, grid("9"), None])
    failed = dataclasses.replace(one.execution, error="input 1: ValueError: <A at 0x7f12>\n is bad")
    shown = as_parent(dataclasses.replace(one, execution=failed), FLIP)
    assert np.array_equal(shown.gave[0], grid("021", "000"))
    assert shown.gave[1:] == ("ValueError: <A at 0x> is bad",)
    none = candidate(FLIP, [None] * 4)
    assert as_parent(none, FLIP).gave == ("error", "failed too")


@pytest.mark.parametrize("template", ["barc", "compact", "plain"])
def test_a_prompt_shows_the_parent_in_its_frame_and_nothing_that_it_gave_for_tests(template: str) -> None:
    words = PromptFormat(template, lambda messages: "\n".join(m.content for m in messages))
    asked = apply_task(TURNED, FLIP)
    secret = grid("8888888")
    near = asked.train[0].output.copy()
    near[0, 0] = 9
    one = candidate(
        FLIP,
        [near, grid("999"), secret, secret],
        "def transform(g):\n    return {{ g }}\n",
        augmentation=TURNED,
    )
    prompt = make_prompt(FLIP, 1, 0, 1, AugmentConfig(), words, 3, (TURNED, as_parent(one, FLIP)))
    assert prompt.augmentation == TURNED and prompt.parent == one.program.id
    bare = words.messages(asked, prompt.test_index)[-1].content
    assert bare in prompt.text and prompt.text.endswith(words.prefix)
    said = prompt.text.split(bare)[1]
    encode = encode_boxes if words.template == "compact" else encode_grid
    wrong = f"1 of {near.size} cells wrong\n{encode(near)}"
    shape = "wrong shape: 1 x 3, not 3 x 2\n" + encode(grid("999"))
    assert "def transform(g):\n    return {{ g }}" in said
    assert wrong in said and shape in said and said.index(wrong) < said.index(shape)
    assert encode(secret) not in prompt.text


def test_a_template_without_a_place_for_parents_is_one_line_that_says_so(tmp_path: Path) -> None:
    own = "{% block system %}{% endblock %}{% block user %}{{ test_input }}{% endblock %}{% block prefix %}{% endblock %}{% block answer %}{{ source }}{% endblock %}"
    words = PromptFormat(own, lambda messages: "")
    with pytest.raises(ConfigError, match=r"no block 'refine', .* expected one beside --refine.share") as raised:
        words.prompt_text(FLIP, 0, Parent("", "", ("failed", "failed")))
    assert "\n" not in str(raised.value)
    path = tmp_path / "own.jinja"
    path.write_text(own + "{% block refine %}{{ soruce }}{% endblock %}")
    with pytest.raises(ConfigError, match="block 'refine' cannot be rendered"):
        named_template(str(path))
    path.write_text(
        own + "{% block refine %}{{ source }}{% for r in results %}{{ r.verdict }}{% endfor %}{% endblock %}"
    )
    words = PromptFormat(named_template(str(path)), lambda messages: messages[-1].content)
    assert words.prompt_text(FLIP, 0, Parent("", "SOURCE", ("bad", grid("43")))).endswith("SOURCEno grid (bad)right")


def test_a_run_that_could_show_no_parent_does_not_begin(tmp_path: Path) -> None:
    own = "{% block system %}{% endblock %}{% block user %}{% endblock %}{% block prefix %}{% endblock %}{% block answer %}{{ source }}{% endblock %}"
    config = Config("drawing", limit=1, refine=RefineConfig(0.5), prompt=PromptConfig(own))
    with pytest.raises(ConfigError, match=r"template of your own.*no block 'refine'"):
        begin(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    begin(dataclasses.replace(config, prompt=PromptConfig()), tmp_path / "run")


def test_half_of_the_later_prompts_show_a_program_of_an_earlier_round(tmp_path: Path) -> None:
    run, _ = searched(tmp_path / "run")
    assert not any(prompt.parent for prompt in prompts(run, 0))
    before: dict[tuple[str, str, Augmentation], Candidate] = {}
    for round_ in range(3):
        shown = [prompt for prompt in prompts(run, round_) if prompt.parent]
        for prompt in shown:
            parent = before[prompt.task_id, prompt.parent or "", prompt.augmentation]
            assert not parent.score.perfect and parent.program.source.rstrip() in prompt.text
        if round_:
            hard = [prompt for prompt in shown if prompt.task_id != "flip"]
            assert len(hard) == 6 and 2 < len({(p.task_id, p.parent) for p in hard}) <= 6
        for index in range(2):
            found = run.group(round_, index).candidates()
            before |= {(c.program.task_id, c.program.id, c.augmentation): c for c in found}


def test_only_runs_that_show_parents_have_a_column_for_them(tmp_path: Path) -> None:
    run, _ = searched(tmp_path / "run")
    tables = [run.group(round_, 0).path / "prompts.parquet" for round_ in (0, 1)]
    assert ["parent" in pq.read_schema(path).names for path in tables] == [False, True]
    stored = run.group(1, 0).prompts()
    PROMPTS.write(tmp_path, stored)
    assert PROMPTS.read(tmp_path) == stored


def test_a_prompt_that_a_parent_makes_too_long_is_asked_without(tmp_path: Path) -> None:
    plain = FakeSampler().format.prompt_text(FLIP, 0)
    sampling = dataclasses.replace(CONFIG.sampling, max_prompt_tokens=len(plain.split()) + 4)
    run, _ = searched(tmp_path / "run", dataclasses.replace(CONFIG, sampling=sampling))
    assert len(prompts(run, 1)) >= 12 and not any(prompt.parent for prompt in prompts(run, 1))
    assert run.group(1, 0).search_numbers().skipped_prompts == ()


def test_answers_to_parents_put_no_blame_on_an_adapter(tmp_path: Path) -> None:
    class Untrained(FakeSampler):
        """Cannot read a prompt that shows a program."""

        def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
            shown = {request.prompt.id for request in requests if request.prompt.parent}
            for completion in super().sample(requests, under_way):
                yield dataclasses.replace(completion, text="what?") if completion.prompt_id in shown else completion

    config = dataclasses.replace(CONFIG, refine=RefineConfig(0.9))
    run, _ = searched(tmp_path / "run", config, sampler=Untrained())
    numbers = [run.group(round_, index).search_numbers() for round_ in (1, 2) for index in range(2)]
    assert [n.rolled_back for n in numbers] == [None] * 4
    assert all(sum(total for _, total in n.validity.values()) for n in numbers)
    assert all(n.programs < n.completions / 2 for n in numbers)


@pytest.mark.parametrize(("restart", "search"), [(True, SearchConfig()), (False, SearchConfig(mutants=0.25))])
def test_a_run_that_refines_resumes_and_replays_to_the_same_end(
    tmp_path: Path, restart: bool, search: SearchConfig
) -> None:
    config = dataclasses.replace(CONFIG, restart=restart, search=search)
    run, _ = searched(tmp_path / "run", config)
    for moment in (20, 45, 60):

        class Stopping(FakeExecutor):
            left = moment

            def _run(self, job):  # type: ignore[no-untyped-def]
                self.left -= 1
                if self.left < 0:
                    raise KeyboardInterrupt
                return super()._run(job)

        half = RunDir.create(tmp_path / str(moment), config, TASKS, MANIFEST)
        with pytest.raises(KeyboardInterrupt), Progress(Console(quiet=True), 100, "programs") as progress:
            Loop(half, FakeSampler(), Stopping(), FakeTrainer(), progress).search_and_learn()
        assert files(searched(half.path, config)[0], "examples") == files(run, "examples")
    again, _ = searched(tmp_path / "again", config, run)
    assert files(again) == files(run)
    assert files(searched(tmp_path / "third", config, again)[0]) == files(run)
    # Without parents, half of the later prompts are others.
    other, _ = searched(
        tmp_path / "other", dataclasses.replace(config, refine=RefineConfig(), relabel=RelabelConfig()), run
    )
    assert other.group(1, 0).search_numbers().skipped_prompts


@pytest.mark.parametrize("restart", [True, False])
def test_pairs_of_parent_and_child_are_learned_from(tmp_path: Path, restart: bool) -> None:
    config = dataclasses.replace(CONFIG, seed=3, restart=restart, selection=SelectionConfig(policy="all"))
    run, rows = searched(tmp_path / "run", config)
    of = {c.program.completion_id: c for r in range(3) for i in range(2) for c in run.group(r, i).candidates()}
    pairs = [row for row in rows if "\nOutput: " in row.prompt]
    assert pairs
    for row in pairs:
        child = of[row.id]
        assert child.parent and child.parent != child.program.id
        (parent,) = {c.program.source for c in of.values() if c.program.id == child.parent}
        said = row.prompt.split(parent.rstrip())[1]
        assert "wrong" in said or "no grid" in said
        # What the child gave for a train input is what is shown as right.
        assert all(encode_boxes(o) in row.prompt for o in child.execution.outputs[:2] if o is not None)
        assert child.program.source.rstrip().endswith(row.completion.split("\n")[-1])
    without, others = searched(tmp_path / "off", dataclasses.replace(config, relabel=RelabelConfig()))
    assert not any("\nOutput: " in row.prompt for row in others) and prompts(without, 1)
    if restart:
        # The training set on disk is what the loop learned from.
        words = FakeSampler().format
        made = make_dataset(
            run, tmp_path / "set", config.selection, config.relabel, words, rounds=2, executor=FakeExecutor()
        )
        table = pq.read_table(tmp_path / "set" / "examples.parquet").to_pylist()
        last = [row for i in range(2) for row in run.group(1, i).examples()]
        assert {row["prompt"] for row in table} >= {row.prompt for row in last} and made.programs


def test_a_pair_shows_what_the_parent_gave_beside_the_childs_outputs() -> None:
    words = FakeSampler().format
    child = candidate(FLIP, [grid("9"), None, grid("7"), grid("6")], SOURCE.format("child"))
    parent = as_parent(candidate(FLIP, [grid("5"), grid("4"), grid("3"), grid("2")], SOURCE.format("parent")), FLIP)
    valid = RelabelConfig(pairs="valid", min_pairs=1, refinements=True)
    one = relabel(child, FLIP, valid, "n", random.Random(0), parent)
    assert one is not None and one.parent is not None
    assert len(one.task.train) == len(one.parent.gave) == 1 and np.array_equal(one.parent.gave[0], grid("5"))
    prompt = example(one, words).prompt
    assert f"Output:\n{encode_boxes(grid('9'))}\n" in prompt
    assert f"Output: 1 of 1 cells wrong\n{encode_boxes(grid('5'))}" in prompt
    both = candidate(FLIP, [grid("9"), grid("8"), grid("7"), grid("6")], SOURCE.format("child"))
    for seed in range(8):
        shuffled = relabel(both, FLIP, RelabelConfig(), "n", random.Random(seed), parent)
        assert shuffled is not None and shuffled.parent is not None
        given_ = {9: 5, 8: 4}
        for pair, gave in zip(shuffled.task.train, shuffled.parent.gave, strict=True):
            assert not isinstance(gave, str) and given_[int(pair.output[0, 0])] == int(gave[0, 0])
        bare = relabel(both, FLIP, RelabelConfig(), "n", random.Random(seed))
        assert bare is not None and (bare.task.train[0].input is shuffled.task.train[0].input)


def test_what_gives_the_same_as_its_parent_is_an_ordinary_example() -> None:
    outputs = [grid("9"), grid("8"), grid("7"), grid("6")]
    child = candidate(FLIP, outputs, SOURCE.format("child"))
    same = as_parent(candidate(FLIP, [*outputs[:2], None, None], SOURCE.format("parent")), FLIP)
    itself = dataclasses.replace(as_parent(child, FLIP), gave=("failed", "failed"))
    for parent in (same, itself):
        one = relabel(child, FLIP, RelabelConfig(), "n", random.Random(0), parent)
        assert one is not None and one.parent is None


def test_what_needs_no_tokens_is_made_before_a_budget_of_tokens_ends(tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, refine=RefineConfig(), search=SearchConfig(mutants=0.5))
    config = dataclasses.replace(config, budget=BudgetConfig(tokens=90), stopping=StoppingConfig(perfect=0))
    run, _ = searched(tmp_path / "run", config)
    for round_ in (1, 2):
        groups = [run.group(round_, index) for index in range(2)]
        made = {p.id for group in groups for p in group.prompts() if p.origin is Origin.MUTANT}
        texts = [c for group in groups for c in group.completions() if c.prompt_id in made]
        assert len(texts) == 2 * len(made) > 0
    assert sum(group.search_numbers().tokens for group in (run.group(r, i) for r in range(3) for i in range(2))) < 100
