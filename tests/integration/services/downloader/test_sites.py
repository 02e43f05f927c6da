"""Proxies, cookies, file names and request intervals of downloads."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from services.downloader.pacing import Pacer
from services.downloader.settings import DownloaderSettings
from services.downloader.work import run
from services.kit.jobs.redis_client import connect
from services.kit.work import Artifact, JobContext, WorkError
from tests.support.project import ROOT
from tests.support.work_context import SAMPLES, RecordingReport
from tools.waiting import wait_until

CLIP = (SAMPLES / "jfk.wav").read_bytes()
DOWNLOAD = """
import sys
from pathlib import Path
from services.downloader.work import run
from services.kit.work import JobContext, discard

run(JobContext("job", {"url": sys.argv[1]}, Path(sys.argv[2]), discard))
"""
COOKIES = "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tpass\tmember\n"


class Site:
    """A web server, or a proxy, with one clip; it remembers the requests it gets."""

    def __init__(self, status_code: Callable[[Any], int] = lambda _: 200) -> None:
        self.seen: list[dict[str, str]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.seen.append(dict(self.headers))
                status = status_code(self.headers)
                self.send_response(status)
                self.send_header("Content-Type", "audio/wav")
                self.send_header("Last-Modified", formatdate(1, usegmt=True))
                self.send_header("Content-Length", str(len(CLIP) if status == 200 else 0))
                self.end_headers()
                if status == 200 and self.command == "GET":
                    self.wfile.write(CLIP)

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *arguments: Any) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


Open = Callable[..., Site]


@pytest.fixture
def open_site() -> Iterator[Open]:
    sites: list[tuple[Site, threading.Thread]] = []

    def start(*arguments: Any) -> Site:
        site = Site(*arguments)
        thread = threading.Thread(target=site.server.serve_forever)
        thread.start()
        sites.append((site, thread))
        return site

    yield start
    for site, thread in sites:
        site.server.shutdown()
        site.server.server_close()
        thread.join()


@pytest.fixture
def download(redis_url: str, tmp_path: Path) -> Callable[..., Artifact]:
    """Downloads a URL with the settings of a test, each time as a new job."""

    def download_video(url: str, **settings: Any) -> Artifact:
        work_dir = tmp_path / f"work-{time.monotonic_ns()}"
        work_dir.mkdir()
        context = JobContext("job", {"url": url}, work_dir, RecordingReport())
        allowing = DownloaderSettings(
            redis_url=redis_url, **{"allow_private_addresses": True, **settings}
        )
        return run(context, allowing)

    return download_video


@pytest.mark.parametrize("status_code", [403, 429])
def test_a_blocked_proxy_cools_down_and_the_next_one_is_used(
    open_site: Open, download: Callable[..., Artifact], status_code: int
) -> None:
    refused, working = open_site(lambda _: status_code), open_site()
    proxies = (refused.url, working.url)
    for _ in range(4):
        artifact = download("http://video.example/clip.wav", proxies=proxies)
        assert artifact.path.read_bytes() == CLIP
    assert refused.seen
    first = len(refused.seen)
    download("http://video.example/clip.wav", proxies=proxies)
    assert len(refused.seen) == first


def test_when_all_proxies_rest_the_job_may_be_tried_later(
    open_site: Open, download: Callable[..., Artifact]
) -> None:
    proxy = open_site(lambda _: 429)
    for _ in range(2):
        with pytest.raises(WorkError) as refusal:
            download("http://video.example/clip.wav", proxies=(proxy.url,))
        assert (refusal.value.code, refusal.value.retryable) == ("rate_limited", True)
    seen = len(proxy.seen)
    with pytest.raises(WorkError):
        download("http://video.example/clip.wav", proxies=(proxy.url,))
    assert len(proxy.seen) == seen


def test_a_proxy_that_has_rested_takes_its_turn_again(
    open_site: Open, download: Callable[..., Artifact]
) -> None:
    answers = iter([429])
    proxy = open_site(lambda _: next(answers, 200))
    settings = {"proxies": (proxy.url,), "proxy_cooldown_s": 0.001}
    with pytest.raises(WorkError):
        download("http://video.example/clip.wav", **settings)
    assert download("http://video.example/clip.wav", **settings).path.read_bytes() == CLIP


def test_a_proxy_of_this_network_may_be_used_but_not_for_its_neighbours(
    open_site: Open, download: Callable[..., Artifact]
) -> None:
    proxy = open_site()
    settings = {"proxies": (proxy.url,), "allow_private_addresses": False}
    assert download("http://video.example/clip.wav", **settings).path.read_bytes() == CLIP
    seen = len(proxy.seen)
    with pytest.raises(WorkError) as refusal:
        download("http://127.0.0.2/clip.wav", **settings)
    assert refusal.value.code == "forbidden_address"
    assert len(proxy.seen) == seen


def test_cookies_are_sent_and_their_file_stays_as_it_is(
    open_site: Open, download: Callable[..., Artifact], tmp_path: Path
) -> None:
    site = open_site(lambda headers: 200 if "pass=member" in headers.get("Cookie", "") else 401)
    with pytest.raises(WorkError) as refusal:
        download(f"{site.url}/clip.wav")
    assert refusal.value.code == "private_video"
    cookies = tmp_path / "cookies.txt"
    cookies.write_text(COOKIES)
    download(f"{site.url}/clip.wav", cookies_file=cookies)
    assert cookies.read_text() == COOKIES


def test_the_chosen_user_agent_is_sent(open_site: Open, download: Callable[..., Artifact]) -> None:
    site = open_site()
    download(f"{site.url}/clip.wav", user_agent="Captioner/1")
    assert {headers["User-Agent"] for headers in site.seen} == {"Captioner/1"}


def test_downloads_from_one_site_keep_their_distance_and_others_do_not_wait(
    redis_url: str,
) -> None:
    redis: Redis = connect(redis_url)
    ticks: list[float] = []
    pacer, other_worker = Pacer(redis, interval_s=1.5), Pacer(redis, interval_s=1.5)
    start = time.monotonic()
    pacer.wait("http://a.example/1", lambda: None)
    other_worker.wait("http://b.example/1", lambda: None)
    assert time.monotonic() - start < 0.5
    other_worker.wait("http://a.example/2", lambda: ticks.append(time.monotonic()))
    assert 0.9 < time.monotonic() - start < 2.5
    assert len(ticks) >= 2


def test_without_an_interval_there_is_no_wait(redis_url: str) -> None:
    pacer = Pacer(connect(redis_url), interval_s=0)
    for _ in range(3):
        pacer.wait("http://a.example/1", pytest.fail)


def test_a_job_reports_while_a_site_delays_its_response(
    open_site: Open, redis_url: str, tmp_path: Path
) -> None:
    reports: list[float] = []

    def think(_headers: Any) -> int:
        known = len(reports)
        wait_until(lambda: len(reports) > known, timeout_s=10, what="a report")
        return 200

    def report(progress: float, **_: Any) -> None:
        reports.append(progress)

    context = JobContext("job", {"url": f"{open_site(think).url}/a.wav"}, tmp_path, report)
    run(context, DownloaderSettings(redis_url=redis_url, allow_private_addresses=True))


def test_plugins_and_settings_that_lie_on_the_machine_are_not_used(
    open_site: Open, redis_url: str, tmp_path: Path
) -> None:
    """In a process of its own: yt-dlp looks for plugins once."""
    mark, packages = tmp_path / "mark", tmp_path / "packages"
    plugin = packages / "yt_dlp_plugins" / "extractor" / "theirs.py"
    settings = tmp_path / "config" / "yt-dlp" / "config"
    for path, text in {
        plugin: f"open({str(mark)!r}, 'w')",
        settings: f"--exec before_dl:touch {mark}",
    }.items():
        path.parent.mkdir(parents=True)
        path.write_text(text)
    (tmp_path / "work").mkdir()
    subprocess.run(
        [sys.executable, "-c", DOWNLOAD, f"{open_site().url}/clip.wav", str(tmp_path / "work")],
        check=True,
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([str(packages), str(ROOT)]),
            "XDG_CONFIG_HOME": str(settings.parents[1]),
            "REDIS_URL": redis_url,
            "ALLOW_PRIVATE_ADDRESSES": "true",
        },
    )
    assert [path.read_bytes() for path in (tmp_path / "work").iterdir()] == [CLIP]
    assert not mark.exists()
