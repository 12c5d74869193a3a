"""What a library raises while it reads somebody's files → one line for whoever passed them.

transformers, PEFT, tokenizers and Jinja check little of what they read: a wrong value ends in whatever the first
line of code raises that cannot do with it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from arcloop.errors import ArcloopError

__all__ = ["reason", "refusing"]

_LONGEST = 300
"""Characters of what a library says that are passed on."""


@contextmanager
def refusing(refusal: Callable[[str], ArcloopError]) -> Iterator[None]:
    """Turn whatever is raised in the block into ``refusal``, which is given the ``reason``; our own errors pass.

    Only for blocks that do little beside reading: in them a bug of ours would be taken for a mistake in the files.
    """
    try:
        yield
    except ArcloopError:
        raise
    except Exception as error:  # the files may hold anything, so it may be anything
        raise refusal(reason(error)) from None


def reason(error: Exception) -> str:
    """What an error says, in one line, after its kind.

    Of an ``OSError`` or ``ValueError`` without: their texts, unlike that of a ``KeyError``, say by themselves what is wrong.
    """
    first, _, rest = str(error).strip().partition("\n")
    first, more = first.strip(), rest.strip().partition("\n")[0]
    if first.endswith(":") and more:
        said = f"{first} {more}"  # as checks of a configuration do: what is behind the colon has a kind of its own
    elif first and isinstance(error, OSError | ValueError):
        said = first
    else:
        said = f"{type(error).__name__}: {first}" if first else type(error).__name__
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"
