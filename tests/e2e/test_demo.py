"""The first command of the README prints the words of the clip."""

import re
import subprocess
import sys
from pathlib import Path

from tests.support.words import words

_ROOT = Path(__file__).resolve().parents[2]
_SPOKEN = "he was not an ill disposed young man"
_RUN_TIMEOUT_S = 240.0


def test_the_demo_prints_the_words_of_a_clip_and_leaves_its_subtitles() -> None:
    clip = _ROOT / "samples" / "sense_and_sensibility_01_austen_64kb-0880.wav"
    demo = subprocess.run(
        [sys.executable, "-m", "tools.demo", clip],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=_RUN_TIMEOUT_S,
        check=False,
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert any(words(line) == words(_SPOKEN) for line in demo.stdout.splitlines())
    subtitles = re.search(r"^subtitles: (.+)$", demo.stdout, re.MULTILINE)
    assert subtitles
    assert " --> " in (_ROOT / subtitles[1]).read_text(encoding="utf-8")
