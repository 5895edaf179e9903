"""Reading a Loki by its HTTP API: every line of a time range, oldest first, page by page.

https://grafana.com/docs/loki/latest/reference/loki-http-api/: ``start`` is included, ``end`` is not, a
page has at most ``limit`` lines over all streams.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from labkit.errors import DatasetError
from labkit.recording.http import Api, plausible
from labkit.signals.labels import Labels
from labkit.signals.streams import Nanos, Stream

PAGE = 5_000
"""Lines of a page: the most that Loki gives by default."""


class _Streams(msgspec.Struct):
    stream: dict[str, str]
    values: list[list[Any]]


class _Result(msgspec.Struct):
    result: list[_Streams]


class _Answer(msgspec.Struct):
    data: _Result


class _Names(msgspec.Struct):
    data: list[str] | None = None


Line = tuple[Nanos, str]
Page = dict[Labels, list[Line]]


class Loki:
    """A Loki, and the streams of it that are wanted."""

    def __init__(self, api: Api, selectors: Sequence[str] = ()) -> None:
        self._api = api
        self._selectors = tuple(selectors)

    def streams(self, start: Nanos, end: Nanos) -> list[Stream]:
        """The lines with ``start <= time < end``, by stream."""
        found: Page = {}
        for selector in self._selectors or self._partition(start, end):
            for labels, lines in self._lines(selector, start, end):
                found.setdefault(labels, []).extend(lines)
        return [_stream(labels, found[labels]) for labels in sorted(found)]

    def _partition(self, start: Nanos, end: Nanos) -> Iterator[str]:
        """Selectors that together choose every stream once; Loki has none that chooses all."""
        asked = [("start", str(start)), ("end", str(end))]
        names = [name for name in self._api.get("/loki/api/v1/labels", asked, _Names).data or () if name[:2] != "__"]
        for index, name in enumerate(names):
            without = "".join(f'{before}="",' for before in names[:index])
            yield f'{{{without}{name}=~".+"}}'

    def _lines(self, selector: str, start: Nanos, end: Nanos) -> Iterator[tuple[Labels, list[Line]]]:
        """The lines of a selector: a page begins where the last one ended, without what was there already."""
        while True:
            page = self._page(selector, start, end)
            size = sum(map(len, page.values()))
            if size < PAGE:
                yield from page.items()
                return
            last = max(lines[-1][0] for lines in page.values())
            if last == start:
                raise DatasetError(
                    f"{PAGE:,} lines have the same nanosecond {last}: Loki's pages do not get past it",
                    where=selector,
                    remedy="record less of it: --logs SELECTOR",
                )
            # Those of the last moment may go on behind the page, so they are left to the next.
            for labels, lines in page.items():
                if kept := [line for line in lines if line[0] < last]:
                    yield labels, kept
            start = last

    def _page(self, selector: str, start: Nanos, end: Nanos) -> Page:
        asked = [
            ("query", selector), ("start", str(start)), ("end", str(end)), ("limit", str(PAGE)),
            ("direction", "forward"),
        ]  # fmt: skip
        answer = self._api.get("/loki/api/v1/query_range", asked, _Answer)
        page: Page = {}
        with plausible(selector):
            for one in answer.data.result:
                lines = [(int(value[0]), _text(value[1])) for value in one.values]
                if any(not start <= time < end for time, _ in lines):
                    raise ValueError("a line is outside the time that was asked for")
                page.setdefault(Labels(one.stream.items()), []).extend(lines)
        for lines in page.values():
            lines.sort(key=lambda line: line[0])
        return page


def _stream(labels: Labels, lines: list[Line]) -> Stream:
    lines = sorted(lines, key=lambda line: line[0])
    return Stream(labels, np.array([time for time, _ in lines], np.int64), [line for _, line in lines])


def _text(line: str) -> str:
    """A line as text that can be written: what is no Unicode is replaced."""
    return line.encode(errors="replace").decode()
