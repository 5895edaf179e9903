"""From tokens to an outline of a query: what is where, and of what type (upstream ``generated_parser.y``)."""

import re

from labkit.promql.reading.node import Form, Node
from labkit.promql.reading.tokens import WORDS, Fault, Kind, Token, string_bytes, tokens
from labkit.promql.signatures import AGGREGATIONS, PARAMETERS, SIGNATURES, Type
from labkit.signals.labels import NAME

_POWER = {
    "or": 1, "and": 2, "unless": 2, "==": 3, "!=": 3, "<": 3, "<=": 3, ">": 3, ">=": 3, "+": 4, "-": 4,
    "*": 5, "/": 5, "%": 5, "atan2": 5, "^": 6,
}  # fmt: skip
"""How tightly operators bind."""
_UNARY = 5
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
"""Seconds."""
_NAMES_TOO = AGGREGATIONS | WORDS - {"atan2"} | {"by", "offset", "without", "start", "end"}
"""Words that may also name a metric."""


def outlined(text: str) -> Node:
    """The outline of a query; :class:`Fault` where upstream's grammar ends."""
    return _Reader(text).whole()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = tokens(text, AGGREGATIONS)
        self._next = next(self._tokens)
        self._last = 0

    def whole(self) -> Node:
        if self._ended():
            raise Fault("no expression found in input", 0)
        node = self._expression(0)
        if not self._ended():
            raise self._unexpected()
        return node

    # -- tokens

    def _ended(self) -> bool:
        return self._next.kind is Kind.END

    def _take(self) -> Token:
        token = self._next
        self._last = token.end
        if token.kind is not Kind.END:
            self._next = next(self._tokens)
        return token

    def _is(self, *texts: str) -> bool:
        return self._next.kind in (Kind.SIGN, Kind.WORD) and self._next.text in texts

    def _accept(self, *texts: str) -> bool:
        if self._is(*texts):
            self._take()
            return True
        return False

    def _want(self, text: str, context: str = "", expected: str = "") -> None:
        if not self._accept(text):
            raise self._unexpected(context, expected)

    def _unexpected(self, context: str = "", expected: str = "") -> Fault:
        token = self._next
        message = f"unexpected {described(token)}"
        message += f" in {context}" if context else ""
        return Fault(message + (f", expected {expected}" if expected else ""), token.place)

    # -- expressions

    def _expression(self, least: int) -> Node:
        node = self._postfix(self._prefix())
        while self._next.text in _POWER and self._next.kind in (Kind.SIGN, Kind.WORD):
            power = _POWER[self._next.text]
            if power < least:
                break
            operator = self._take()
            both = Node(Form.BINARY, node.start, 0, Type.VECTOR, [node], operator.text, operator.place)
            self._modifiers(both)
            right = self._expression(power if operator.text == "^" else power + 1)
            both.children.append(right)
            both.end = right.end
            if node.type is right.type is Type.SCALAR:
                both.type = Type.SCALAR
            node = both
        return node

    def _modifiers(self, node: Node) -> None:
        if self._accept("bool"):
            node.modifiers.append("bool")
        if self._is("on", "ignoring"):
            word = self._take().text
            node.modifiers.append(word)
            node.groups[word] = self._labels()
            if self._is("group_left", "group_right"):
                word = self._take().text
                node.modifiers.append(word)
                node.groups[word] = self._labels() if self._is("(") else []

    def _labels(self) -> list[str]:
        self._want("(", "grouping opts", '"("')
        names: list[str] = []
        while not self._accept(")"):
            if self._next.kind not in (Kind.NAME, Kind.METRIC, Kind.WORD, Kind.STRING):
                raise self._unexpected("grouping opts", "label")
            names.append(self._take().raw)
            if not self._is(")") and not self._accept(","):
                raise self._unexpected("grouping opts", '"," or ")"')
        return names

    def _prefix(self) -> Node:
        token = self._next
        if self._accept("-", "+"):
            operand = self._expression(_UNARY + 1)
            return Node(Form.UNARY, token.place, operand.end, operand.type, [operand], token.text)
        if token.kind in (Kind.NUMBER, Kind.DURATION):
            self._take()
            return Node(Form.NUMBER, token.place, token.end, Type.SCALAR)
        if token.kind is Kind.STRING:
            self._take()
            return Node(Form.STRING, token.place, token.end, Type.STRING)
        if self._accept("("):
            inner = self._expression(0)
            self._want(")")
            return Node(Form.PAREN, token.place, self._last, inner.type, [inner])
        if self._is("{"):
            return self._selector(token.place, "")
        if token.kind in (Kind.NAME, Kind.METRIC) or (token.kind is Kind.WORD and token.text in _NAMES_TOO):
            return self._named()
        raise self._unexpected()

    def _named(self) -> Node:
        token = self._take()
        if token.kind is Kind.WORD and token.text in AGGREGATIONS and (self._is("(", "by", "without")):
            return self._aggregation(token)
        if self._is("(") and token.kind is Kind.NAME:
            return self._call(token)
        if self._is("{"):
            return self._selector(token.place, token.raw)
        if token.kind is Kind.WORD and token.text in AGGREGATIONS and self._next.kind in (Kind.NAME, Kind.NUMBER):
            raise self._unexpected("aggregation")
        return Node(Form.SELECTOR, token.place, token.end, Type.VECTOR, metric=token.raw)

    def _call(self, token: Token) -> Node:
        arguments = self._arguments()
        if token.raw not in SIGNATURES:
            raise Fault(f'unknown function with name "{token.raw}"', token.place)
        return Node(Form.CALL, token.place, self._last, SIGNATURES[token.raw].gives, arguments, token.raw)

    def _aggregation(self, token: Token) -> Node:
        grouped = self._accept("by", "without")
        if grouped:
            self._labels()
        if not self._is("("):
            raise self._unexpected("aggregation")
        arguments = self._arguments()
        end = self._last
        if not grouped and self._accept("by", "without"):
            self._labels()
        if not arguments:
            raise Fault("no arguments for aggregate expression provided", token.place)
        wanted = 2 if token.text in PARAMETERS else 1
        if len(arguments) != wanted:
            raise Fault(
                "wrong number of arguments for aggregate expression provided, "
                f"expected {wanted}, got {len(arguments)}", token.place,
            )  # fmt: skip
        return Node(Form.AGGREGATION, token.place, end, Type.VECTOR, arguments, token.text)

    def _arguments(self) -> list[Node]:
        self._want("(")
        arguments: list[Node] = []
        while not self._accept(")"):
            arguments.append(self._expression(0))
            comma = self._next
            if self._accept(","):
                if self._is(")"):
                    raise Fault("trailing commas not allowed in function call args", comma.place)
            elif not self._is(")"):
                raise self._unexpected()
        return arguments

    def _selector(self, start: int, metric: str) -> Node:
        self._want("{")
        matchers = []
        while not self._accept("}"):
            if self._next.kind not in (Kind.NAME, Kind.STRING):
                raise self._unexpected("label matching", 'identifier or "}"')
            matchers.append(self._matcher(self._take()))
            if not self._is("}") and not self._accept(","):
                raise self._unexpected("label matching", '"," or "}"')
        return Node(Form.SELECTOR, start, self._last, Type.VECTOR, metric=metric, matchers=matchers)

    def _matcher(self, name: Token) -> tuple[str, str, str]:
        label = name.raw if name.kind is Kind.NAME else _content(name)
        operator = self._next.raw
        if self._accept("=", "!=", "=~", "!~"):
            if self._next.kind is not Kind.STRING:
                raise self._unexpected("label matching", "string")
            return label, operator, _content(self._take())
        if name.kind is Kind.NAME:
            raise self._unexpected("label matching", "label matching operator")
        return NAME, "=", label

    # -- what follows an expression

    def _postfix(self, node: Node) -> Node:
        while True:
            if self._is("["):
                node = self._ranged(node)
            elif self._accept("offset"):
                self._accept("-", "+")
                if self._next.kind not in (Kind.NUMBER, Kind.DURATION):
                    raise self._unexpected("offset", "number or duration")
                self._shifted(node, "offset")
            elif self._accept("@"):
                self._at(node)
            else:
                return node

    def _at(self, node: Node) -> None:
        if self._accept("start", "end"):
            self._want("(", "@", "timestamp")
            if not self._is(")"):
                raise self._unexpected("@", "timestamp")
        else:
            sign = "-" if self._is("-") else "+"
            self._accept("-", "+")
            if self._next.kind not in (Kind.NUMBER, Kind.DURATION):
                raise self._unexpected("@", "timestamp")
            if self._next.text.lower() in ("inf", "nan"):
                stamp = "NaN" if self._next.text.lower() == "nan" else f"{sign}Inf"
                raise Fault(f"timestamp out of bounds for @ modifier: {stamp}", node.start)
            node.at = _seconds(self._next) * (-1 if sign == "-" else 1)
        self._shifted(node, "@")

    def _shifted(self, node: Node, modifier: str) -> None:
        self._take()
        if node.form not in (Form.SELECTOR, Form.MATRIX, Form.SUBQUERY):
            raise Fault(
                f"{modifier} modifier must be preceded by an instant vector selector or range vector selector "
                "or a subquery", node.start,
            )  # fmt: skip
        if modifier in node.modifiers:
            what = "offset" if modifier == "offset" else "@ <timestamp>"
            raise Fault(f"{what} may not be set multiple times", node.start)
        node.modifiers.append(modifier)
        node.end = self._last

    def _ranged(self, node: Node) -> Node:
        bracket = self._take()
        self._span()
        if self._accept(":"):
            if not self._is("]"):
                self._span('number or duration or "]"')
            self._want("]", "subquery selector", '"]"')
            return Node(Form.SUBQUERY, node.start, self._last, Type.MATRIX, [node])
        self._want("]", "subquery or range", '":" or "]"')
        if node.form is not Form.SELECTOR:
            raise Fault("ranges only allowed for vector selectors", bracket.place)
        if node.modifiers:
            what = "offset" if node.modifiers[0] == "offset" else "@"
            raise Fault(f"no {what} modifiers allowed before range", bracket.place)
        return Node(Form.MATRIX, node.start, self._last, Type.MATRIX, [node])

    def _span(self, expected: str = "number or duration") -> None:
        """A number or duration in brackets, which must be more than nothing."""
        negative = self._accept("-")
        if self._next.kind not in (Kind.NUMBER, Kind.DURATION):
            raise self._unexpected("subquery selector", expected)
        token = self._take()
        if negative or not token.raw.strip("0._xXmshdwy"):
            raise Fault("duration must be greater than 0", token.place)


def _seconds(token: Token) -> float:
    """The value of a number or duration."""
    if token.kind is Kind.DURATION:
        return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[a-z])", token.raw))
    text = token.raw.replace("_", "").lower()
    return float(int(text, 16)) if text.startswith("0x") else float(text)


def _content(token: Token) -> str:
    return string_bytes(token.raw).decode(errors="replace")


def described(token: Token) -> str:
    """A token as upstream's messages name it."""
    if token.kind is Kind.END:
        return "end of input"
    if token.kind is Kind.WORD:
        if token.text in AGGREGATIONS:
            return f"<aggr:{token.raw}>"
        return f"<op:{token.raw}>" if token.text in WORDS else f"<{token.raw}>"
    if token.kind is Kind.SIGN:
        return f"<op:{token.raw}>" if token.text in _POWER or token.text in ("=~", "!~") else f'"{token.raw}"'
    quoted = '"' + token.raw.replace("\\", "\\\\").replace('"', '\\"')
    quoted = f'{quoted[:11]}"...' if len(token.raw) > 10 and token.kind is not Kind.NAME else f'{quoted}"'
    return f"{token.kind.value} {quoted}"
