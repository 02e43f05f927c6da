"""The hardest input of each kind of media is transcribed by the real services.

`make media` has all of them.
"""

import pytest

from benchmarks.media.catalogue import load_catalogue
from benchmarks.media.runner import run_cases
from benchmarks.media.verdict import Verdict

# The first test waits for all jobs, which run side by side.
pytestmark = pytest.mark.timeout(900)

HARDEST = (
    "calls/both-at-once-separate",
    "captions/japanese",
    "chained/opus-three-links",
    "change/pt-en-asked-as-en",
    "channels/12-microphones-one-of-them",
    "channels/left--right-in-mp3",
    "crosstalk/6-db-100-ms-separate",
    "damaged/mp4",
    "hls/an-ad-break-of-another-rate-and-channels",
    "holes/a-piece-is-404",
    "holes/a-piece-is-half-a-file",
    "joined/aac-three-parts",
    "languages/pt-en-pt-en-pt-with-short-pauses",
    "late/4.9-s-after-the-picture-in-ts-with-mp2",
    "late/resumes-after-twelve-minutes-in-ts",
    "no-sound/0-bytes-mp3",
    "no-speech/breath",
    "noise/40-s-of-loud-pink-noise-then-speech",
    "offset/on-one-channel-of-two",
    "requests/language-klingon",
    "requests/language-pt-br",
    "servers/206-that-lies",
    "servers/a-login",
    "servers/a-script-whose-link-works-once",
    "servers/endless",
    "servers/more-than-content-length",
    "sizes/float-samples-times-10000",
    "tracks/two-silent-then-speech",
    "truncated/mp3-after-50",
    "undecodable/first-of-two",
)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """The verdict on each case, from one run of all of them."""
    cases = {f"{case.kind}/{case.slug}": case for case in load_catalogue()}
    run = run_cases([cases[name] for name in HARDEST], tmp_path_factory.mktemp("media"))
    return {f"{verdict.case.kind}/{verdict.case.slug}": verdict for verdict in run.verdicts}


@pytest.mark.parametrize("name", HARDEST)
def test_an_input_is_heard_or_refused_rightly(name: str, verdicts: dict[str, Verdict]) -> None:
    assert not verdicts[name].is_wrong, verdicts[name].reason
