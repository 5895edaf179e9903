"""What is wrong with a query that is none, in upstream's words (upstream ``parse.go``, ``checkAST``)."""

from labkit.errors import QueryError
from labkit.promql.reading.node import Form, Node
from labkit.promql.reading.outline import outlined
from labkit.promql.reading.tokens import Fault
from labkit.promql.signatures import PARAMETERS, SIGNATURES, Type, accepted
from labkit.signals.labels import NAME
from labkit.signals.matcher import Match, Matcher

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_SETS = ("and", "or", "unless")
_VALUES = (Type.SCALAR, Type.VECTOR)


def diagnosed(text: str) -> Fault | None:
    """The first thing that is wrong with a query, if this reading finds any."""
    try:
        _check(outlined(text))
    except Fault as fault:
        return fault
    except RecursionError:
        return None
    return None


def _check(node: Node) -> None:
    """Raise where an expression has parts of the wrong type."""
    match node.form:
        case Form.CALL:
            _call(node)
        case Form.AGGREGATION:
            _aggregation(node)
        case Form.BINARY:
            _binary(node)
        case Form.UNARY:
            _check(node.children[0])
            _unary(node)
        case Form.SUBQUERY:
            _check(node.children[0])
            if node.children[0].type is not Type.VECTOR:
                got = {Type.MATRIX: "matrix"}.get(node.children[0].type, node.children[0].type.value)
                raise Fault(f"subquery is only allowed on instant vector, got {got} instead", node.start)
        case Form.SELECTOR:
            _selector(node)
        case _:
            for child in node.children:
                _check(child)


def _selector(node: Node) -> None:
    try:
        matchers = [Matcher(name, Match(operator), value) for name, operator, value in node.matchers]
    except QueryError as error:
        raise Fault(error.what, node.start) from error
    again = next((matcher.value for matcher in matchers if matcher.name == NAME), None)
    if node.metric and again is not None:
        raise Fault(f'metric name must not be set twice: "{node.metric}" or "{again}"', node.start)
    if not node.metric and all(matcher.accepts("") for matcher in matchers):
        raise Fault("vector selector must contain at least one non-empty matcher", node.start)


def _expect(node: Node, wanted: Type, context: str) -> None:
    _check(node)
    if node.type is not wanted:
        raise Fault(f"expected type {wanted.value} in {context}, got {node.type.value}", node.start)


def _call(node: Node) -> None:
    if problem := accepted(node.name, len(node.children)):
        raise Fault(problem, node.start)
    takes = SIGNATURES[node.name].takes
    for place, argument in enumerate(node.children):
        _expect(argument, takes[min(place, len(takes) - 1)], f'call to function "{node.name}"')


def _aggregation(node: Node) -> None:
    _expect(node.children[-1], Type.VECTOR, "aggregation expression")
    if node.name in PARAMETERS:
        _expect(node.children[0], PARAMETERS[node.name], "aggregation parameter")


def _unary(node: Node) -> None:
    if node.type not in _VALUES:
        raise Fault(
            "unary expression only allowed on expressions of type scalar or instant vector, "
            f'got "{node.type.value}"', node.start,
        )  # fmt: skip


def _binary(node: Node) -> None:
    left, right = node.children
    _check(left)
    _check(right)
    scalars = left.type is right.type is Type.SCALAR
    if "bool" in node.modifiers and node.name not in _COMPARISONS:
        raise Fault("bool modifier can only be used on comparison operators", node.operator)
    if node.name in _COMPARISONS and "bool" not in node.modifiers and scalars:
        raise Fault("comparisons between scalars must use BOOL modifier", node.operator)
    for name in node.groups.get("on", ()):
        if any(name in node.groups.get(side, ()) for side in ("group_left", "group_right")):
            raise Fault(f'label "{name}" must not occur in ON and GROUP clause at once', node.operator)
    for side in node.children:
        if side.type not in _VALUES:
            raise Fault("binary expression must contain only scalar and instant vector types", side.start)
    _matching(node, vectors=left.type is right.type is Type.VECTOR)


def _matching(node: Node, *, vectors: bool) -> None:
    if not vectors and any(node.groups.get(word) for word in ("on", "ignoring")):
        raise Fault("vector matching only allowed between instant vectors", node.start)
    if vectors and node.name in _SETS and any(word.startswith("group") for word in node.modifiers):
        raise Fault(f'no grouping allowed for "{node.name}" operation', node.start)
    if not vectors and node.name in _SETS:
        raise Fault(f'set operator "{node.name}" not allowed in binary scalar expression', node.start)
