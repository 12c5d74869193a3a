"""Filter and lock: right on both architectures, really on, also for an ordinary user."""

import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import arcloop
from arcloop.config import ExecutionConfig
from arcloop.execution import Protection, Sandbox, landlock, seccomp
from arcloop.records import Job, Status

ALLOW, EPERM, KILL = 0x7FFF0000, 0x00050001, 0x80000000


def judge(code: bytes, architecture: int, number: int, third: int = 0) -> int:
    """Run the filter as the kernel would."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, 0, 0, third, 0, 0, 0)
    steps = list(struct.iter_unpack("HBBI", code))
    accumulator, position = 0, 0
    while True:
        what, true, false, value = steps[position]
        position += 1
        if what == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif what == 0x06:
            return int(value)
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[what]
            position += true if holds else false


@pytest.mark.parametrize("machine", seccomp.MACHINES)
@pytest.mark.parametrize("opens", [True, False])
def test_filter_allows_its_list_and_nothing_else(machine: str, opens: bool) -> None:
    architecture, allowed = seccomp.MACHINES[machine]
    code = seccomp.program(machine, opens, 2)
    names = {number: name for name, number in allowed.items()}
    assert len(names) == len(allowed)
    for number in range(600):
        verdict = judge(code, architecture, number)
        name = names.get(number)
        if name in ("getpid", "gettid", "getppid"):
            assert verdict == 0x00050002
        elif name == "openat":
            assert verdict == (ALLOW if opens else EPERM)
        else:
            assert verdict == (ALLOW if name else EPERM), (number, name)


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_filter_kills_foreign_calls_and_refuses_opening_to_write(machine: str) -> None:
    architecture, allowed = seccomp.MACHINES[machine]
    code = seccomp.program(machine, True, 1)
    assert judge(code, architecture ^ 0x80000000, allowed["read"]) == KILL
    assert judge(code, architecture, allowed["read"] | 0x40000000) == KILL
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_TMPFILE, os.O_APPEND):
        assert judge(code, architecture, allowed["openat"], flags) == EPERM
    assert judge(code, architecture, allowed["openat"], os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY) == ALLOW


def test_dangerous_calls_are_on_neither_list() -> None:
    dangerous = {
        "x86_64": {"fork": 57, "vfork": 58, "clone": 56, "clone3": 435, "execve": 59, "execveat": 322, "kill": 62,
                   "tgkill": 234, "ptrace": 101, "socket": 41, "fcntl": 72, "ioctl": 16, "prctl": 157, "prlimit64": 302,
                   "memfd_create": 319, "shmget": 29, "io_uring_setup": 425, "setitimer": 38, "timer_create": 222,
                   "clock_settime": 227, "open": 2, "openat2": 437, "unlink": 87, "process_vm_writev": 311,
                   "pidfd_open": 434, "bpf": 321, "userfaultfd": 323, "keyctl": 250, "mount": 165, "alarm": 37},
        "aarch64": {"clone": 220, "clone3": 435, "execve": 221, "execveat": 281, "kill": 129, "tgkill": 131,
                    "ptrace": 117, "socket": 198, "fcntl": 25, "ioctl": 29, "prctl": 167, "prlimit64": 261,
                    "memfd_create": 279, "shmget": 194, "io_uring_setup": 425, "setitimer": 103, "timer_create": 107,
                    "clock_settime": 112, "openat2": 437, "unlinkat": 35, "process_vm_writev": 271, "pidfd_open": 434,
                    "bpf": 280, "userfaultfd": 282, "keyctl": 219, "mount": 40},
    }  # fmt: skip
    for machine, calls in dangerous.items():
        architecture, _ = seccomp.MACHINES[machine]
        code = seccomp.program(machine, True, 1)
        for name, number in calls.items():
            assert judge(code, architecture, number) == EPERM, (machine, name)


def test_level_is_what_this_kernel_offers() -> None:
    with Sandbox(ExecutionConfig(workers=1)) as sandbox:
        assert sandbox.protection is (Protection.FULL if landlock.version() else Protection.SECCOMP)


USER = """
import json, os, sys
import numpy as np
from arcloop.config import ExecutionConfig
from arcloop.execution import Sandbox
from arcloop.records import Job
grid = np.array([[1, 2], [3, 4]], np.int8)
sources = json.loads(sys.argv[1])
with Sandbox(ExecutionConfig(workers=2, timeout=0.5, wall_timeout=2)) as sandbox:
    jobs = [Job(name, source, (grid,)) for name, source in sources.items()]
    found = {e.id: (e, jobs[list(sources).index(e.id)]) for e in sandbox.execute(jobs)}
    (good,) = sandbox.confirm([(found["good"][1], found["good"][0])])
    statuses = {name: execution.status.value for name, (execution, _) in found.items()}
    print(json.dumps([os.getuid(), sandbox.protection.value, good.status.value, statuses]))
