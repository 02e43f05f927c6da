"""Facts about the API that schemathesis cannot derive.

An idempotency key belongs to one request. And a form is text, in which a field that may be there
several times is a list, however often it is there.
"""

import secrets
from typing import Any

import schemathesis

_KEY = "Idempotency-Key"
_LONGEST = 255


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Replace valid idempotency keys by unique ones."""
    if 0 < len(str(case.headers.get(_KEY, ""))) <= _LONGEST:
        case.headers[_KEY] = secrets.token_hex(8)


@schemathesis.hook
def filter_case(_context: Any, case: Any) -> bool:
    """Skip forms whose list of terms is null, which a form cannot express."""
    is_form = case.media_type == "multipart/form-data" and isinstance(case.body, dict)
    return not is_form or isinstance(case.body.get("vocabulary", []), list)
