"""Results of LogQL in the form of Loki's HTTP API."""

from typing import Any

import orjson

from labkit.logql import Result, Streams, Work
from labkit.promql import Matrix, Scalar, String, Vector
from labkit.sandbox.faces.prometheus import results


def rendered(result: Result, work: Work, seconds: float) -> dict[str, Any]:
    """``resultType``, ``result`` and ``stats``; ``seconds`` is how long the query took."""
    data = _streams(result) if isinstance(result, Streams) else _numbers(result)
    sent = result.count if isinstance(result, Streams) else len(data["result"])
    return data | {"stats": statistics(work, seconds, sent)}


def streams(result: Streams) -> list[dict[str, Any]]:
    """Streams with their labels and lines; a line's time is a text, for it is too long for a number of JSON."""
    return [
        {"stream": dict(labels), "values": [[str(time), line] for time, line in entries]}
        for labels, entries in zip(result.labels, result.entries, strict=True)
    ]


def _streams(result: Streams) -> dict[str, Any]:
    return {"resultType": "streams", "result": streams(result)}


def _numbers(result: Scalar | String | Vector | Matrix) -> dict[str, Any]:
    data: dict[str, Any] = orjson.loads(b"{%b}" % b"".join(results.rendered(result)))
    return data


def statistics(work: Work, seconds: float, sent: int) -> dict[str, Any]:
    """What a query read: here everything is in the ingester's head, for there is nothing else."""
    rate = 1 / seconds if seconds > 0 else 0.0
    store = {
        "totalChunksRef": 0, "totalChunksDownloaded": 0, "chunksDownloadTime": 0,
        "chunk": {"headChunkBytes": 0, "headChunkLines": 0, "decompressedBytes": 0, "decompressedLines": 0,
                  "compressedBytes": 0, "totalDuplicates": 0},
    }  # fmt: skip
    head = {**store["chunk"], "headChunkBytes": work.bytes, "headChunkLines": work.lines}  # type: ignore[dict-item]
    return {
        "summary": {
            "bytesProcessedPerSecond": int(work.bytes * rate), "linesProcessedPerSecond": int(work.lines * rate),
            "totalBytesProcessed": work.bytes, "totalLinesProcessed": work.lines, "execTime": seconds, "queueTime": 0,
            "subqueries": 0, "totalEntriesReturned": sent, "splits": 0, "shards": 0,
        },
        "querier": {"store": store},
        "ingester": {
            "totalReached": 1, "totalChunksMatched": work.streams, "totalBatches": 0, "totalLinesSent": sent,
            "store": {**store, "chunk": head},
        },
    }  # fmt: skip
