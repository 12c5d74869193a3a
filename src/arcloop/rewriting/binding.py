"""A function's statements in the order in which they run → names that are read before anything is bound to them.

A reading of the text alone: of branches all are taken, one after the other, a loop once, and what is in a function within is not
looked into. So what is found here fails in some run, though perhaps not in each.
"""

import ast
from collections.abc import Iterable

__all__ = ["unbound"]


def unbound(function: ast.FunctionDef, also: Iterable[str] = ()) -> set[str]:
    """Local names of the function that it reads too early; ``also``: further names that nothing else can have bound."""
    first = _Reading(function, frozenset())
    second = _Reading(function, frozenset(first.known) | frozenset(also))
    return second.early


class _Reading(ast.NodeVisitor):
    """Goes through a function's body once."""

    def __init__(self, function: ast.FunctionDef, local: frozenset[str]) -> None:
        """``local``: names whose reading is looked at."""
        self._local = local
        self._bound = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
        self.known = set[str]()
        """Every name that is bound on the way."""
        self.early = set[str]()
        """Names that were read before that."""
        for statement in function.body:
            self.visit(statement)

    def visit_Name(self, node: ast.Name) -> None:
        """A name that is read, bound or deleted."""
        if isinstance(node.ctx, ast.Store):
            self._bind(node.id)
        elif node.id in self._local and node.id not in self._bound:
            self.early.add(node.id)
        elif isinstance(node.ctx, ast.Del):
            self._bound.discard(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        """The value comes before its targets."""
        self._visit(node.value, *node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """As an assignment; without a value nothing is bound."""
        if node.value is not None:
            self._visit(node.value, node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """As an assignment."""
        self._visit(node.value, node.target)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """The target is read too."""
        if isinstance(node.target, ast.Name):
            self.visit_Name(ast.Name(node.target.id, ast.Load()))
        self._visit(node.value, node.target)

    def visit_For(self, node: ast.For) -> None:
        """What is gone over comes before its target."""
        self._visit(node.iter, node.target, *node.body, *node.orelse)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """What it reads is looked up when it is called."""
        self._visit(*node.args.defaults)
        self._bind(node.name)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """As a function."""
        self._bind(node.name)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        """A module's name is its first part."""
        for alias in node.names:
            self._bind((alias.asname or alias.name).partition(".")[0])

    visit_ImportFrom = visit_Import  # noqa: N815 the name is that of the node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """The exception has a name while it is handled."""
        if node.name:
            self._bind(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        """What a pattern catches has a name."""
        if node.name:
            self._bind(node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs  # noqa: N815 the name is that of the node

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        """Bound elsewhere, for all that is known."""
        self._bound.update(node.names)

    visit_Nonlocal = visit_Global  # noqa: N815 the name is that of the node

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Read as if it were called where it stands."""
        self._visit(*node.args.defaults)
        self._within([a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)], [node.body])

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        """Its targets are names of its own."""
        targets = [one.target for one in node.generators]
        own = [n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]
        self.visit(node.generators[0].iter)
        inner = [part for one in node.generators for part in one.ifs]
        inner += [one.iter for one in node.generators[1:]]
        inner += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._within(own, inner)

    visit_SetComp = visit_GeneratorExp = visit_DictComp = visit_ListComp  # noqa: N815 the names are those of the nodes

    def _within(self, own: Iterable[str], parts: Iterable[ast.expr]) -> None:
        new = set(own) - self._bound
        self._bound |= new
        self._visit(*parts)
        self._bound -= new

    def _visit(self, *nodes: ast.AST) -> None:
        for node in nodes:
            self.visit(node)

    def _bind(self, name: str) -> None:
        self.known.add(name)
        self._bound.add(name)
