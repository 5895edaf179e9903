"""The value of an expression over the steps of an evaluation, by the type of its node."""

from collections.abc import Callable
from typing import Any

import numpy as np
import promql_parser as ast

from labkit.promql import selector
from labkit.promql.absence import absent
from labkit.promql.aggregate import aggregate
from labkit.promql.binary import binary
from labkit.promql.choice import invalid_ratios
from labkit.promql.enrichment import enriched
from labkit.promql.failures import ExecutionError, unsupported
from labkit.promql.functions import Invocation, call, invalid_quantiles
from labkit.promql.limits import limited, timely
from labkit.promql.over_time import present_over_time
from labkit.promql.parsing import bare, ends, millis
from labkit.promql.query import Query
from labkit.promql.values import Lines, Numbers, Ranges, Steps, Text, Value, tidy
from labkit.signals.series import Selected


class Evaluation:
    """Evaluates the expressions of one query over a source of series."""

    def __init__(self, source: selector.Source, query: Query) -> None:
        self._source = source
        self._query = query
        self._methods: dict[type[ast.Expr], Callable[[Any, Steps], Value]] = {
            ast.NumberLiteral: self._number,
            ast.StringLiteral: self._text,
            ast.ParenExpr: self._paren,
            ast.UnaryExpr: self._negative,
            ast.VectorSelector: self._selector,
            ast.MatrixSelector: self._matrix,
            ast.SubqueryExpr: self._subquery,
            ast.Call: self._call,
            ast.AggregateExpr: self._aggregate,
            ast.BinaryExpr: self._binary,
        }

    def evaluate(self, node: ast.Expr, steps: Steps) -> Value:
        """The value of ``node`` at every one of ``steps``."""
        timely()
        method = self._methods.get(type(node))
        if method is None:
            raise unsupported(type(node).__name__)
        value = method(node, steps)
        if not isinstance(value, Lines):
            return value
        return tidy(value if self._query.options.delayed_names else value.settled())

    def _number(self, node: ast.NumberLiteral, steps: Steps) -> Value:
        return Numbers(np.full(len(steps.times), node.val))

    def _text(self, node: ast.StringLiteral, _: Steps) -> Value:
        return Text(node.val, self._query.utf8(node))

    def _paren(self, node: ast.ParenExpr, steps: Steps) -> Value:
        return self.evaluate(node.expr, steps)

    def _negative(self, node: ast.UnaryExpr, steps: Steps) -> Value:
        value = self.evaluate(node.expr, steps)
        if isinstance(value, Numbers):
            return Numbers(-value.values)
        if isinstance(value, Lines):
            return Lines(value.labels, -value.values, value.present).nameless()
        raise ExecutionError("unary expression only allowed on expressions of type scalar or instant vector")

    def _selector(self, node: ast.VectorSelector, steps: Steps) -> Value:
        return selector.instants(self._source, node, steps, self._query.options.lookback)[0]

    def _matrix(self, node: ast.MatrixSelector, steps: Steps) -> Value:
        return selector.ranges(self._source, node, steps)

    def _subquery(self, node: ast.SubqueryExpr, steps: Steps) -> Value:
        """Evaluated once on the grid of its step, aligned to the epoch; each step then has its window of that."""
        if node.range is None:
            raise unsupported("a subquery without a range")
        times, length = ends(node, steps), millis(node.range)
        step = millis(node.step) if node.step is not None else self._query.options.subquery_step
        if not len(times):
            return Ranges([], [], times, length)
        first = ((int(times.min()) - length) // step + 1) * step
        limited((int(times.max()) - first) // step)
        grid = np.arange(first, int(times.max()) + 1, step, dtype=np.int64)
        inner = self.evaluate(node.expr, steps.at(grid))
        if not isinstance(inner, Lines):
            raise ExecutionError(f"subquery is only allowed on instant vector, got {type(inner).__name__} instead")
        found = [
            Selected(labels, grid if there.all() else grid[there], values[there])
            for labels, values, there in zip(inner.labels, inner.values, inner.present, strict=True)
        ]
        return selector.windows(found, times, length)

    def _call(self, node: ast.Call, steps: Steps) -> Value:
        name, arguments = node.func.name, node.args
        first = bare(arguments[0]) if arguments else None
        if name == "timestamp" and isinstance(first, ast.VectorSelector):
            lines, moments = selector.instants(self._source, first, steps, self._query.options.lookback)
            return Lines(lines.labels, moments / 1000, lines.present).nameless()
        if name == "info":
            return self._info(node, steps)
        values = [self.evaluate(argument, steps) for argument in arguments]
        if first is not None and name == "absent" and isinstance(values[0], Lines):
            return absent(first, values[0].present)
        if first is not None and name == "absent_over_time" and isinstance(values[0], Ranges):
            return absent(first, present_over_time(values[0]).present)
        return call(Invocation(name, values, arguments, steps, self._query))

    def _info(self, node: ast.Call, steps: Steps) -> Value:
        """``info``: its second argument is no vector, but says which labels of which info series are wanted."""
        lines = self.evaluate(node.args[0], steps)
        wanted = bare(node.args[1]) if len(node.args) > 1 else None
        if not isinstance(lines, Lines) or not isinstance(wanted, ast.VectorSelector | None):
            raise ExecutionError("expected label selectors only, got vector selector instead")
        return enriched(self._source, lines, wanted, steps, self._query.options.lookback)

    def _aggregate(self, node: ast.AggregateExpr, steps: Steps) -> Value:
        parameter = self.evaluate(node.param, steps) if node.param is not None else None
        lines = self.evaluate(node.expr, steps)
        if not isinstance(lines, Lines):
            raise ExecutionError(f"expected type instant vector in aggregation expression, got {type(lines).__name__}")
        if isinstance(parameter, Numbers) and node.param is not None:
            if str(node.op) == "quantile":
                invalid_quantiles(self._query, parameter.values, node.param)
            if str(node.op) == "limit_ratio":
                invalid_ratios(self._query, parameter.values, node.param)
        return aggregate(node, lines, parameter)

    def _binary(self, node: ast.BinaryExpr, steps: Steps) -> Value:
        return binary(node, self.evaluate(node.lhs, steps), self.evaluate(node.rhs, steps))
