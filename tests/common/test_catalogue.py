from arcloop import common
from arcloop.cli.show import _markdown
from arcloop.prompts.catalogue import entries, listing
from tests import ROOT


def test_every_name_is_listed_with_its_arguments_and_a_line() -> None:
    listed = {entry.name: entry for entry in entries()}
    assert listed.keys() == set(common.__all__) - {"np", "random"}
    assert listed["crop"].signature == "(grid, background=0)"
    assert listed["Color"].signature == ""
    assert all(entry.line.endswith(".") for entry in listed.values())
    assert len(listing().splitlines()) == len(listed)


def test_the_documentation_is_what_the_command_prints() -> None:
    assert (ROOT / "docs" / "library.md").read_text() == _markdown() + "\n"
