"""Messages for users: one line that can be printed, whatever they quote."""

from hypothesis import given
from hypothesis import strategies as st

from arcloop.errors import ArcloopError, TaskError


@given(st.text() | st.just("\ud800 \x1b[2J \n \u202e"))
def test_a_message_is_one_line_that_can_be_printed(quoted: str) -> None:
    message = str(TaskError(f"task {quoted}; expected another — mend it"))
    assert message.isprintable() and message.encode()


def test_what_can_be_printed_is_left_as_it_is() -> None:
    assert str(ArcloopError("é 漢字 — “quoted” \\n")) == "é 漢字 — “quoted” \\n"
    assert str(ArcloopError("a\nb")) == "a\\nb"
