"""Channels: opposite phases, many microphones, surround sound, and separate parties."""

from pathlib import Path

import numpy as np

from benchmarks.media.case import Case, Json, Make, Said, Transcribed
from benchmarks.media.clips import Sound
from benchmarks.media.recipes import JFK, Recipe, make_noise, on_channels, one
from benchmarks.media.workshop import Take, Workshop

_BOTH = ((0, 1.0), (1, 1.0))
_MP3 = ("-ar", "44100", "-b:a", "128k")


def _transcribed(*said: Said, **more: object) -> tuple[Transcribed, ...]:
    return (Transcribed(said, **more),)  # type: ignore[arg-type]  # the fields of Transcribed by name


_ALL = _transcribed(Said("jfk", 0))


def _inverted(gain: float = -1.0) -> Recipe:
    return Recipe((Take("jfk", 0.0, ((0, 1.0), (1, gain))),), channels=2)


def _delayed(sound: Sound, rate_hz: int) -> Sound:
    whole = sound.copy()
    whole[1] = -np.roll(sound[0], round(0.0005 * rate_hz))
    return whole


def _inverted_cases() -> list[Case]:
    wide = Recipe((Take("jfk", 0.0, _BOTH),), channels=2, change=(_delayed,))
    inverted = _inverted()
    forms = {
        "left = -right": ("a.wav", inverted),
        "left = -0.9 right": ("a.wav", _inverted(-0.9)),
        "left = -0.5 right": ("a.wav", _inverted(-0.5)),
        "left = -right, half a millisecond later": ("a.wav", wide),
        "left = -right in mp3": ("a.mp3", Recipe(inverted.takes, 2, encode=_MP3)),
        "left = -right in joint stereo mp3": (
            "a.mp3",
            Recipe(inverted.takes, 2, encode=("-ar", "44100", "-b:a", "64k", "-joint_stereo", "1")),
        ),
        "left = -right in aac": ("a.m4a", Recipe(inverted.takes, 2, encode=("-c:a", "aac"))),
        "left = -right in opus": ("a.opus", Recipe(inverted.takes, 2, encode=("-c:a", "libopus"))),
        "left = -right in vorbis": (
            "a.ogg",
            Recipe(inverted.takes, 2, encode=("-c:a", "libvorbis")),
        ),
        "left = -right in flac": ("a.flac", Recipe(inverted.takes, 2, encode=("-c:a", "flac"))),
    }
    return [Case("channels", name, one(*form), _ALL) for name, form in forms.items()]


def _microphone(count: int) -> Make:
    """Put the speech on one channel, chosen by the seed."""

    def make(shop: Workshop, own: Path) -> str:
        chosen = shop.draw(f"microphone {count}").randrange(count)
        return on_channels(count, [chosen]).make(shop, own / "a.wav").name

    return make


def _microphone_cases() -> list[Case]:
    counts = (3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 24, 32)
    any_one = [
        Case("channels", f"{n} microphones, one of them", _microphone(n), _ALL) for n in counts
    ]
    fixed = [
        Case("channels", f"microphone {k + 1} of {n}", one("a.wav", on_channels(n, [k])), _ALL)
        for n, k in ((3, 2), (6, 3), (6, 4), (8, 3), (8, 7), (12, 11), (16, 15), (32, 31))
    ]
    turns = Recipe((Take("jfk", 0, ((0, 1.0),)), Take("austen", 11.5, ((2, 1.0),))), channels=4)
    quiet = Recipe((Take("jfk", 0, ((0, 0.03),)),), channels=4)
    noisy = Recipe((Take("jfk", 0, ((1, 0.5),)),), channels=4, change=(_noise_elsewhere,))
    return [
        *any_one,
        *fixed,
        Case(
            "channels",
            "11 microphones, all of them",
            one("a.wav", on_channels(11, range(11))),
            _ALL,
        ),
        Case(
            "channels",
            "two people on two of four microphones",
            one("a.wav", turns),
            (Transcribed(turns.said()),),
            {"channels": "mix"},
        ),
        Case("channels", "a quiet microphone of four", one("a.wav", quiet), _ALL),
        Case("channels", "a microphone of four, noise on the others", one("a.wav", noisy), _ALL),
        Case(
            "channels",
            "9 channels in mka",
            one("a.mka", Recipe(on_channels(9, [8]).takes, 9, encode=("-c:a", "pcm_s16le"))),
            _ALL,
        ),
    ]


def _noise_elsewhere(sound: Sound, _rate_hz: int) -> Sound:
    whole = sound.copy()
    for channel in (0, 2, 3):
        whole[channel] += make_noise(sound.shape[1], 0.01, color=1, seed=channel)
    return whole


def _rumble(sound: Sound, rate_hz: int) -> Sound:
    """Put a loud rumble on the low-frequency channel, the fourth."""
    whole = sound.copy()
    time_s = np.arange(sound.shape[1]) / rate_hz
    whole[3] += (0.7 * np.sin(2 * np.pi * 55 * time_s)).astype(np.float32)
    return whole


