"""How much of the hand-written solutions of training tasks could the grammar have written?

    python -m experiments.grammar_steps [--programs 20000] [--seed 0]

The yardstick is the solutions in ``arcloop/exercises/solutions``, which were written for the tasks, not for the grammar. That
many random programs are drawn with the colours and sizes of random training tasks. Then two shares are printed, a mild one and
a strict one: of solutions all of whose *constructs* (functions called, kinds of statement and of comprehension) occur in some
random program, and of *statements* that occur in one but for names and constants. What is missing most often follows.
"""

import argparse
import ast
import builtins
import random
from collections import Counter
from collections.abc import Iterator

import arcloop.common
from arcloop.exercises.solved import solutions
from arcloop.grammar import Scope, sample_draft
from arcloop.tasks.sets import load_tasks

_KNOWN = {"np", *arcloop.common.__all__, *dir(builtins)}
_FORMS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.IfExp | ast.Lambda | ast.Slice


def main() -> None:
    """Print both shares and what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    training = load_tasks("arc1-train")
    there_constructs: set[str] = set()
    there_statements: set[str] = set()
    for _ in range(arguments.programs):
        pairs = rng.choice(training).train
        source = sample_draft(Scope.of(rng, [p.input for p in pairs], [p.output for p in pairs])).source
        there_constructs |= constructs(source)
        there_statements |= set(statements(source))
    whole, total = 0, 0
    lacking: Counter[str] = Counter()
    unseen: Counter[str] = Counter()
    for solution in solutions():
        lacks = constructs(solution.source) - there_constructs
        whole += not lacks
        lacking.update(lacks)
        written = list(statements(solution.source))
        total += len(written)
        unseen.update(statement for statement in written if statement not in there_statements)
    count = len(solutions())
    print(f"{whole} of {count} solutions ({whole / count:.0%}) consist of constructs of the grammar", end="; lacking: ")
    print(", ".join(f"{name} {times}" for name, times in lacking.most_common(20)))
    print(
        f"{1 - unseen.total() / total:.0%} of their {total} statements occur but for names and constants; lacking most:"
    )
    for statement, times in unseen.most_common(20):
        print(f"{times:5} {statement}")


def constructs(source: str) -> set[str]:
    """The names of the functions and methods that a program calls and of the kinds of its statements and comprehensions."""
    found = set()
    for node in ast.walk(_transform(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            found.add(node.func.id if isinstance(node.func, ast.Name) else node.func.attr)
        elif isinstance(node, ast.stmt | _FORMS):
            found.add(type(node).__name__)
    return found


def statements(source: str) -> Iterator[str]:
    """A program's statements with ``v`` for each name of its own and 0 for each number and colour; of blocks the head."""
    for node in ast.walk(_transform(source)):
        if isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef):
            bare = _Bare().visit(ast.parse(ast.unparse(node)).body[0])  # a copy
            for part in ("body", "orelse"):
                if hasattr(bare, part):
                    setattr(bare, part, [])
            yield ast.unparse(bare)


def _transform(source: str) -> ast.FunctionDef:
    return next(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))


class _Bare(ast.NodeTransformer):
    """Replaces a program's own names and its constants."""

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return node if node.id in _KNOWN else ast.Name("v", node.ctx)

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant(0)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        operand: ast.expr = self.visit(node.operand)
        return operand if isinstance(node.op, ast.USub) else ast.UnaryOp(node.op, operand)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == "Color":
            return ast.Constant(0)
        value: ast.expr = self.visit(node.value)
        return ast.Attribute(value, node.attr, node.ctx)


if __name__ == "__main__":
    main()
