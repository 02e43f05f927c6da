"""API keys: creation, parsing, lookup and scopes."""

import hashlib

import pytest

from orchestrator.domain.access import ApiKey, Caller, Scope, find_key, make_key, parse_keys
from orchestrator.errors import SettingsError
from tests.support.jobs import make_settings

DIGEST = hashlib.sha256(b"clear").hexdigest()


def test_a_new_key_matches_its_configured_form() -> None:
    clear, key = make_key("ann", ["submit", "read"])
    assert str(key) == f"ann:submit+read:{hashlib.sha256(clear.encode()).hexdigest()}"
    assert find_key(parse_keys(str(key)), clear) == key


def test_each_new_key_is_different() -> None:
    assert make_key("ann", ["read"])[0] != make_key("ann", ["read"])[0]


def test_several_keys_are_separated_by_commas() -> None:
    keys = parse_keys(f"ann:read:{DIGEST}, bob:submit+admin:{DIGEST},")
    assert [key.name for key in keys] == ["ann", "bob"]
    assert keys[1].scopes == {Scope.SUBMIT, Scope.ADMIN}


@pytest.mark.parametrize("presented", ["Clear", "", DIGEST, "clear ", "\udcff"])
def test_any_other_text_matches_no_key(presented: str) -> None:
    assert find_key(parse_keys(f"ann:read:{DIGEST}"), presented) is None


@pytest.mark.parametrize(
    "text",
    [
        "secret-in-clear",
        "ann:read",
        f"ann::{DIGEST}",
        f"ann:write:{DIGEST}",
        f"ann:read+:{DIGEST}",
        f"a b:read:{DIGEST}",
        f":read:{DIGEST}",
        f"{'a' * 65}:read:{DIGEST}",
        f"ann:read:{DIGEST[:-1]}",
        f"ann:read:{DIGEST.upper()}",
        f"ann:read:{DIGEST}:more",
    ],
)
def test_an_invalid_key_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="key 2") as caught:
        parse_keys(f"ann:read:{DIGEST},{text}")
    assert text not in str(caught.value)


def test_settings_with_an_invalid_key_are_refused_without_repeating_it() -> None:
    with pytest.raises(SettingsError, match="API_KEYS") as caught:
        make_settings(api_keys="secret-in-clear")
    assert "secret-in-clear" not in str(caught.value)


def test_a_key_permits_its_scopes_only() -> None:
    reader = Caller("192.0.2.7", ApiKey("ann", frozenset({Scope.READ}), DIGEST))
    assert [scope for scope in Scope if reader.may(scope)] == [Scope.READ]
    assert (reader.name, reader.owner, reader.sees_only) == ("ann", "ann", "ann")


def test_an_admin_may_do_everything_and_sees_all_jobs() -> None:
    admin = Caller("192.0.2.7", ApiKey("root", frozenset({Scope.ADMIN}), DIGEST))
    assert all(admin.may(scope) for scope in Scope)
    assert (admin.owner, admin.sees_only) == ("root", None)


def test_without_keys_everything_is_allowed_and_jobs_have_no_owner() -> None:
    caller = Caller("192.0.2.7")
    assert all(caller.may(scope) for scope in Scope)
    assert (caller.name, caller.owner, caller.sees_only) == ("192.0.2.7", "", None)
