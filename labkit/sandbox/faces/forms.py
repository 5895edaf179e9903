"""Parameters of a request as Go's servers read them: from its form and from its query string."""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from starlette.requests import Request

_FORM = "application/x-www-form-urlencoded"


async def parameters(request: Request) -> list[tuple[str, str]]:
    """Those of the form and of the query string; of one in both, the form's comes first (Go's ``FormValue``)."""
    form: Sequence[tuple[str, str]] = ()
    if request.method == "POST" and request.headers.get("content-type", "").partition(";")[0] == _FORM:
        form = parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True)
    return [*form, *request.query_params.multi_items()]