def _surround(carrying: int, *encode: str, rumble: bool = False) -> Recipe:
    layout = ("-af", "pan=5.1|c0=c0|c1=c1|c2=c2|c3=c3|c4=c4|c5=c5", "-ar", "48000")
    change = (_rumble,) if rumble else ()
    takes = on_channels(6, [carrying]).takes
    return Recipe(takes, 6, rate_hz=48_000, change=change, encode=(*layout, *encode))


def _surround_cases() -> list[Case]:
    forms = {
        "5.1 ac3, center": ("a.ac3", _surround(2, "-c:a", "ac3")),
        "5.1 ac3, center, and a rumble": ("a.ac3", _surround(2, "-c:a", "ac3", rumble=True)),
        "5.1 eac3, side": ("a.eac3", _surround(4, "-c:a", "eac3")),
        "5.1 aac, center": ("a.m4a", _surround(2, "-c:a", "aac")),
        "5.1 aac, side": ("a.mp4", _surround(5, "-c:a", "aac")),
        "5.1 flac, center, and a rumble": ("a.flac", _surround(2, "-c:a", "flac", rumble=True)),
        "5.1 opus, center": ("a.mka", _surround(2, "-c:a", "libopus", "-mapping_family", "1")),
        "5.1 wav that names its layout": ("a.wav", _surround(2, "-c:a", "pcm_s24le")),
        "5.1 dts in mka": ("a.mka", _surround(2, "-c:a", "dca", "-strict", "-2")),
    }
    return [Case("channels", name, one(*form), _ALL) for name, form in forms.items()]


def _stereo_cases() -> list[Case]:
    same = Recipe((Take("jfk", 0, _BOTH),), channels=2)
    left = Recipe((Take("jfk", 0, ((0, 1.0),)),), channels=2)
    uneven = Recipe(
        (Take("jfk", 0, ((0, 1.0), (1, 0.4))), Take("austen", 11.5, ((0, 0.4), (1, 1.0)))),
        channels=2,
    )
    hum = Recipe((Take("jfk", 0, ((1, 1.0),)),), channels=2, change=(_hum_left,))
    return [
        Case("channels", "stereo with the same on both", one("a.wav", same), _ALL),
        Case("channels", "speech on the left only", one("a.wav", left), _ALL),
        Case(
            "channels",
            "two people on both microphones",
            one("a.wav", uneven),
            (Transcribed(uneven.said()),),
        ),
        Case("channels", "a hum on the left, speech on the right", one("a.wav", hum), _ALL),
    ]


def _hum_left(sound: Sound, rate_hz: int) -> Sound:
    whole = sound.copy()
    time_s = np.arange(sound.shape[1]) / rate_hz
    whole[0] += (0.5 * np.sin(2 * np.pi * 50 * time_s)).astype(np.float32)
    return whole


def _call(*parties: tuple[str, float], bleed: float = 0.0, rate_hz: int = 16_000) -> Recipe:
    """Put each party's clips on a separate channel; ``(clip, at_s)`` in the order of parties."""
    count = len(parties)
    takes = []
    for own, (clip, at_s) in enumerate(parties):
        gains = tuple((c, 1.0 if c == own else bleed) for c in range(count) if c == own or bleed)
        takes.append(Take(clip, at_s, gains))
    return Recipe(takes, count, rate_hz=rate_hz)


def _by_party(recipe: Recipe) -> tuple[Said, ...]:
    """Return the words of each party: a take belongs to its loudest channel."""
    return tuple(
        Said(take.clip, take.at_s, speaker=str(max(take.channels, key=lambda pair: pair[1])[0]))
        for take in recipe.takes
    )


def _leak(level_db: float, delay_s: float) -> Recipe:
    """Put English on the left and Portuguese on the right, each also on the other channel."""
    takes = (
        Take("jfk", 0, ((0, 1.0),)),
        Take("pt", 8.5, ((1, 1.0),)),
        Take("pt", 12.5, ((1, 1.0),)),
    )

    def change(sound: Sound, rate_hz: int) -> Sound:
        shift = round(delay_s * rate_hz)
        late = np.roll(sound[::-1], shift, axis=1)
        late[:, :shift] = 0
        return (0.8 * (sound + 10 ** (level_db / 20) * late)).astype(np.float32)

    return Recipe(takes, 2, length_s=17, change=(change,))


def _in_a_room(sound: Sound, rate_hz: int) -> Sound:
    """Put two people in a room with two microphones, each slightly closer to one of them."""
    length = round(0.4 * rate_hz)
    fall = 10 ** (-3 * np.arange(length) / length)
    recorded = np.zeros_like(sound)
    for microphone in (0, 1):
        for person in (0, 1):
            tail = np.random.default_rng(2 * microphone + person).standard_normal(length)
            response = (0.04 * tail * fall).astype(np.float32)
            response[0] += 1.0 if person == microphone else 0.6
            voice = np.convolve(sound[person], response)[: sound.shape[1]]
            shift = 0 if person == microphone else round(0.003 * rate_hz)
            recorded[microphone, shift:] += voice[: sound.shape[1] - shift]
    return 0.6 * recorded


