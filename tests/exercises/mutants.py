"""Small changes of a solution, made by machine: the slips of a student, one at a time."""

import ast
import copy
import re

from notebooks.build.source import BLOCK

BINARY = {
    ast.Add: [ast.Sub],
    ast.Sub: [ast.Add],
    ast.Mult: [ast.Add, ast.Div],
    ast.Div: [ast.Mult, ast.FloorDiv],
    ast.FloorDiv: [ast.Div, ast.Mod],
    ast.Mod: [ast.FloorDiv],
    ast.Pow: [ast.Mult],
    ast.MatMult: [ast.Mult],
    ast.BitOr: [ast.BitAnd],
    ast.BitAnd: [ast.BitOr],
    ast.And: [ast.Or],
    ast.Or: [ast.And],
    ast.Lt: [ast.LtE, ast.Gt],
    ast.LtE: [ast.Lt, ast.GtE],
    ast.Gt: [ast.GtE, ast.Lt],
    ast.GtE: [ast.Gt, ast.LtE],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
}
NAMES = {
    "all": "any",
    "any": "all",
    "argmax": "argmin",
    "ceil": "floor",
    "cos": "sin",
    "dilate": "erode",
    "floor": "ceil",
    "max": "min",
    "mean": "max",
    "median": "mean",
    "min": "max",
    "nanmean": "nansum",
    "ones": "zeros",
    "rint": "floor",
    "sum": "mean",
    "zeros": "ones",
}
LIBRARIES = {"cv2", "keras", "layers", "metrics", "np"}
CASTS = {"bool", "float", "int"}  # checks take a number of whatever kind
EITHER_WAY = {"abs", "max", "maximum", "min", "minimum"}  # nothing changes when what they get changes places
ORDERED = ast.Sub | ast.Div | ast.FloorDiv | ast.Mod | ast.Pow | ast.MatMult


def mutants(cell: str, data: bool = True) -> dict[str, str]:
    """{"if number [< → <=] 3:": `cell` with this one change}, for each statement between the marks of a solution.

    The name of a change is the statement as Python would write it, so no reformatting counts. Without `data`, numbers stay as they
    are, and so do assignments that use no argument of a function: an instrument may choose what it feeds.
    """
    tree, found = marked(ast.parse(cell)), {}
    blocks = [(cell.count("\n", 0, b.start()) + 1, cell.count("\n", 0, b.end()) + 1) for b in BLOCK.finditer(cell)]
    inside = [s for s in ast.walk(tree) if isinstance(s, ast.stmt) and any(a <= s.lineno <= b for a, b in blocks)]
    arguments = [node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)]
    for statement in sorted(inside, key=lambda node: node.lineno):
        if not data and isinstance(statement, ast.Assign) and not used(statement) & set(arguments):
            continue
        before, known = header(statement), variables(tree, statement, arguments)
        for owner, field, old, new in changes(statement, known, data):
            setattr(owner, field, new)
            add(found, name(before, header(statement)), ast.unparse(ast.fix_missing_locations(tree)))
            setattr(owner, field, old)
        add(found, name(before, "nothing"), ast.unparse(without(tree, statement)))
    original = ast.unparse(tree)
    return {change: code for change, code in found.items() if code != original}


def add(found, change, code):
    """Two places of a long statement may look alike: number them."""
    number = 2
    while found.setdefault(change, code) != code:
        change, number = f"{change.split(' (')[0]} ({number})", number + 1


def name(before, after):
    """The statement with "[old → new]" where the two differ, cut to what stands around it."""
    if after == "nothing":
        return f"[{before} → nothing]" if len(before) < 90 else f"[{before[:90]}… → nothing]"
    old, new = (re.findall(r"\d+\.\d+|\w+|//|\*\*|[-+*<>=!]=|\W", text) for text in (before, after))
    same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    rest = min(len(old), len(new)) - same
    tail = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    left, right = "".join(old[:same]), "".join(old[len(old) - tail :])
    left = left if len(left) < 50 else f"…{left[-45:]}"
    right = right if len(right) < 50 else f"{right[:45]}…"
    return f"{left}[{''.join(old[same : len(old) - tail])} → {''.join(new[same : len(new) - tail])}]{right}"


