"""What a setting that is out of its range is told."""

from arcloop.errors import ConfigError

__all__ = ["require"]


def require(condition: bool, setting: str, value: object, expectation: str) -> None:
    """Raise ``ConfigError`` in the house form unless ``condition`` holds."""
    if not condition:
        raise ConfigError(f"{setting} is {value!r}; {expectation} — see --help")
