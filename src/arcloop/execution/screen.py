"""Source text → may the program share a process with others, and which libraries does it want?

A hint that costs or saves time, never a defence: a program that looks plain may share a process,
where a check of its state follows; one that reaches for the interpreter gets a process of its own.
Being wrong about a harmless program costs some milliseconds.
"""

import re
import unicodedata

__all__ = ["flavour", "plain"]

IMPORTS = re.compile(
    r"^[ \t]*(?:from[ \t]+(?:__future__|common|numpy|typing|collections|itertools|functools|math|heapq|copy|random|enum"
    r"|dataclasses|collections\.abc|scipy|scipy\.ndimage|numpy\.lib\.stride_tricks)[ \t]+import[ \t]+[\w*, \t()]+"
    r"|import[ \t]+(?:common|numpy|numpy as np|math|random|itertools|functools|collections|copy|heapq|typing"
    r"|scipy\.ndimage|scipy\.ndimage as \w+))[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
IMPORT = re.compile(r"\bimport\b")
REACHING = re.compile(
    # Names with underscores at their beginning, as attributes or between two underscores …
    r"\._|__(?!future__|name__|main__|init__|eq__|hash__|lt__|repr__|str__|len__|getitem__|iter__|call__|post_init__)"
    # … frames, code and other doors of the interpreter …
    r"|\b(?:gi_|cr_|ag_|tb_|f_)\w+|_getframe|mro\b|\bwith_traceback"
    # … builtins and modules that change or look at more than values …
    r"|\b(?:exec|eval|compile|globals|locals|vars|dir|open|input|breakpoint|getattr|setattr|delattr|memoryview|super"
    r"|id|hash|exit|quit|os|sys|gc|io|ctypes|ctypeslib|builtins|importlib|inspect|types|weakref|warnings|atexit|signal"
    r"|threading|_thread|asyncio|async|await|socket|subprocess|multiprocessing|concurrent|shutil|pathlib|tempfile|pickle"
    r"|marshal|mmap|resource|faulthandler|tracemalloc|time|datetime|operator|attrgetter|methodcaller|sleep)\b"
    # … and those parts of NumPy that hold files, memory or settings.
    r"|\bnp\.(?:lib|core|testing|f2py|ma|char|rec|emath|test|load\w*|save\w*|from\w*|mem\w*|set\w*|seterr\w*|require"
    r"|get\w*|DataSource|nditer|frompyfunc|add_\w+|ndarray|lookfor|show\w*|info|source)\b"
    r"|\b(?:tofile|setflags|set_state|set_bit_generator|as_strided|strides|data|base|setfield|view|__array\w*)\b[ \t]*="
    r"|\bas_strided\b|\.tofile\b|\.dump\b|\.setfield\b|\.(?:register|cache_clear|simplefilter)\b"
    # Assignments to attributes of what is shared, and to its lists.
    r"|\b(?:np|numpy|common|Color|random|math)(?:\.\w+)+[ \t]*(?:[-+*/|&^%]?=(?!=)|\[[^]\n]*\][ \t]*=(?!=)"
    r"|\.(?:append|clear|pop|remove|extend|sort|insert|reverse)\b)"
)
SCIPY = re.compile(
    r"\bscipy\b(?:[ \t]*\.[ \t]*(\w+)|[ \t]+import[ \t]+(ndimage)\b[ \t]*(?:as[ \t]+\w+[ \t]*)?(?:#.*)?$)?", re.MULTILINE
)


def plain(source: str) -> bool:
    """Does nothing in ``source`` look as if the program wanted more than to compute?"""
    if not source.isascii():
        source = unicodedata.normalize("NFKC", source)
    if REACHING.search(source):
        return False
    return len(IMPORT.findall(source)) == len(IMPORTS.findall(source))


def flavour(source: str) -> str:
    """The kind of template that has the libraries which ``source`` names; see ``library.FLAVOURS``."""
    if "scipy" not in source:
        return "numpy"
    wanted = {match[0] or match[1] for match in SCIPY.findall(source)}
    return "ndimage" if wanted == {"ndimage"} else "scipy"
