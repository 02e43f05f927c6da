"""A submitted file as one recording: samples on the media's own time line."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import IO, Any

import numpy as np
from av.container import InputContainer

from services.kit.work import WorkError
from services.media.assembly import Assembler
from services.media.batches import Raw, Run, join
from services.media.cleaning import LevelCount, Samples, clean_floats
from services.media.damage import Damage, Warning_
from services.media.decoding import Decoder
from services.media.demuxing import Demuxer
from services.media.opening import open_container
from services.media.parts import FileMap, Part, map_file
from services.media.slices import FileSlice
from services.media.speech import RATE_HZ, SpeechMeter
from services.media.stated_duration import find_stated_duration_s
from services.media.timing import read_stream_duration_s
from services.media.tracks import Track, find_requested_track, list_tracks, order_tracks

FLOAT_CODECS = ("pcm_f16", "pcm_f24", "pcm_f32", "pcm_f64")
UNDECODABLE = "Nothing in the file can be decoded as audio."
MOST_IDLE_S = 300.0
MIN_LOST_S = 0.3
MAX_LOST_S = 60.0


@dataclass
class Recording:
    """An upload with one chosen audio track. Each call of ``read`` starts from the beginning."""

    path: Path
    tracks: tuple[Track, ...]
    chosen: Track
    duration_s: float | None
    """Duration that the file states; it is not measured."""
    file_map: FileMap
    is_track_requested: bool = False
    """The client requested this track."""
    others_with_sound: tuple[Track, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    damage: Damage = field(default_factory=Damage)
    """Damage that the last ``read`` found."""
    most_idle_s: float = MOST_IDLE_S
    """Seconds without a decoded frame after which reading fails."""
    _scale: float | None = None

    @property
    def channels(self) -> int:
        """Return the number of channels of the chosen track, at least 1."""
        return self.chosen.channels or 1

    @property
    def _stores_floats(self) -> bool:
        return str(self.chosen.codec).startswith(FLOAT_CODECS)

    @property
    def layout(self) -> tuple[str, ...] | None:
        """Return the names of the channels, if the file states them."""
        return self.chosen.layout

    def read(self, rate_hz: int, *, max_duration_s: float) -> Iterator[Samples]:
        """Yield the chosen track in blocks of about a second.

        Time without sound is silence: before a late start, in gaps, and for lost packets. DC
        offsets are removed. Memory use does not depend on the duration.

        Args:
            rate_hz: Sample rate.
            max_duration_s: Maximum duration; a small file can decode to years.

        Returns:
            Blocks of shape ``(channels, length)``.

        Raises:
            WorkError: ``not_audio`` if nothing can be decoded, ``file_too_large`` if it is too
                long, ``decoding_stalled`` if decoding does not progress.
        """
        self.damage = Damage()
        assembler = Assembler(rate_hz, self.channels, max_duration_s)
        previous: Demuxer | None = None
        base_s = 0.0
        for part, following in zip_longest(self.file_map.parts, self.file_map.parts[1:]):
            is_continued = following is not None and following.continues
            if not part.continues:
                previous, base_s = None, assembler.position_s
            with self._open(part, previous) as decoder:
                if decoder is None:
                    continue
                previous = decoder.packets
                for run in join(decoder.decode()):
                    yield from self._write(assembler, run, base_s)
                self._record_followed_streams(decoder)
                if is_continued:
                    continue
                self._record_part_end(decoder, assembler, base_s, is_last=following is None)
                self._record_lost_end(decoder, assembler, base_s, part)
                if following:
                    yield from assembler.pad(base_s + decoder.packets.end_s)
        yield from assembler.finish()
        if not self.damage.sound_end_s:
            raise WorkError("not_audio", UNDECODABLE)

    def peek(self) -> Iterator[Samples]:
        """Yield the chosen track at 16 kHz, without regard to timestamps and damage."""
        assembler = Assembler(RATE_HZ, self.channels, float("inf"))
        for part in self.file_map.parts:
            with self._open(part) as decoder:
                for run in join(decoder.decode() if decoder else ()):
                    if run.samples is not None:
                        yield from assembler.write(self._to_float(run.samples), run.rate_hz, None)
        yield from assembler.finish()

    def warnings(self) -> list[Warning_]:
        """Return the warnings for the client; call it after ``read``."""
        return [*self._warn_of_tracks(), *self.damage.warnings()]

    def list_tracks(self) -> list[dict[str, Any]]:
        """Return the tracks as jobs show them."""
        return [track.to_json(chosen=track is self.chosen) for track in self.tracks]

    def _warn_of_tracks(self) -> list[Warning_]:
        if self.is_track_requested or not self.others_with_sound:
            return []
        others = "; ".join(map(str, self.others_with_sound))
        detail = (
            f"The file has several audio tracks. Track {self.chosen} was used, not: {others}. "
            "Send audio_track to choose another."
        )
        return [{"code": "several_tracks", "detail": detail}]

    @contextmanager
    def _open(self, part: Part, previous: Demuxer | None = None) -> Iterator[Decoder | None]:
        is_first = part is self.file_map.parts[0]
        try:
            container = open_part(self.path, part, is_only=len(self.file_map.parts) == 1)
        except WorkError:
            if is_first:
                raise
            self.damage.add_lost(self.damage.sound_end_s, self.damage.sound_end_s, 1)
            yield None
            return
        with container:
            tracks = list_tracks(container)
            playable = [track for track in tracks if track.codec]
            same = [track for track in playable if track.number == self.chosen.number] or playable
            if not same:
                yield None
                return
            yield Decoder(
                container,
                same[0].index,
                self.most_idle_s,
                is_fragmented=part.is_fragmented,
                is_start_lost=part.is_start_lost,
                holes=part.holes,
                previous=previous,
            )

    def _write(self, assembler: Assembler, run: Run, base_s: float) -> Iterator[Samples]:
        at_s = None if run.at_s is None else base_s + run.at_s
        if run.samples is None:
            start_s = assembler.position_s if at_s is None else at_s
            if run.lost_s:
                self.damage.add_lost(start_s, start_s + run.lost_s, 1)
            if at_s is None:
                yield from assembler.pad(start_s + run.lost_s)
            return
        self.damage.clipping.add(
            run.samples, assembler.position_s, run.rate_hz, is_float=self._stores_floats
        )
        yield from assembler.write(self._to_float(run.samples), run.rate_hz, at_s)
        self.damage.sound_end_s = assembler.position_s

    def _to_float(self, raw: Raw) -> Samples:
        if raw.dtype.kind != "f":
            return to_float(raw)
        if self._stores_floats:
            if self._scale is None:
                self._scale = self._find_scale()
            return clean_floats(raw, self._scale)
        return raw.astype(np.float32) if np.isfinite(raw.sum()) else clean_floats(raw, 1.0)

    def _find_scale(self) -> float:
        """Return the scale for float samples; see ``LevelCount.choose_scale``."""
        count = LevelCount()
        for part in self.file_map.parts:
            with self._open(part) as decoder:
                for run in join(decoder.decode() if decoder else ()):
                    if run.samples is not None:
                        count.add(run.samples)
        return count.choose_scale()

    def _record_followed_streams(self, decoder: Decoder) -> None:
        followed = decoder.packets.followed
        self.others_with_sound = tuple(
            track for track in self.others_with_sound if track.index not in followed
        )

    def _record_part_end(
        self, decoder: Decoder, assembler: Assembler, base_s: float, *, is_last: bool
    ) -> None:
        for start_s, end_s in decoder.packets.gaps:
            self.damage.add_lost(base_s + start_s, base_s + end_s, 1)
        if not is_last:
            return
        sound_s = assembler.position_s - base_s
        stated_end_s = find_stated_duration_s(self.path, self.file_map, decoder, sound_s)
        reached_s = max(assembler.position_s - base_s, decoder.packets.end_s)
        self.damage.stated_end_s = None if stated_end_s is None else base_s + stated_end_s
        is_short = stated_end_s is not None and stated_end_s - reached_s > max(
            1.0, 0.02 * stated_end_s
        )
        self.damage.is_cut = self.file_map.is_cut or is_short or decoder.packets.is_broken
        self.damage.trim_end(is_timed=decoder.packets.is_timed)

    def _record_lost_end(
        self, decoder: Decoder, assembler: Assembler, base_s: float, part: Part
    ) -> None:
        """Record sound that is missing before the last granule position of an Ogg part."""
        if part.last_granule is None or self.file_map.is_cut:
            return
        packets = decoder.packets
        end_s = part.last_granule * packets.tick_s[decoder.index] - packets.start_s
        # The granule position itself may be damaged.
        if MIN_LOST_S < end_s - (assembler.position_s - base_s) <= MAX_LOST_S:
            self.damage.add_lost(assembler.position_s, base_s + end_s, 1)
            packets.end_s = max(packets.end_s, end_s)


def open_recording(
    path: Path,
    *,
    track: str | int | None = None,
    language: str | None = None,
    most_idle_s: float = MOST_IDLE_S,
) -> Recording:
    """Open an upload and choose its audio track.

    Args:
        path: The uploaded file.
        track: The requested track: a number from 1 or a language code.
        language: The expected language, which is a hint for the choice.
        most_idle_s: Seconds without a decoded frame after which reading fails.

    Raises:
        WorkError: ``not_audio`` if no audio can be decoded, ``invalid_track`` if the requested
            track does not exist.
    """
    file_map = map_file(path)
    if not file_map.parts:
        raise WorkError("not_audio", "The file is empty.")
    try:
        container = open_part(path, file_map.parts[0], is_only=len(file_map.parts) == 1)
    except WorkError as error:
        if file_map.has_no_index:
            message = (
                "The file is truncated: its index, which is at the end of the file, is "
                "missing. Upload the complete file."
            )
            raise WorkError("not_audio", message) from error
        raise
    with container:
        tracks = list_tracks(container)
        requested = None if track in {None, ""} else track
        if requested is None:
            order = order_tracks(tracks, language)
        else:
            order = [find_requested_track(tracks, requested)]
        if not order:
            raise WorkError(
                "not_audio", "No audio track of the file can be decoded. Convert the file first."
            )
        duration_s = read_container_duration_s(container)
        metadata = {key.lower(): value for key, value in container.metadata.items()}
    recording = Recording(
        path=path,
        tracks=tracks,
        chosen=order[0],
        duration_s=duration_s,
        file_map=file_map,
        is_track_requested=requested is not None,
        metadata=metadata,
        most_idle_s=most_idle_s,
    )
    return recording if recording.is_track_requested else prefer_speech(recording, order)


def prefer_speech(recording: Recording, order: Sequence[Track]) -> Recording:
    """Return the recording with the first track that contains speech.

    Args:
        recording: The recording; it keeps its track if no track contains speech.
        order: The tracks, the most likely first. A single one is not read.
    """
    if len(order) == 1:
        return recording
    chosen: Track | None = None
    sounding: list[Track] = []
    for track in order:
        meter = SpeechMeter()
        # Stop at speech. Once a track is chosen, it is enough to know whether the others are
        # silent.
        for samples in replace(recording, chosen=track).peek():
            meter.add(samples)
            if meter.has_speech or (meter.has_sound and chosen):
                break
        meter.finish()
        if meter.has_speech and chosen is None:
            chosen = track
        if meter.has_sound:
            sounding.append(track)
    best = chosen or (sounding or order)[0]
    others = tuple(track for track in sounding if track is not best)
    return replace(recording, chosen=best, others_with_sound=others)


def open_part(path: Path, part: Part, *, is_only: bool) -> InputContainer:
    """Open one part of a file."""
    source: Path | IO[bytes] = path
    if not is_only:
        source = FileSlice(path, part.start, part.end)  # type: ignore[assignment]
    return open_container(source, part.options)


def read_container_duration_s(container: InputContainer) -> float | None:
    """Return the duration that a container states, in seconds."""
    if container.duration:
        return container.duration / 1e6
    return (
        max((read_stream_duration_s(one) or 0.0 for one in container.streams.audio), default=0.0)
        or None
    )


def to_float(samples: Raw) -> Samples:
    """Return integer samples as floats from -1 to 1."""
    if samples.dtype.kind == "u":
        return ((samples.astype(np.float32) - 128) / 128).astype(np.float32)
    return (samples / np.float32(-float(np.iinfo(samples.dtype).min))).astype(np.float32)
