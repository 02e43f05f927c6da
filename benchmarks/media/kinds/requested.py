"""Options of the request: languages, speakers, captions; and early rejections."""

import re
from itertools import pairwise
from pathlib import Path

from benchmarks.media.case import Case, Check, Json, Make, Refused, Rejected, Said, Transcribed
from benchmarks.media.recipes import Recipe, copied, mp3, one, said
from benchmarks.media.workshop import Workshop

_JFK = (Transcribed((Said("jfk", 0),)),)
_PT = (Transcribed((Said("pt", 0),)),)
_NO_SOUND = Refused(frozenset({"not_audio", "unsupported_url"}))
_DUO = Recipe(said("jfk", "austen"))
_CAPTIONS = """WEBVTT

00:00:01.000 --> 00:00:04.000
今日はとても
いい天気です。

00:00:05.000 --> 00:00:08.000
<i>散歩</i>に
行きましょう。
"""


def _language_cases() -> list[Case]:
    known = {
        "en-US": "jfk",
        "eng": "jfk",
        "EN": "jfk",
        "pt-BR": "pt",
        "por": "pt",
        "pt_BR": "pt",
        "auto": "pt",
    }
    transcribed = [
        Case(
            "requests",
            f"language {code}",
            one("a.wav", Recipe(said(clip))),
            _JFK if clip == "jfk" else _PT,
            {"language": code},
        )
        for code, clip in known.items()
    ]
    # Whisper supports these languages; the transcript of the clip does not matter.
    accepted = [
        Case(
            "requests",
            f"language {code}",
            copied(b"no sound" * 20, "text.mp3"),
            (_NO_SOUND,),
            {"language": code},
        )
        for code in ("iw", "in", "zh-TW", "nb", "yue", "haw", "fil", "jw")
    ]
    refused = [
        Case(
            "requests",
            f"language {code}",
            one("a.wav", Recipe()),
            (Rejected("language"),),
            {"language": code},
        )
        for code in ("xx", "klingon", "e", "en_us_x_y_z!")
    ]
    return [*transcribed, *accepted, *refused]


def _lacking_cases() -> list[Case]:
    make = one("a.wav", Recipe())
    return [
        Case(
            "requests",
            "a translation that does not exist",
            make,
            (Rejected("language_out"), Rejected("translat")),
            {"language": "en", "language_out": "ja"},
        ),
        Case(
            "requests",
            "channels of an unknown name",
            make,
            (Rejected("channels"),),
            {"channels": "left"},
        ),
        Case("requests", "track 0", make, (Rejected("audio_track"),), {"audio_track": 0}),
        Case(
            "requests",
            "a track of no language",
            make,
            (Rejected("audio_track"),),
            {"audio_track": "xx-yy-zz"},
        ),
    ]


def _names_in_captions(job: Json) -> str | None:
    """Check that every format has both speakers, and no cue has both."""
    transcript = job["transcript"]
    names = sorted({each.get("speaker") for each in transcript["segments"] if each.get("speaker")})
    for form in ("srt", "vtt", "txt"):
        if missing := [name for name in names if name not in transcript[form]]:
            return f"{form} does not name {', '.join(missing)}"
    for cue in re.split(r"\n\n", transcript["srt"]):
        if sum(name in cue for name in names) > 1:
            return f"a cue has two speakers: {cue!r}"
    return None


def _speaker_cases() -> list[Case]:
    spoken = (Said("jfk", 0, speaker="a"), Said("austen", 11, speaker="b"))
    again = Recipe(said("jfk", "austen", "jfk"))
    spoken_again = (*spoken, Said("jfk", 18.1, speaker="a"))
    return [
        Case(
            "speakers",
            "two",
            one("a.wav", _DUO),
            (Transcribed(spoken, checks=(_names_in_captions,)),),
            {"diarize": True},
        ),
        Case(
            "speakers",
            "two, the first again",
            one("a.wav", again),
            (Transcribed(spoken_again, checks=(_names_in_captions,)),),
            {"diarize": True},
        ),
    ]


def _captioned(captions: str, language: str) -> Make:
    def make(shop: Workshop, own: Path) -> str:
        mp3(shop, own / "jfk.mp3")
        (own / "talk.vtt").write_text(captions)
        (own / "talk.html").write_text(
            '<!doctype html><title>Talk</title><video><source src="jfk.mp3" type="audio/mpeg">'
            f'<track kind="subtitles" srclang="{language}" src="talk.vtt"></video>'
        )
        return "talk.html"

    return make


def _without_spaces(job: Json) -> str | None:
    text = str(job["transcript"]["text"])
    wanted = "今日はとてもいい天気です。散歩に行きましょう。"
    if "".join(text.split()) != wanted:
        return f"the text is {text!r}"
    inner = [line for line in re.split(r"[\n。]", text) if " " in line.strip()]
    return f"spaces between words: {text!r}" if inner else None


def _wrapped(job: Json) -> str | None:
    text = str(job["transcript"]["srt"])
    broken = [line for line in text.splitlines() if re.search(r"[぀-ヿ一-鿿] [぀-ヿ一-鿿]", line)]
    return f"spaces in a cue: {broken}" if broken else None


def _no_gaps(job: Json) -> str | None:
    """Check that gaps of less than half a second between cues are closed (Netflix's guide)."""
    cues = job["transcript"]["cues"]
    gaps = [round(b["start"] - a["end"], 3) for a, b in pairwise(cues)]
    wrong = [gap for gap in gaps if 0.1 < gap < 0.5]  # noqa: PLR2004 - two frames to half a second
    return f"gaps between cues of {wrong} s" if wrong else None


def _no_orphan(job: Json) -> str | None:
    cues = job["transcript"]["cues"]
    last = " ".join(cues[-1]["lines"]) if cues else ""
    return f"the last cue is {last!r}" if len(cues) > 1 and len(last.split()) == 1 else None


def _caption_cases() -> list[Case]:
    checks: tuple[Check, ...] = (_without_spaces, _wrapped)
    japanese = Transcribed((), most_errors=None, language="ja", checks=checks)
    style = Recipe(said("jfk", "austen", "unless", "man"))
    return [
        Case(
            "captions", "Japanese", _captioned(_CAPTIONS, "ja"), (japanese,), {"captions": "prefer"}
        ),
        Case(
            "captions",
            "gaps and orphans",
            one("a.wav", style),
            (Transcribed(style.said(), checks=(_no_gaps, _no_orphan)),),
        ),
    ]


CASES = [*_language_cases(), *_lacking_cases(), *_speaker_cases(), *_caption_cases()]
