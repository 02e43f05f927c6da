"""Transfers are verified to the last byte, and never wholly in memory."""

import base64
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from werkzeug.formparser import parse_form_data

from orchestrator.errors import ServiceUnavailableError
from orchestrator.microservice import SourceArtifact
from orchestrator.microservice.transfer import make_upload

AUDIO = (b"RIFF", b"\x00\x01\r\n--", b"data")
WHOLE = b"".join(AUDIO)
_PLENTY_S = 60.0


def digest_of(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def adler_of(data: bytes) -> str:
    return f"adler=:{base64.b64encode(zlib.adler32(data).to_bytes(4, 'big')).decode()}:"


def artifact(**facts: Any) -> SourceArtifact:
    known: dict[str, Any] = {
        "service": "video-downloader",
        "filename": "a.webm",
        "length_bytes": len(WHOLE),
        "digest": digest_of(WHOLE),
        "read": lambda: iter(AUDIO),
    }
    return SourceArtifact(**(known | facts))


def test_chunks_are_passed_on_unchanged() -> None:
    assert tuple(artifact().chunks(limit_s=_PLENTY_S)) == AUDIO


def test_too_few_bytes_are_an_error() -> None:
    short = artifact(read=lambda: iter(AUDIO[:2]), digest=None)
    with pytest.raises(ServiceUnavailableError, match=r"10 bytes instead of 14"):
        list(short.chunks(limit_s=_PLENTY_S))


def test_too_many_bytes_are_an_error() -> None:
    long = artifact(read=lambda: iter((*AUDIO, b"!")), digest=None)
    with pytest.raises(ServiceUnavailableError, match=r"15 bytes instead of 14"):
        list(long.chunks(limit_s=_PLENTY_S))


@pytest.mark.parametrize("sum_up", [digest_of, adler_of])
def test_bytes_with_a_wrong_checksum_are_an_error(sum_up: Callable[[bytes], str]) -> None:
    right = artifact(digest=sum_up(WHOLE))
    assert b"".join(right.chunks(limit_s=_PLENTY_S)) == WHOLE
    wrong = artifact(digest=sum_up(WHOLE.replace(b"RIFF", b"RIFX")))
    with pytest.raises(ServiceUnavailableError, match="checksum"):
        list(wrong.chunks(limit_s=_PLENTY_S))


def test_the_cheaper_of_two_checksums_is_computed() -> None:
    digests = [digest_of(b"something else"), adler_of(WHOLE)]
    for told in (", ".join(digests), ",".join(reversed(digests))):
        assert b"".join(artifact(digest=told).chunks(limit_s=_PLENTY_S)) == WHOLE


def test_an_error_names_the_service_that_sent_the_bytes() -> None:
    with pytest.raises(ServiceUnavailableError) as caught:
        list(artifact(length_bytes=1).chunks(limit_s=_PLENTY_S))
    assert caught.value.service == "video-downloader"


def test_an_invalid_checksum_is_ignored() -> None:
    for nonsense in ("adler=:AAAA:", "adler=:MDNkYTAxOTU=:"):  # too short; in hexadecimal
        told = artifact(digest=f"{nonsense}, {digest_of(WHOLE)}")
        assert b"".join(told.chunks(limit_s=_PLENTY_S)) == WHOLE
        with pytest.raises(ServiceUnavailableError, match="checksum"):
            list(artifact(digest=f"{nonsense}, {digest_of(b'x')}").chunks(limit_s=_PLENTY_S))


def test_unsupported_digests_are_ignored() -> None:
    known = artifact(digest=f"md5=:AAAA:, {digest_of(WHOLE)}")
    assert b"".join(known.chunks(limit_s=_PLENTY_S)) == WHOLE
    unknown = artifact(digest="md5=:AAAA:")
    assert b"".join(unknown.chunks(limit_s=_PLENTY_S)) == WHOLE


def test_bytes_of_unknown_length_and_checksum_are_passed_on() -> None:
    unknown = artifact(length_bytes=None, digest=None)
    assert b"".join(unknown.chunks(limit_s=_PLENTY_S)) == WHOLE


def test_a_transfer_that_exceeds_its_limit_is_aborted() -> None:
    with pytest.raises(ServiceUnavailableError, match="longer than 0 s"):
        list(artifact().chunks(limit_s=0))


def test_an_upload_reads_one_chunk_ahead_and_no_more() -> None:
    read_chunks: list[bytes] = []

    def read() -> Iterator[bytes]:
        for chunk in AUDIO:
            read_chunks.append(chunk)
            yield chunk

    body = iter(make_upload({}, artifact(read=read), limit_s=_PLENTY_S))
    assert read_chunks == []
    assert next(body).endswith(AUDIO[0])
    assert read_chunks == [*AUDIO[:2]]


def test_the_form_around_a_file_needs_no_chunks_of_its_own() -> None:
    assert len(list(make_upload({}, artifact(), limit_s=_PLENTY_S))) == len(AUDIO)


def test_the_last_chunk_of_a_file_with_a_wrong_checksum_is_not_sent() -> None:
    wrong = artifact(digest="adler=:AAAAAA==:")
    sent: list[bytes] = []
    with pytest.raises(ServiceUnavailableError, match="checksum"):
        sent.extend(make_upload({}, wrong, limit_s=_PLENTY_S))
    assert len(sent) == len(AUDIO) - 1


def received(upload: Any, content_type: str) -> Any:
    """Return the form as a web framework reads it: text fields, then the file."""
    environment = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": content_type,
        "wsgi.input": io.BytesIO(b"".join(upload)),
        "wsgi.input_terminated": True,
    }
    _, form, files = parse_form_data(environment)
    with files["file"].stream as file:
        return dict(form), files["file"].filename, file.read()


def test_an_upload_is_a_valid_form() -> None:
    upload = make_upload({"language_in": "pt"}, artifact(), limit_s=_PLENTY_S)
    assert received(upload, upload.content_type) == (
        {"language_in": "pt"},
        "a.webm",
        WHOLE,
    )


@pytest.mark.parametrize("name", ["Olá mundo.webm", 'a"b.webm', "a\r\nX-Evil: 1.webm"])
def test_no_filename_breaks_out_of_the_form(name: str) -> None:
    upload = make_upload({}, artifact(filename=name), limit_s=_PLENTY_S)
    body = b"".join(upload)
    assert b"\r\nX-Evil" not in body
    fields, _, data = received([body], upload.content_type)
    assert (fields, data) == ({}, WHOLE)


def test_an_upload_of_known_length_has_a_length() -> None:
    upload = make_upload({"language_in": "pt"}, artifact(), limit_s=_PLENTY_S)
    sent = requests.Request("POST", "http://fake.test/", data=upload.body()).prepare()
    assert int(sent.headers["Content-Length"]) == len(b"".join(upload))
    assert "Transfer-Encoding" not in sent.headers


def test_an_upload_of_unknown_length_has_none() -> None:
    upload = make_upload({}, artifact(length_bytes=None), limit_s=_PLENTY_S)
    sent = requests.Request("POST", "http://fake.test/", data=upload.body()).prepare()
    assert "Content-Length" not in sent.headers
    assert sent.headers["Transfer-Encoding"] == "chunked"


def test_two_uploads_have_different_boundaries() -> None:
    types = {make_upload({}, artifact(), limit_s=_PLENTY_S).content_type for _ in range(2)}
    assert len(types) == 2
