"""The downloader's description; ``wsgi.py`` makes an API of it, ``tasks.py`` a worker."""

from services.downloader.options import PlaylistOptions, SubmissionOptions, check
from services.downloader.runtimes import describe
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
    health_details=describe,
    documents=("playlist", "captions"),
)
