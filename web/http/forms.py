"""A ``multipart/form-data`` parser that validates the fields before it reads the file."""

from collections.abc import Callable, Iterator
from typing import IO, Any, Final

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

__all__ = ["FORM", "FormFields", "FormParser"]

FORM: Final = "multipart/form-data"
_CHUNK_BYTES: Final = 64 * 1024

FormFields = MultiDict[str, str]
Parsed = tuple[IO[bytes], FormFields, MultiDict[str, FileStorage]]


class FormParser(FormDataParser):
    """A form parser that works part by part, like werkzeug's.

    Args:
        before_file: Called with the preceding fields when a file part starts. An exception stops
            the parsing, so the file is not read.
        **options: Options of werkzeug's parser.
    """

    def __init__(self, before_file: Callable[[FormFields], None], **options: Any) -> None:
        super().__init__(**options)
        self._before_file = before_file

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> Parsed:
        """Return the stream, the fields and the files; both are empty if the form is malformed."""
        boundary = (options or {}).get("boundary", "")
        if mimetype != FORM or not (boundary and boundary.isascii()):
            return super().parse(stream, mimetype, content_length, options)
        fields: FormFields = MultiDict()
        files: MultiDict[str, FileStorage] = MultiDict()
        try:
            for part, pieces in self._parts(stream, boundary.encode()):
                if isinstance(part, Field):
                    fields.add(part.name, self._read_text(pieces))
                else:
                    self._before_file(fields)
                    files.add(part.name, self._store(part, pieces, content_length))
        except ValueError:  # malformed form
            return stream, MultiDict(), MultiDict()
        return stream, fields, files

    def _parts(
        self, stream: IO[bytes], boundary: bytes
    ) -> Iterator[tuple[Field | File, Iterator[bytes]]]:
        """Yield each part with its content, which must be consumed before the next part."""
        decoder = MultipartDecoder(
            boundary,
            max_form_memory_size=self.max_form_memory_size,
            max_parts=self.max_form_parts,
        )
        events = _events(stream, decoder)
        for event in events:
            if isinstance(event, Field | File):
                yield event, _content(events)

    def _read_text(self, pieces: Iterator[bytes]) -> str:
        text = bytearray()
        for piece in pieces:
            text += piece
            if len(text) > (self.max_form_memory_size or len(text)):
                raise RequestEntityTooLarge
        return text.decode(errors="replace")

    def _store(
        self, part: File, pieces: Iterator[bytes], content_length: int | None
    ) -> FileStorage:
        container: Any = self.stream_factory(
            total_content_length=content_length,
            filename=part.filename,
            content_type=part.headers.get("content-type"),
        )
        for piece in pieces:
            container.write(piece)
        container.seek(0)
        return FileStorage(container, part.filename, part.name, headers=part.headers)


def _events(stream: IO[bytes], decoder: MultipartDecoder) -> Iterator[Any]:
    is_over = False
    while not is_over:
        chunk = stream.read(_CHUNK_BYTES)
        decoder.receive_data(chunk or None)
        is_over = not chunk
        event = decoder.next_event()
        while not isinstance(event, Epilogue | NeedData):
            yield event
            event = decoder.next_event()


def _content(events: Iterator[Any]) -> Iterator[bytes]:
    for event in events:
        if isinstance(event, Data):
            yield event.data
            if not event.more_data:
                return