"""


# One capability stays: to reach an interpreter that lies in another user's home.
AS_NOBODY = [
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+dac_read_search"),
    *("--ambient-caps=-all,+dac_read_search", "--bounding-set=-all,+dac_read_search"),
]
NEEDS_SETPRIV = pytest.mark.skipif(
    os.getuid() == 0 and shutil.which("setpriv") is None, reason="needs setpriv to become nobody"
)


@NEEDS_SETPRIV
def test_an_ordinary_user_is_protected_as_well(tmp_path: Path) -> None:
    sources = {
        "good": "def transform(g):\n    return g.T\n",
        "loop": "while True: pass",
        "crash": "import ctypes\nctypes.string_at(0)",
        "file": "open('/etc/passwd')",
        "fork": "import os\nos.fork()",
        "ppid": "import os, signal\nos.kill(os.getppid(), 9)",
        "trace": "open('/proc/1/status')",
    }
    command = [sys.executable, "-c", USER, json.dumps(sources)]
    if os.getuid() == 0:
        command = [*AS_NOBODY, *command]
    environment = {**os.environ, "PYTHONPATH": str(Path(arcloop.__path__[0]).parent), "HOME": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    user, level, confirmed, statuses = json.loads(done.stdout)
    assert user != 0
    assert level in ("full", "seccomp")
    assert confirmed == "ok"
    assert statuses.pop("good") == "ok"
    assert statuses.pop("loop") == "timeout"
    assert statuses.pop("crash") == "crash"
    assert set(statuses.values()) == {"error"}


def test_the_template_carries_nothing_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "secret")
    source = """
import os, sys
def transform(g):
    foreign = [m for m in sys.modules if m.split('.')[0] in ('torch', 'tyro', 'rich', 'pytest', 'psutil', 'sci' 'py')]
    ours = [m for m in sys.modules if m.startswith('arcloop') and 'common' not in m]
    text = f'{foreign} {ours} {dict(os.environ)} {sys.argv} {sys.orig_argv} {os.getcwd()} {sys.flags.hash_randomization}'
    raise ValueError(text)
"""
    with Sandbox(ExecutionConfig(workers=1)) as sandbox:
        (execution,) = sandbox.execute([Job("a", source, (np.ones((1, 1), np.int8),))])
    assert execution.status is Status.ERROR
    assert execution.error == "input 0: ValueError: [] [] {} ['program'] ['program'] / 0"


SPY = """
import os, stat
def transform(g):
    found, own = [], set()
    for number in (3, 4):
        try:
            own.add(os.fstat(number).st_ino)
        except OSError:
            pass
    for rounds in range(20):
        for pid in range({low}, {high}):
            for number in (3, 4, 5, 6, 7, 8):
                try:
                    pipe = os.open(f"/proc/{{pid}}/fd/{{number}}", os.O_RDONLY | os.O_NONBLOCK)
                except OSError:
                    continue
                # Its own number reads as a constant: its own pipes are told by what they are.
                if os.fstat(pipe).st_ino not in own:
                    found.append((pid, number))
                os.close(pipe)
    raise ValueError(f"{{len(found)}} pipes of others")
"""
WATCHED = """
import sys
import numpy as np
from arcloop.config import ExecutionConfig
from arcloop.execution import Sandbox
from arcloop.records import Job
last = int(open("/proc/sys/kernel/ns_last_pid").read())
spy = sys.stdin.read().format(low=max(2, last - 20), high=last + 120)
slow = "def transform(g):\\n    x = 0\\n    for i in range(60000):\\n        x += i\\n    return (g.T + {}) % 10\\n"
inputs = (np.arange(6, dtype=np.int8).reshape(2, 3),)
jobs = [Job("spy", spy, inputs)] + [Job(str(k), slow.format(k), inputs) for k in range(60)]
with Sandbox(ExecutionConfig(workers=2, mode=sys.argv[1])) as sandbox:
    made = {one.id: one for one in sandbox.execute(jobs)}
wrong = [k for k in range(60) if made[str(k)].outputs[0] is None or (made[str(k)].outputs[0] != (inputs[0].T + k) % 10).any()]
print(made["spy"].error, "|", len(wrong), "wrong", sandbox.protection)
"""


AS = {
    "as it is": (),
    "no-ptrace": ("setpriv", "--inh-caps=-sys_ptrace", "--bounding-set=-sys_ptrace"),
    "nobody": AS_NOBODY,
}


@NEEDS_SETPRIV
@pytest.mark.parametrize("mode", ["batch", "strict"])
@pytest.mark.parametrize("who", AS)
def test_a_program_reaches_no_pipe_of_its_neighbours(who: str, mode: str) -> None:
    if who != "as it is" and os.getuid() != 0:
        pytest.skip("only root can become another user")
    environment = {"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*AS[who], sys.executable, "-c", WATCHED, mode]
    done = subprocess.run(command, env=environment, input=SPY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "0 pipes of others | 0 wrong" in done.stdout or "seccomp" in done.stdout
