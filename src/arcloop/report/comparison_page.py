"""Comparison → one self-contained HTML file: both tables, and the curves of what was found, in one picture."""

from pathlib import Path

from arcloop.evaluation.comparison import Comparison
from arcloop.files import write_bytes
from arcloop.report.charts import found_svg, page_templates

__all__ = ["write_comparison"]


def write_comparison(compared: Comparison, path: Path) -> None:
    """Write the page.

    Raises:
        OSError: ``path`` cannot be written.
    """
    page = (
        page_templates()
        .get_template("comparison.html")
        .render(compared=compared, picture=found_svg({row.name: row.found for row in compared.rows}))
    )
    write_bytes(path, page.encode())
