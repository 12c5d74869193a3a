"""The page of a run over HTTP, on this machine alone, made anew when the run has more to show.

    /        the page
    /state   how the run is doing, as JSON, which the page asks for every two seconds

Only the loopback addresses are listened on, and only requests that name them are answered, so that no site in the same
browser can read a run by a name of its own. Nothing can be changed through it.
"""

import socket
import threading
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from arcloop.errors import RunError
from arcloop.records import Answers
from arcloop.report.chapter import chapter
from arcloop.report.page import page
from arcloop.report.pulse import pulse
from arcloop.runs.rundir import RunDir

__all__ = ["LOOPBACK", "application", "host"]

LOOPBACK = "127.0.0.1"

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class _Newest:
    """The page of what the run had stored when it was last asked for."""

    def __init__(self, run: RunDir, answers: Answers) -> None:
        self._run = run
        self._answers = answers
        self._lock = threading.Lock()
        self._version: str | None = None
        self._page = ""

    def page(self) -> str:
        with self._lock:  # one at a time makes it, the others wait for what it made
            version = pulse(self._run).version
            if version != self._version:
                try:
                    found = chapter(self._run, self._run.path.resolve().name, self._answers)
                    self._page = page([found], live=version)
                    self._version = version
                except RunError:
                    # What is being written will be whole in a moment; until then the last page is a good one.
                    if not self._page:
                        raise
            return self._page


def application(run: RunDir, answers: Answers) -> Starlette:
    """The application that a server is given."""
    newest = _Newest(run, answers)

    async def show(request: Request) -> Response:
        try:
            return HTMLResponse(await run_in_threadpool(newest.page), headers=_HEADERS)
        except RunError as error:
            return Response(f"{error}\n", status_code=503, media_type="text/plain", headers=_HEADERS)

    async def state(request: Request) -> Response:
        now = await run_in_threadpool(pulse, run)
        return JSONResponse(
            {"line": now.line, "version": now.version, "finished": now.finished, "share": now.share}, headers=_HEADERS
        )

    return Starlette(
        routes=[Route("/", show), Route("/state", state)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"])],
    )


def host(run: RunDir, answers: Answers, port: int, tell: Callable[[str], None]) -> None:
    """Serve the run's page until Ctrl-C; ``port`` 0: any that is free. ``tell``: of the address, when it is listened on.

    Raises:
        OSError: the port is taken.
    """
    config = uvicorn.Config(application(run, answers), host=LOOPBACK, port=port, log_level="error", access_log=False)
    # Bound here, so that a port that is taken is an error of ours, and the one that was free is known.
    with socket.create_server((LOOPBACK, port)) as listening:
        tell(f"http://{LOOPBACK}:{listening.getsockname()[1]}/")
        uvicorn.Server(config).run(sockets=[listening])