def _leak_cases() -> list[Case]:
    warned = frozenset({"language_changes"})
    calls = [
        Case(
            "crosstalk",
            f"{level_db} dB, {delay_s * 1000:g} ms, {asked}",
            one("a.wav", recipe),
            (Transcribed(_by_party(recipe), may_warn=warned, most_errors=0.15),),
            {"channels": asked},
        )
        for level_db in (-6, -12, -20)
        for delay_s in (0.0, 0.02, 0.1)
        for asked in ("auto", "separate")
        for recipe in [_leak(level_db, delay_s)]
    ]
    turns = (Take("jfk", 0, ((0, 1.0),)), Take("austen", 11.5, ((1, 1.0),)))
    panned = tuple(Take(take.clip, take.at_s, ((0, 1.0), (1, 0.7))) for take in turns)
    stereo = {
        "an interview in a room": Recipe(turns, 2, change=(_in_a_room,)),
        "two people panned slightly": Recipe(
            (panned[0], Take("austen", 11.5, ((0, 0.7), (1, 1)))), 2
        ),
        "one voice, later on the right": Recipe(JFK, 2, change=(_later_on_the_right,)),
    }
    return calls + [
        Case(
            "crosstalk",
            name,
            one("a.wav", recipe),
            (Transcribed(recipe.said(), checks=(_is_mixed,)),),
        )
        for name, recipe in stereo.items()
    ]


def _later_on_the_right(sound: Sound, rate_hz: int) -> Sound:
    whole = sound.copy()
    shift = round(0.025 * rate_hz)
    whole[1, shift:] = 0.5 * sound[0, :-shift]
    return whole


def _is_mixed(job: Json) -> str | None:
    speakers = {each.get("speaker") for each in job["transcript"]["segments"]} - {None}
    return f"channels are apart: {sorted(speakers)}" if speakers else None


def _call_cases() -> list[Case]:
    little = Recipe(
        (
            Take("jfk", 0, ((0, 1.0),)),
            Take("man", 8.0, ((1, 1.0),)),
            Take("austen", 13, ((0, 1.0),)),
            Take("unless", 21, ((0, 1.0),)),
        ),
        2,
    )
    turns = Recipe(
        (
            Take("man", 0, ((0, 1.0),)),
            Take("unless", 3.5, ((1, 1.0),)),
            Take("austen", 9.5, ((0, 1.0),)),
            Take("jfk", 17, ((1, 1.0),)),
        ),
        2,
    )
    phone = _call(("jfk", 0), ("austen", 3), rate_hz=8000)
    calls = {
        "on the telephone": ("a.wav", phone),
        "both at once": ("a.wav", _call(("jfk", 0), ("austen", 0))),
        "with crosstalk": ("a.wav", _call(("jfk", 0), ("austen", 3), bleed=0.1)),
        "one says little": ("a.wav", little),
        "in turns": ("a.wav", turns),
        "as mp3": ("a.mp3", Recipe(phone.takes, 2, encode=_MP3)),
        "as 8-bit telephony": ("a.wav", Recipe(phone.takes, 2, 8000, encode=("-c:a", "pcm_mulaw"))),
    }
    cases = [
        Case(
            "calls",
            f"{name}, {asked}",
            one(file, recipe),
            (Transcribed(_by_party(recipe), most_errors=0.2),),
            {"channels": asked},
        )
        for name, (file, recipe) in calls.items()
        for asked in ("separate", "auto")
    ]
    three = _call(("jfk", 0), ("austen", 4), ("unless", 7))
    languages = _call(("jfk", 0), ("pt", 2))
    kept = _call(("jfk", 0), ("austen", 3))
    return [
        *cases,
        Case(
            "calls",
            "not asked",
            one("a.wav", phone),
            (Transcribed(_by_party(phone), most_errors=0.2),),
        ),
        Case(
            "calls",
            "three parties",
            one("a.wav", three),
            (Transcribed(_by_party(three)),),
            {"channels": "separate"},
        ),
        Case(
            "calls",
            "separate, though mono is asked for",
            one("a.wav", kept),
            (Transcribed(_by_party(kept)),),
            {"channels": "separate", "convert_to_mono": True},
        ),
        Case(
            "calls",
            "two languages",
            one("a.wav", languages),
            (Transcribed(_by_party(languages), may_warn=frozenset({"language_changes"})),),
            {"channels": "separate"},
        ),
        Case(
            "calls",
            "in turns, uploaded",
            one("a.wav", turns),
            (Transcribed(_by_party(turns), most_errors=0.2),),
            {"channels": "separate"},
            is_upload=True,
        ),
        Case(
            "calls",
            "in turns, mixed",
            one("a.wav", turns),
            (Transcribed(turns.said()),),
            {"channels": "mix"},
        ),
    ]


CASES = [
    *_inverted_cases(),
    *_microphone_cases(),
    *_surround_cases(),
    *_stereo_cases(),
    *_call_cases(),
    *_leak_cases(),
]