def used(statement):
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def header(statement):
    """The statement in one line, without those that belong to it."""
    statement = copy.copy(statement)
    for field in ("body", "orelse"):
        if isinstance(getattr(statement, field, None), list):
            setattr(statement, field, [])
    return ast.unparse(statement).strip()


def without(tree, statement):
    class Drop(ast.NodeTransformer):
        def visit(self, node):
            return ast.Pass() if ast.dump(node, include_attributes=True) == dumped else self.generic_visit(node)

    dumped = ast.dump(statement, include_attributes=True)
    return ast.fix_missing_locations(Drop().visit(copy.deepcopy(tree)))


def variables(tree, statement, arguments):
    """Names that have a value before the statement: arguments, and what earlier lines assign."""
    stored = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.lineno < statement.lineno]
    return list(dict.fromkeys(arguments + [node.id for node in sorted(stored, key=lambda node: node.lineno)]))


def changes(statement, known, data):
    """(owner, field, old value, new value) for each slip that is possible in this statement."""
    for owner in own_nodes(statement):
        for field, value in ast.iter_fields(owner):
            if isinstance(value, ast.AST):
                for new in slips(value, known, data):
                    yield owner, field, value, new
            elif isinstance(value, list) and field not in ("body", "orelse"):
                for index, item in enumerate(value):
                    for new in slips(item, known, data) if isinstance(item, ast.AST) else ():
                        yield owner, field, value, [*value[:index], new, *value[index + 1 :]]
                for new in rearranged(owner, field, value):
                    yield owner, field, value, new


def marked(tree):
    """The tree; tuples of axes are marked, and so are differences of which only the size counts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "axis":
            node.value.of_axes = True
        elif called(node) == "abs" and node.args:
            node.args[0].either_way = True
    return tree


def own_nodes(node):
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.stmt):
            yield from own_nodes(child)


def called(node):
    """The last name of the function that is called, or None."""
    function = getattr(node, "func", None)
    return getattr(function, "id", getattr(function, "attr", None))


def rearranged(owner, field, items):
    """Neighbours swapped; axes, conditions and named arguments dropped."""
    if getattr(owner, "of_axes", False) or field in ("ifs", "keywords"):
        yield from ([*items[:i], *items[i + 1 :]] for i in range(len(items)))
    elif (field == "args" and called(owner) not in EITHER_WAY) or (field == "elts" and isinstance(owner.ctx, ast.Load)):
        yield from ([*items[:i], items[i + 1], items[i], *items[i + 2 :]] for i in range(len(items) - 1))


def slips(node, known, data):
    """What may stand in the place of `node`."""
    if type(node) in BINARY:
        yield from (new() for new in BINARY[type(node)])
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ORDERED) and not getattr(node, "either_way", False):
        yield ast.BinOp(node.right, node.op, node.left)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Constant):
        yield from values(node.value, data)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        if node.id in known and len(known) > 1:
            yield ast.Name(known[(known.index(node.id) + 1) % len(known)], ast.Load())
        if node.id in NAMES:
            yield ast.Name(NAMES[node.id], ast.Load())
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield ast.Attribute(node.value, NAMES[node.attr], ast.Load())
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", None) not in LIBRARIES:
            yield node.func.value
        elif called(node) not in CASTS and node.args and not isinstance(node.args[0], ast.Starred):
            yield node.args[0]
    elif isinstance(node, ast.Slice):
        for part in ("lower", "upper", "step"):
            if getattr(node, part):
                shorter = copy.copy(node)
                setattr(shorter, part, None)
                yield shorter
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield ast.IfExp(node.test, node.orelse, node.body)


def values(value, data):
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int | float) and data:
        yield from (ast.Constant(value + step) for step in (1, -1))
    elif isinstance(value, str) and value:
        yield ast.Constant("")
