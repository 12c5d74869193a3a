"""Programs and inputs → executions, with nothing between a hostile program and the machine left to luck.

    with Sandbox(ExecutionConfig()) as sandbox:
        for execution in sandbox.execute(jobs):
            ...

A supervisor (``sandbox``, ``dispatch``, ``pool``) in the user's process hands sources and inputs to
workers, forks of a freshly executed template (``zygote``, ``library``). A worker forks the process
that runs programs (``child``; several in one where each is ``plain``), watches its clocks and kills it (``worker``, ``turn``). What comes back is one
frame of bytes, parsed strictly (``frame``).

What is covered, at the levels ``full`` and ``seccomp``:

- loops, sleeps, memory, recursion, crashes, exits: one named status, and the run goes on;
- files: nothing can be written; readable are the standard library, NumPy, SciPy where it is asked
  for, and ``common`` (at ``seccomp`` nothing at all);
- network, processes, threads, signals, timers, shared memory, clocks: not to be had;
- environment, memory and answers of the user's process: never in reach;
- what comes back: grids of 1–30 a side with cells 0–9, a status, 200 characters; never a pickle;
- neighbours: a verdict does not depend on which programs ran before, on order, workers or load;
- randomness, hash seed, process numbers, uninitialised memory: fixed, and varied by ``confirm``.

What is not covered:

- holes in the kernel, the interpreter's host or the processor: put a virtual machine around it;
- in batch mode an error in the list of what is harmless (``plain``), or in NumPy, that lets a program change what its
  neighbours in the same process see: use strict mode where that matters;
- remnants of other programs' sources and inputs, which a program may find in its own memory;
- that files exist: their names and sizes can be asked for, their contents not;
- programs that vary with something that both confirmations happen to agree on, such as the date;
- a program that uses its limits to the full: all workers together may use their sum of memory.

At the level ``rlimits`` only limits on time, memory and file size hold. It is not a sandbox, and is
refused unless ``allow_weak_sandbox`` is set.
"""

from arcloop.execution.protection import Protection
from arcloop.execution.sandbox import Sandbox

__all__ = ["Protection", "Sandbox"]
