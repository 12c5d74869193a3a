"""What counts as solved at a checkpoint, and what measuring it must not change."""

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch

from arcloop.config import ExecutionConfig, PretrainConfig
from arcloop.errors import SandboxError
from arcloop.execution import Sandbox
from arcloop.exercises.exercise import Exercise, sample_exercise
from arcloop.model.language import LanguageModel
from arcloop.pretraining import solving
from arcloop.pretraining.packs import encode_row, held_out_row
from arcloop.records import Completion, FinishReason
from arcloop.sampling import Request, UnderWay, untold
from arcloop.seeds import generator
from arcloop.training.loss import completion_loss
from tests.fakes import FakeSampler


def rows(count: int, drawing: float) -> list[Exercise]:
    return [sample_exercise(generator(number), max_cells=300, drawing=drawing) for number in range(count)]


class Writer(FakeSampler):
    """Writes given programs: one for each draw of a task, nothing where there are fewer."""

    def __init__(self, programs: Sequence[Sequence[str]]) -> None:
        super().__init__()
        self.programs = programs
        self.seeds: set[int] = set()

    def sample(self, requests: Sequence[Request], under_way: UnderWay = untold) -> Iterator[Completion]:
        for request, programs in zip(requests, self.programs, strict=True):
            assert len(request.draws) == 8
            self.seeds |= {draw.seed for draw in request.draws}
            for draw, text in zip(request.draws, programs, strict=False):
                prompt = request.prompt
                yield Completion(draw.completion_id, prompt.id, prompt.task_id, text, 3, FinishReason.STOP, -1.0)


def test_one_of_eight_programs_must_be_right_on_all_train_pairs() -> None:
    drawn, others = rows(3, 1.0), rows(4, 0.0)
    first = others[1].pairs[0].output.tolist()
    half = f"import numpy as np\ndef transform(grid):\n    return np.array({first})\n"
    assert not np.array_equal(others[1].pairs[0].output, others[1].pairs[1].output)
    copy_ = "def transform(grid):\n    return grid\n"
    writer = Writer(
        [
            [drawn[0].source],
            [copy_, "no program", "def transform(", "def transform(grid):\n    1 / 0\n", copy_, copy_, copy_, drawn[1].source],
            [copy_] * 8,
            [others[0].source] * 8,
            [half] * 8,
            [],
            [drawn[0].source],
        ]
    )  # fmt: skip
    with Sandbox(ExecutionConfig(workers=1)) as sandbox:
        rates = solving.solve_rates(writer, sandbox, drawn + others, 0)
        assert rates == {"drawings_solved": 2 / 3, "programs_solved": 1 / 4}
        assert len(writer.seeds) == 7 * 8
        alone = Writer([[drawn[0].source]])
        assert solving.solve_rates(alone, sandbox, drawn[:1], 0) == {"drawings_solved": 1.0}
    assert alone.seeds < writer.seeds


def test_a_row_with_a_nearly_right_program_is_asked_with_it_and_without() -> None:
    row = sample_exercise(generator(0), max_cells=300, drawing=0.0, refinement=1.0)
    assert row.parent is not None
    writer = Writer([[row.parent.source] * 8, [row.parent.source, row.source]])
    with Sandbox(ExecutionConfig(workers=1)) as sandbox:
        rates = solving.solve_rates(writer, sandbox, [row], 0)
    assert rates == {"refinements_anew": 0.0, "refinements_repaired": 1.0}
    assert len(writer.seeds) == 16


def test_measuring_leaves_the_network_as_it_was(small: PretrainConfig, model: LanguageModel) -> None:
    row = encode_row(model, held_out_row(small, 0))

    def gradients() -> list[torch.Tensor]:
        model.network.zero_grad()
        completion_loss(model, [row]).backward()
        return [p.grad.clone() for p in model.network.parameters() if p.grad is not None]

    before, weights = gradients(), copy.deepcopy(model.network.state_dict())
    rates = solving.measure(model, [held_out_row(small, number) for number in range(3)], 0)
    assert rates and all(0 <= rate <= 1 for rate in rates.values())
    assert all(module.training for module in model.network.modules())
    assert all(p.requires_grad and not p.is_inference() for p in model.network.parameters())
    assert all(torch.equal(now, weights[name]) for name, now in model.network.state_dict().items())
    assert all(torch.equal(one, other) for one, other in zip(gradients(), before, strict=True))


def test_no_rows_are_no_measurement(model: LanguageModel) -> None:
    assert solving.measure(model, [], 0) == {}


def test_a_machine_without_a_sandbox_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(config: ExecutionConfig) -> Sandbox:
        raise SandboxError("this machine's protection is 'rlimits'; expected more — pass something")

    solving.check_sandbox()
    monkeypatch.setattr(solving, "Sandbox", refuse)
    with pytest.raises(SandboxError, match=r"'rlimits'; expected a sandbox .* — pass --held-out-tasks 0"):
        solving.check_sandbox()
