"""The downloader's description, for its API (``wsgi.py``) and its worker (``tasks.py``)."""

from services.downloader.options import PlaylistOptions, SubmissionOptions, check
from services.downloader.runtimes import describe_runtime
from services.downloader.settings import DownloaderSettings
from services.kit.service import Service

SERVICE = Service(
    name="downloader",
    title="video-downloader",
    id_prefix="dl_",
    settings=DownloaderSettings,
    options=SubmissionOptions,
    takes_file=False,
    check=check,
    extra_submissions={"playlists": PlaylistOptions},
    health_details=describe_runtime,
    documents=("playlist", "captions"),
)
