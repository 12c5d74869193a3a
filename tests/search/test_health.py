"""Why completions gave no program, counted by reason."""

import pytest

from arcloop.records import Completion, Execution, FinishReason, Lost, Status
from arcloop.search.health import REASONS, lost

CODE = "Here it is:\n```python\ndef solve(grid):\n    return grid\n```"


def reason(text: str, status: Status | None, finish: FinishReason = FinishReason.STOP) -> dict[str, int]:
    completion = Completion("c", "p", "t", text, 3, finish, -1.0)
    executions = {} if status is None else {"c": Execution("c", status, (None,), "", 0.0, 0.0)}
    return lost([completion], executions)


@pytest.mark.parametrize(
    ("text", "status", "expected"),
    [
        ("I cannot see the rule.", None, "no_code"),
        ("# a comment alone", None, "no_code"),
        (CODE, None, "no_entry"),
        (CODE, Status.NO_ENTRY, "no_entry"),
        (CODE, Status.SYNTAX_ERROR, "unparsed"),
        (CODE, Status.REFUSED, "refused"),
    ],
)
def test_each_reason_is_named_and_the_limit_comes_first(text: str, status: Status | None, expected: str) -> None:
    assert reason(text, status) == {expected: 1}
    cut = "refused" if expected == "refused" else "cut"
    assert reason(text, status, FinishReason.LENGTH) == {cut: 1}


@pytest.mark.parametrize("status", [Status.OK, Status.ERROR, Status.TIMEOUT, Status.INVALID_OUTPUT])
def test_a_program_that_could_be_run_is_none_of_them(status: Status) -> None:
    assert reason(CODE, status) == reason(CODE, status, FinishReason.LENGTH) == {}


def test_what_a_server_failed_at_is_its_own_reason_and_each_has_words() -> None:
    assert reason("timed out", None, FinishReason.ERROR) == {"failed": 1}
    assert set(REASONS) == set(Lost)
