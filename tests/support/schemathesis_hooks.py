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
    """Give every request a key of its own, where it has a valid one."""
    if 0 < len(str(case.headers.get(_KEY, ""))) <= _LONGEST:
        case.headers[_KEY] = secrets.token_hex(8)


@schemathesis.hook
def filter_case(_context: Any, case: Any) -> bool:
    """Leave out forms whose list of terms is none: as text, one word is a list of one."""
    is_form = case.media_type == "multipart/form-data" and isinstance(case.body, dict)
    return not is_form or isinstance(case.body.get("vocabulary", []), list)
