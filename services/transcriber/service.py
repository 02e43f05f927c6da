"""The definition of the transcriber service, from which its API and its worker are created."""

from services.kit.service import DownloadFormat, Service
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
    formats={
        "srt": DownloadFormat("subtitles", "application/x-subrip", "srt"),
        "vtt": DownloadFormat("subtitles", "text/vtt", "vtt"),
        "txt": DownloadFormat("subtitles", "text/plain", "txt"),
        "json": DownloadFormat("transcription", "application/json"),
    },
    pages={"languages": languages},
)
