"""A coroutine that runs in a thread of its own → an iterator over what it emits.

So a caller that takes its time with one item does not hold up the requests for the next ones.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from queue import SimpleQueue
from typing import Any, TypeVar

__all__ = ["stream"]

T = TypeVar("T")

_END = object()


def stream(make: Callable[[Callable[[T], None]], Coroutine[Any, Any, None]]) -> Iterator[T]:
    """What the coroutine ``make(emit)`` emits, as it does so.

    An exception of the coroutine is raised here, after what was emitted before it. Leaving the
    iterator early cancels the coroutine and waits for its end.
    """
    items: SimpleQueue[Any] = SimpleQueue()
    running: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[None] | None]] = Future()
    failures: list[BaseException] = []

    async def main() -> None:
        running.set_result((asyncio.get_running_loop(), asyncio.current_task()))
        await make(items.put)

    def work() -> None:
        try:
            asyncio.run(main())
        except asyncio.CancelledError:
            pass
        except BaseException as error:
            failures.append(error)
        finally:
            running.cancel()  # where it has not even begun; else nothing happens
            items.put(_END)

    thread = threading.Thread(target=work, name="arcloop-stream", daemon=True)
    thread.start()
    try:
        while (item := items.get()) is not _END:
            yield item
        if failures:
            raise failures[0]
    finally:
        with contextlib.suppress(CancelledError, RuntimeError):  # it never began, or has ended by itself
            loop, task = running.result()
            if task is not None:
                loop.call_soon_threadsafe(task.cancel)
        thread.join()
