"""A function's statements in the order in which they run → names that are read before anything is bound to them.

A reading of the text alone: of branches all are taken, one after the other, a loop once, and what is in a function within is not
looked into. So what is found here fails in some run, though perhaps not in each.
"""

import ast
from collections.abc import Iterable

__all__ = ["bound", "unbound"]


def bound(function: ast.FunctionDef) -> set[str]:
    """Local names of the function but its parameters."""
    return _Reading(function, set()).known


def unbound(function: ast.FunctionDef, also: Iterable[str] = ()) -> set[str]:
    """Local names of the function that it reads too early; ``also``: further names that nothing else can have bound."""
    return _Reading(function, bound(function) | set(also)).early


class _Reading:
    """Goes through a function's body once."""

    def __init__(self, function: ast.FunctionDef, local: set[str]) -> None:
        """``local``: names whose reading is looked at."""
        self._local = local
        self._bound = _parameters(function.args)
        self.known = set[str]()
        """Every name that is bound on the way."""
        self.early = set[str]()
        """Names that were read before that."""
        self._read(*function.body)

    def _read(self, *nodes: ast.AST | None) -> None:
        for node in nodes:
            if node is not None:
                self._take(node)

    def _take(self, node: ast.AST) -> None:
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                self._bind(name)
            case ast.Name(id=name, ctx=context):
                if name in self._local - self._bound:
                    self.early.add(name)
                if isinstance(context, ast.Del):
                    self._bound.discard(name)
            case ast.Assign(targets=targets, value=value):
                self._read(value, *targets)
            case ast.AnnAssign(target=target, value=value):
                # Without a value nothing is bound.
                self._read(value, target if value is not None else None)
            case ast.NamedExpr(target=target, value=value):
                self._read(value, target)
            case ast.AugAssign(target=target, value=value):
                before = [ast.Name(target.id, ast.Load())] if isinstance(target, ast.Name) else []
                self._read(*before, value, target)
            case ast.For(target=target, iter=iterated, body=body, orelse=orelse):
                self._read(iterated, target, *body, *orelse)
            case ast.FunctionDef(name=name, args=arguments):
                # What it reads is looked up when it is called.
                self._read(*arguments.defaults)
                self._bind(name)
            case ast.ClassDef(name=name):
                self._bind(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    self._bind((alias.asname or alias.name).partition(".")[0])
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                self._bind(name)
                self._read(*ast.iter_child_nodes(node))
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                # Bound elsewhere, for all that is known.
                self._bound.update(names)
            case ast.Lambda(args=arguments, body=lambda_body):
                # As if it were called where it stands.
                self._read(*arguments.defaults)
                self._within(_parameters(arguments), [lambda_body])
            case ast.DictComp(generators=generators, key=key, value=value):
                self._comprehend(generators, key, value)
            case (
                ast.ListComp(generators=generators, elt=element)
                | ast.SetComp(generators=generators, elt=element)
                | ast.GeneratorExp(generators=generators, elt=element)
            ):
                self._comprehend(generators, element)
            case _:
                self._read(*ast.iter_child_nodes(node))

    def _comprehend(self, generators: list[ast.comprehension], *made: ast.expr) -> None:
        """Its targets are names of its own, which the first thing that is gone over does not know."""
        own = {n.id for one in generators for n in ast.walk(one.target) if isinstance(n, ast.Name)}
        self._read(generators[0].iter)
        self._within(own, [*(part for one in generators for part in one.ifs), *(g.iter for g in generators[1:]), *made])

    def _within(self, own: set[str], parts: Iterable[ast.expr]) -> None:
        new = own - self._bound
        self._bound |= new
        self._read(*parts)
        self._bound -= new

    def _bind(self, name: str) -> None:
        self.known.add(name)
        self._bound.add(name)


def _parameters(arguments: ast.arguments) -> set[str]:
    return {node.arg for node in ast.walk(arguments) if isinstance(node, ast.arg)}
