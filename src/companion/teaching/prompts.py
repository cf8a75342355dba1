"""What a student finds in place of an answer."""

from __future__ import annotations

import ast


class TeachingError(ValueError):
    """An exercise that cannot be assigned or graded; the message names the page and the exercise."""


def prompt(answer: str) -> str:
    """The code of an answer with everything taken out that answers.

    Imports stay; a function keeps its head and docstring, a name keeps its name.

    Raises:
        TeachingError: a name is assigned in a way that cannot be left open.

    >>> print(prompt("half = 1 / 2"))
    half = ...
    """
    lines: list[str] = []
    for statement in ast.parse(answer).body:
        match statement:
            case ast.Import() | ast.ImportFrom():
                lines.append(ast.unparse(statement))
            case ast.FunctionDef():
                described = ast.get_docstring(statement, clean=False) is not None
                statement.body = [*statement.body[:described], ast.Expr(ast.Constant(...))]
                lines.append(f"\n{ast.unparse(statement)}\n")
            case ast.Assign(targets=[ast.Name(id=name)]):
                lines.append(f"{name} = ...")
            case ast.Assign(targets=[ast.Tuple(elts=names)]):
                lines += [f"{ast.unparse(name)} = ..." for name in names]
            case ast.Expr() | ast.For() | ast.Assert():
                pass  # shows or builds up something that was named before
            case _:
                raise TeachingError(f"an answer cannot be left open at: {ast.unparse(statement)}")
    # What is found twice, such as a name that a loop builds up, is asked for once.
    return "\n".join(dict.fromkeys(lines)).strip()
