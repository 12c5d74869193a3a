"""Source → may the program share a process with others?

A program that is let in can change nothing that another one could notice: its syntax tree holds only what computes. It
binds names of its own, calls functions and reads attributes from the lists below, sets no attribute, and has no class,
no decorator, no context manager and no pattern of its own. From the names that it starts with, over the attributes that
it may read, it reaches modules, functions, classes and plain values, and nothing that could be changed; a test walks all
of that. So which objects of the interpreter are mutable need not be known. Whatever is not on the lists has a process of
its own, at the price of a fork.

Parsing unread text is for the process that is to run it: it never happens in the user's.
"""

import ast
import builtins
import typing
from collections.abc import Iterator

__all__ = ["ATTRIBUTES", "BUILTINS", "MODULES", "STARRED", "is_plain"]

_MODULES = "common numpy random math itertools functools collections heapq copy typing __future__"
MODULES = frozenset(_MODULES.split())
"""What may be imported, whole or in part; a part must be among ``ATTRIBUTES``."""

STARRED = frozenset({"common", "typing", "math"})
"""Modules of which all may be imported at once; of ``typing`` only what is among ``ATTRIBUTES`` may then be read."""

_BUILTINS = (
    "abs all any bin bool chr dict divmod enumerate filter float frozenset int isinstance iter len list map max min next ord"
    " pow print range repr reversed round set sorted str sum tuple zip __name__ Exception ValueError IndexError KeyError"
    " TypeError ZeroDivisionError StopIteration RuntimeError AssertionError AttributeError NotImplementedError OverflowError"
    " RecursionError"
)
BUILTINS = frozenset(_BUILTINS.split())
"""Built-in names that may be read."""

_ARRAYS = (
    "T all any argmax argmin argpartition argsort astype choose clip compress copy cumprod cumsum diagonal dtype flat"
    " flatten item max mean min ndim nonzero prod ravel repeat reshape round searchsorted shape size sort squeeze std sum"
    " swapaxes take tolist trace transpose var"
)
_NUMPY = (
    "abs absolute add all allclose any append apply_along_axis arange argmax argmin argpartition argsort argwhere around"
    " array array_equal array_split asarray ascontiguousarray atleast_1d atleast_2d average bincount bitwise_and bitwise_not"
    " bitwise_or bitwise_xor block bool bool_ broadcast_to ceil clip column_stack concatenate copy copyto corrcoef count_nonzero"
    " cross cumprod cumsum delete diag diag_indices diagonal diff digitize divide dot dstack ediff1d einsum empty"
    " empty_like equal expand_dims eye fill_diagonal flatnonzero flip fliplr flipud float32 float64 floor floor_divide full"
    " full_like gcd greater greater_equal hsplit hstack histogram identity in1d indices inf inner insert int16 int32 int64"
    " int8 integer interp intersect1d invert isclose isin isnan isfinite ix_ kron lcm less less_equal linspace logical_and"
    " logical_not logical_or logical_xor matmul max maximum mean median meshgrid min minimum mod moveaxis multiply nan"
    " ndenumerate ndindex newaxis nonzero not_equal ones ones_like outer pad percentile pi power prod ptp put"
    " putmask quantile ravel ravel_multi_index remainder repeat reshape roll rollaxis rot90 round searchsorted select"
    " setdiff1d setxor1d sign sort split sqrt square squeeze stack std subtract sum swapaxes take tensordot tile trace"
    " transpose tri tril tril_indices trim_zeros triu triu_indices uint8 union1d unique unpackbits packbits unravel_index vdot"
    " vectorize vsplit vstack where zeros zeros_like var"
)
_CONTAINERS = (
    "add append appendleft center clear copy count difference discard elements endswith extend extendleft find fromkeys get"
    " index insert intersection isdigit isdisjoint issubset issuperset items join keys lower lstrip most_common pop popitem"
    " popleft remove replace reverse rstrip setdefault sort split splitlines startswith strip subtract"
    " symmetric_difference total union update upper values zfill"
)
_LIBRARY = (
    # random
    "seed choice choices randint randrange sample shuffle uniform permutation rand random"
    # math
    " atan2 ceil comb cos degrees e exp fabs factorial floor fmod gcd hypot inf isqrt lcm log log2 prod radians sin sqrt tan"
    # itertools, functools, collections, heapq, copy
    " combinations combinations_with_replacement count permutations product repeat partial reduce Counter"
    " OrderedDict defaultdict deque heapify heappop heappush heapreplace heappushpop nlargest nsmallest copy deepcopy"
    # typing, __future__
    " Any Callable Dict FrozenSet Generator Iterable Iterator List Optional Sequence Set Tuple Union annotations"
)
_COMMON = (
    # common: names that a program may import by themselves, and the colours
    "Color BLACK BLUE RED GREEN YELLOW GREY GRAY PINK ORANGE PURPLE TEAL BROWN MAROON"
    " MirrorSymmetry Symmetry TranslationalSymmetry RotationalSymmetry apply apply_diagonal_symmetry apply_symmetry blit"
    " blit_object blit_sprite bounding_box bounding_box_mask check_between_objects collision contact crop"
    " detect_mirror_symmetry detect_objects detect_rotational_symmetry detect_translational_symmetry draw_line"
    " find_connected_components flood_fill generate_sprite is_contiguous mirror_x mirror_y np object_boundary object_colors"
    " object_interior object_neighbors object_position orbit random random_free_location_for_object"
    " random_free_location_for_sprite random_sprite randomly_scatter_points randomly_spaced_indices scale_pattern"
    " scale_sprite show_colored_grid translate visualize"
)
ATTRIBUTES = frozenset(f"{_ARRAYS} {_NUMPY} {_CONTAINERS} {_LIBRARY} {_COMMON}".split())
"""Attributes that may be read, of whatever object.

Not ``resize``, ``view``, ``setflags`` and their like: with them a program makes arrays of memory that is no longer its own. Nor
what calls the program in the middle of C, where it may throw away what C still has in hand: ``cmp_to_key``, and of itertools
what takes its arguments one by one. Nor SciPy, which writes beyond arrays: ``binary_dilation`` with a structure larger than
the array, ``median_filter`` with an output of another type.
"""

