"""SQL over a real connection, answered as a pandas frame."""

from typing import TYPE_CHECKING, Any

from labkit.errors import LabkitError, QueryError, SandboxUnreachable

if TYPE_CHECKING:
    import pandas as pd


def query(url: str, sql: str) -> "pd.DataFrame":
    """The rows of ``sql``; for a statement without rows, its command tag. Raises :class:`QueryError`.

    Each statement commits itself, as in psql.
    """
    import psycopg  # noqa: PLC0415  (heavy)

    from labkit.lab.frames import Plain  # noqa: PLC0415  (loads pandas)

    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=30) as connection:
            cursor = connection.execute(sql.encode())
            if cursor.description is None:
                return Plain({"status": [cursor.statusmessage]})
            return Plain(cursor.fetchall(), columns=[column.name for column in cursor.description])
    except psycopg.OperationalError as error:
        if error.sqlstate is None:
            raise _cut_off(str(error).strip()) from error
        raise _refused(error, sql) from error
    except psycopg.Error as error:
        raise _refused(error, sql) from error


def _cut_off(said: str) -> LabkitError:
    """What libpq said without the server: nothing listens (no sandbox), or the connection was reset."""
    remedy = "see the pod: kubectl get pods -n llm-research-lab-data"
    if "Connection refused" in said:
        return SandboxUnreachable(f"PostgreSQL: {said}", remedy="see: labkit status")
    return QueryError(f"PostgreSQL refuses the connection: {said}", remedy=remedy)


def _refused(error: Any, sql: str) -> QueryError:
    """The server's words, as psql prints them, and its own hint as the remedy."""
    diagnosis = error.diag
    position = int(diagnosis.statement_position or 0)
    line = sql.count("\n", 0, max(0, position - 1)) + 1
    return QueryError(
        f"{diagnosis.severity or 'ERROR'}: {diagnosis.message_primary or str(error).strip()}",
        where=f"line {line} of the statement" if position else None,
        remedy=diagnosis.message_hint or diagnosis.message_detail,
    )
