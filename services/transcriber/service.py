"""The transcriber's description; ``wsgi.py`` makes an API of it, ``tasks.py`` a worker."""

from services.kit.service import Form, Service
from services.transcriber.languages import languages
from services.transcriber.options import SubmissionOptions, check
from services.transcriber.settings import TranscriberSettings

SERVICE = Service(
    name="transcriber",
    title="audio-transcriber",
    id_prefix="trans_",
    settings=TranscriberSettings,
    options=SubmissionOptions,
    takes_file=True,
    check=check,
    documents=("text", "transcription", "subtitles"),
    forms={
        "srt": Form("subtitles", "application/x-subrip", "srt"),
        "vtt": Form("subtitles", "text/vtt", "vtt"),
        "txt": Form("subtitles", "text/plain", "txt"),
        "json": Form("transcription", "application/json"),
    },
    pages={"languages": languages},
)
