"""The HTML pages' templates: whatever a model or a user wrote is shown as text, because all values are escaped."""

from importlib.resources import files

import jinja2

__all__ = ["page_templates"]


def page_templates() -> jinja2.Environment:
    """Where ``report.html`` and ``comparison.html`` come from."""
    folder = files("arcloop.report") / "templates"
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
