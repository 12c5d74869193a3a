"""``arcloop train`` in several processes, of which the first tokenises for longer than the usual group of processes waits.

Started by torchrun (``test_processes.py``) with the arguments of ``arcloop train``.
"""

import sys
import time
from datetime import timedelta
from typing import Any

from torch.distributed.distributed_c10d import _set_pg_timeout

from arcloop.cli import train
from arcloop.training import processes, session

SHORT, LONG, USUAL = 1.0, 4.0, 1800.0
"""Seconds: what a wait may last, what tokenising lasts, what a wait may last otherwise."""


def let_wait(seconds: float) -> None:
    _set_pg_timeout(timedelta(seconds=seconds))


def main() -> int:
    join, prepare = processes.join, session.prepare

    def joined(expected: int | None) -> processes.Processes:
        found = join(expected)
        let_wait(SHORT)
        me.append(found)
        return found

    def prepared(*arguments: Any) -> Any:
        if me[0].first:
            time.sleep(LONG)
        let_wait(USUAL)
        return prepare(*arguments)

    me: list[processes.Processes] = []
    processes.join, session.prepare = joined, prepared
    return train.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
