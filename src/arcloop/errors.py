"""Errors that a user can act on.

Every message gives three things: the value that was met, what was expected, and the next step.
The command line prints the message alone, in one line, and exits with code 2. A bug of ours is
never an ``ArcloopError``: it raises what it raises, with its traceback.

    ArcloopError
    ├── TaskError      a task set that is unknown, or a task file that is not ARC
    ├── ModelError     a model folder that is missing or cannot be used
    ├── RunError       a run directory that belongs to another run, or is damaged
    ├── ConfigError    a setting out of its range, or two that exclude each other
    ├── ExampleError   a training set or a file of programs that is missing, or a row of it that is none
    ├── ClusterError   a Ray cluster that cannot be reached, or on which nothing can work
    ├── ServerError    a model server that cannot be reached, refuses, or lacks what is asked of it
    └── SandboxError   the machine cannot isolate programs as asked
"""

__all__ = [
    "ArcloopError",
    "ClusterError",
    "ConfigError",
    "ExampleError",
    "ModelError",
    "RunError",
    "SandboxError",
    "ServerError",
    "TaskError",
]


class ArcloopError(Exception):
    """Base of all errors that are the user's to mend; ``str(error)`` is the whole message."""

    def __init__(self, message: str) -> None:
        """What a message quotes may be anything: what is not to be printed is written as Python writes it."""
        super().__init__("".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in message))


class TaskError(ArcloopError):
    """A task set is unknown, or a task file does not hold a valid ARC task."""


class ModelError(ArcloopError):
    """A model folder is missing or lacks something that search or training needs."""


class RunError(ArcloopError):
    """A run directory belongs to another configuration, or is incomplete or damaged."""


class ConfigError(ArcloopError):
    """A setting is out of its range, or two settings exclude each other."""


class ExampleError(ArcloopError):
    """A training set or a file of programs is missing or of an unknown format, or one of its rows is none."""


class ClusterError(ArcloopError):
    """A Ray cluster cannot be reached, or no machine of it can do the work."""


class ServerError(ArcloopError):
    """A model server cannot be reached, refuses a request, or lacks what is asked of it."""


class SandboxError(ArcloopError):
    """The machine cannot isolate programs to the level that was asked for."""
