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
    r"|dataclasses|collections\.abc|scipy|scipy\.ndimage)[ \t]+import[ \t]+[\w*, \t()]+"
    r"|import[ \t]+(?:common|numpy|numpy as np|math|random|itertools|functools|collections|copy|heapq|typing"
    r"|scipy\.ndimage|scipy\.ndimage as \w+))[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
"""Whole lines that import what programs may share."""
WORD = re.compile(r"[^\W\d]\w*")
ATTRIBUTE = re.compile(r"\.\s*([^\W\d]\w*)")
WORDS = frozenset(
    WORD.findall(
        # Builtins that do more than compute;
        "exec eval compile globals locals vars open breakpoint getattr setattr delattr memoryview exit quit async await "
        # modules, also as they are found inside other modules;
        "os sys gc io ctypes ctypeslib builtins importlib inspect types weakref warnings atexit signal threading "
        "_thread asyncio socket subprocess multiprocessing concurrent shutil pathlib tempfile pickle marshal mmap "
        "resource faulthandler tracemalloc operator "
        # doors to frames, and to attributes by name.
        "_getframe attrgetter methodcaller with_traceback as_strided"
    )
)
ATTRIBUTES = frozenset(
    WORD.findall(
        # Parts of NumPy that hold files, memory or settings;
        "lib core testing f2py char rec emath test load loads loadtxt save savez savez_compressed savetxt fromfile "
        "fromregex genfromtxt frombuffer memmap tofile dump dumps set_printoptions setbufsize seterr seterrcall "
        "set_state get_state set_bit_generator get_bit_generator setflags setfield nditer frompyfunc DataSource ctypes "
        # frames, code, registries.
        "gi_frame gi_code gi_yieldfrom cr_frame cr_code ag_frame ag_code tb_frame tb_next f_back f_globals f_locals "
        "f_builtins f_code f_trace mro register cache_clear simplefilter"
    )
)
UNDERSCORES = re.compile(
    r"\.\s*_|(?<!\w)__(?!(?:future|name|main|init|lt|repr|str|len|getitem|iter|call|post_init)__(?!\w))"
)
CHANGES = re.compile(
    r"\b(?:np|numpy|common|Color|random|math)\s*\.[\w. \t]*"
    r"(?:[^\s\w.()=!<>,:\]\[]?=(?!=)|\[[^]\n]*\][ \t]*=(?!=)|\.(?:append|clear|pop|remove|extend|sort|insert|reverse)\b)"
)
"""Assignments to attributes of what is shared, and to the lists there."""
SCIPY = re.compile(
    r"\bscipy\b(?:[ \t]*\.[ \t]*(\w+)|[ \t]+import[ \t]+(ndimage)\b[ \t]*(?:as[ \t]+\w+[ \t]*)?(?:#.*)?$)?",
    re.MULTILINE,
)


def plain(source: str) -> bool:
    """Does nothing in ``source`` look as if the program wanted more than to compute?"""
    if not source.isascii():
        source = unicodedata.normalize("NFKC", source)
    words = WORD.findall(source)
    if not WORDS.isdisjoint(words) or not ATTRIBUTES.isdisjoint(ATTRIBUTE.findall(source)):
        return False
    if "_" in source and UNDERSCORES.search(source):
        return False
    if CHANGES.search(source):
        return False
    return words.count("import") == len(IMPORTS.findall(source))


def flavour(source: str) -> str:
    """The kind of template that has the libraries which ``source`` names; see ``library.FLAVOURS``."""
    if "scipy" not in source:
        return "numpy"
    wanted = {match[0] or match[1] for match in SCIPY.findall(source)}
    return "ndimage" if wanted == {"ndimage"} else "scipy"
