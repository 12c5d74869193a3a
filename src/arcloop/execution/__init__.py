"""Programs and inputs → executions, with nothing between a hostile program and the machine left to luck.

    with Sandbox(ExecutionConfig()) as sandbox:
        for execution in sandbox.execute(jobs):
            ...
"""

from arcloop.execution.protection import Protection
from arcloop.execution.sandbox import Sandbox

__all__ = ["Protection", "Sandbox"]