_ARRAY = "ndarray"
"""May be named where a type is meant; called, it makes arrays of any memory."""

_BRACKETS = "list tuple dict set frozenset List Tuple Dict Set FrozenSet Optional Union Sequence Iterable Iterator"
_GENERIC = frozenset(_BRACKETS.split())
"""What may have types in brackets, as long as it is the built-in one or that of ``typing``: others keep what they are asked for."""

_EVALUATING = frozenset(typing.__all__) - ATTRIBUTES
"""Names that ``from typing import *`` brings beside the harmless ones: some compute texts that are written as types."""

_HIDDEN = frozenset(dir(builtins)) - BUILTINS
"""Other built-in names, which it may not even bind: before it comes by that place they mean what they always do."""

_SUSPENDED = (ast.Yield, ast.YieldFrom)
"""A generator that is thrown away goes on in its ``try``, wherever the interpreter then is: both together are not plain."""

_OTHER = (ast.ClassDef, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await, ast.With, ast.Match, ast.TryStar)
"""What a program that shares a process has none of."""


def is_plain(source: bytes) -> bool:
    """May the program share a process?

    True for what is no program at all: it ends where it is compiled.
    """
    try:
        tree = ast.parse(source.decode("utf-8", "surrogatepass"), "<program>")
    except (SyntaxError, ValueError):
        return True
    except (MemoryError, RecursionError):
        return False
    names: set[str] = set()
    own: set[str] = set()
    of_typing: set[str] = set()
    starred = tries = suspended = False
    types = {id(node): node for node in _types(tree)}
    # Whatever a type is called there, it has to be: a name of the program's own could keep what is put into its brackets.
    generic = _GENERIC & {node.id for node in types.values() if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name, ctx=ctx):
                known = name in ATTRIBUTES or (name == _ARRAY and id(node) in types)
                if not known or not isinstance(ctx, ast.Load):
                    return False
            case ast.Name(id=name, ctx=ctx):
                (names if isinstance(ctx, ast.Load) else own).add(name)
            case ast.arg(arg=name):
                own.add(name)
            case ast.FunctionDef(name=name, decorator_list=decorators):
                if decorators:
                    return False
                own.add(name)
            case ast.ExceptHandler(name=str(name)):
                own.add(name)
            case ast.Import(names=modules):
                if not all(alias.name in MODULES for alias in modules):
                    return False
                own.update((alias.asname or alias.name).partition(".")[0] for alias in modules)
            case ast.ImportFrom(module=module, names=parts, level=level):
                if level or module not in MODULES or not all(_part(module, alias.name) for alias in parts):
                    return False
                starred = starred or (module == "typing" and parts[0].name == "*")
                for alias in parts:
                    kept = module == "typing" and alias.asname is None
                    (of_typing if kept else own).add(alias.asname or alias.name)
            case ast.keyword(arg="where" | None):
                # Where it is false NumPy leaves memory as it was, and that is as a neighbour has left it.
                return False
            case ast.Subscript(slice=ast.Slice(step=ast.AST()), ctx=ast.Store()):
                # A list takes its length before it asks for the values, and writes beyond its end if that has shortened it.
                return False
            case ast.Try():
                tries = True
            case _ if isinstance(node, _SUSPENDED):
                suspended = True
            case _ if isinstance(node, _OTHER):
                return False
    said = (names - {"__name__"}) | own | of_typing
    # What begins with two underscores belongs to the interpreter.
    hidden = any(name in _HIDDEN or name.startswith("__") for name in said)
    return (
        not hidden
        and not (tries and suspended)
        and not own & {"isinstance", *generic}
        and not (starred and said & _EVALUATING)
    )


def _types(tree: ast.AST) -> Iterator[ast.AST]:
    """Nodes that stand for a type: annotations, and what ``isinstance`` is asked about."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.arg(annotation=ast.AST() as type_)
                | ast.AnnAssign(annotation=type_)
                | ast.FunctionDef(returns=ast.AST() as type_)
                | ast.Call(func=ast.Name(id="isinstance"), args=[_, type_])
            ):
                within: list[ast.AST] = [type_]
                while within:  # through List[…] and a | b, not into calls
                    part = within.pop()
                    yield part
                    match part:
                        case ast.Subscript(value=ast.Name(id=name) as base, slice=inner) if name in _GENERIC:
                            within += [base, inner]
                        case ast.Tuple(elts=parts):
                            within.extend(parts)
                        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                            within += [left, right]


def _part(module: str, name: str) -> bool:
    return module in STARRED if name == "*" else name in ATTRIBUTES
