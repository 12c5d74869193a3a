"""Which group is next, and which is given up."""

from arcloop.cluster.agenda import Agenda, Failure


def test_the_longest_come_first_and_equals_in_their_order() -> None:
    agenda = Agenda({0: 5, 1: 9, 2: 5, 3: 7})
    assert [agenda.take() for _ in range(5)] == [1, 3, 0, 2, None]
    assert agenda.open and not agenda.waiting
    for index in range(4):
        agenda.finish(index)
    assert not agenda.open


def test_two_failures_of_its_own_are_the_end_of_a_group() -> None:
    agenda = Agenda({0: 1})
    for given_up in (False, True):
        assert agenda.take() == 0
        assert agenda.fail(0, Failure("broken"), lambda node: True) is given_up
    assert not agenda.open and agenda.given_up[0].reason == "broken"


def test_what_is_lost_with_its_node_does_not_count_until_it_is_a_habit() -> None:
    agenda = Agenda({0: 1})
    for k in range(5):
        assert agenda.take() == 0
        assert agenda.fail(0, Failure("gone", node=f"n{k}"), lambda node: False) is (k == 4)


def test_processes_that_die_on_a_living_node_count() -> None:
    agenda = Agenda({0: 1})
    agenda.take()
    assert not agenda.fail(0, Failure("killed", node="n"), lambda node: True)
    agenda.take()
    assert agenda.fail(0, Failure("killed", node="n"), lambda node: True)


def test_what_is_ended_because_memory_was_full_is_excused_until_it_is_a_habit() -> None:
    agenda = Agenda({0: 1})
    for k in range(5):
        assert agenda.take() == 0
        assert agenda.fail(0, Failure("memory", node="n", excused=True), lambda node: True) is (k == 4)
