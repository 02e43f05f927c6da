"""Who speaks in which segment: voice embeddings that are alike belong to one speaker. Pure.

Clusters are joined from the bottom up, always the two that are most alike, until those left are
too different to be one voice. A cluster is compared by the sum of what is in it, since single
embeddings of a few seconds vary.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.transcriber.transcript import Segment

Embedding = NDArray[np.float32]
"""A vector of length 1; the cosine of two says how alike two voices are."""

# From 0.65 to 0.78 it makes no difference to the recordings that it was tried on: the centres of
# one voice are more alike, those of a man and a woman 0.4 to 0.6. Above, one voice falls apart.
# Women on the same telephone line are more alike than that, and are taken for one.
LEAST_ALIKE = 0.72
SHORTEST_S = 1.2
"""Less says little of a voice: such a segment goes to the speaker who is most alike."""
FEWEST_S = 2.5
"""Who says less than this in all is no speaker of their own, but a print that came out odd."""
BLOCK = 256
"""Prints that are compared with each other at once; it bounds the work for a long recording."""


def pack_embedding(embedding: Embedding) -> str:
    """Return a voice print as text, small enough to be kept with each segment."""
    return b64encode(embedding.astype("<f2").tobytes()).decode()


def unpack_embedding(packed: str) -> Embedding:
    """Return the voice print that ``pack_embedding`` wrote."""
    return np.frombuffer(b64decode(packed), "<f2").astype(np.float32)


def name_speakers(
    segments: Sequence[Segment], *, speakers: int | None = None
) -> tuple[Segment, ...]:
    """Return the segments with their speakers, named in the order in which they first speak.

    Args:
        segments: With their voice embeddings.
        speakers: How many there are, if it is known; else it is found out.
    """
    if not segments:
        return ()
    embeddings = np.stack([unpack_embedding(segment.voice) for segment in segments])
    lengths_s = np.array([segment.end - segment.start for segment in segments], np.float32)
    names: dict[int, str] = {}
    return tuple(
        replace(segment, speaker=names.setdefault(number, f"SPEAKER_{len(names):02}"))
        for segment, number in zip(
            segments, number_speakers(embeddings, lengths_s, speakers=speakers), strict=True
        )
    )


def number_speakers(
    embeddings: NDArray[np.float32], lengths_s: NDArray[np.float32], *, speakers: int | None = None
) -> list[int]:
    """Return a number for each print, the same one for the same speaker.

    Args:
        embeddings: Voice embeddings, a row each.
        lengths_s: How long each of them was heard.
        speakers: How many there are, if it is known.
    """
    longest_s = float(lengths_s.max())
    reliable = [*np.flatnonzero(lengths_s >= min(SHORTEST_S, longest_s))]
    clusters: list[_Cluster] = []
    for start in range(0, len(reliable), BLOCK):
        clusters += [
            _Cluster(embeddings[number] * lengths_s[number], float(lengths_s[number]))
            for number in reliable[start : start + BLOCK]
        ]
        clusters = _join(clusters, LEAST_ALIKE, fewest=speakers or 1)
    if speakers:
        clusters = _join(clusters, -1.0, fewest=speakers)
    else:
        clusters = [one for one in clusters if one.length_s >= FEWEST_S] or clusters[:1]
    voices = np.stack([one.direction for one in clusters])
    return [int(number) for number in np.argmax(embeddings @ voices.T, axis=1)]


@dataclass(frozen=True)
class _Cluster:
    """Prints that are one speaker's."""

    total: NDArray[np.float32]
    """Their sum, each as long as it was heard."""
    length_s: float

    @property
    def direction(self) -> Embedding:
        """Return what the speaker's voice is like, as a vector of length 1."""
        unit: Embedding = self.total / max(float(np.linalg.norm(self.total)), 1e-8)
        return unit

    def joined(self, other: "_Cluster") -> "_Cluster":
        """Return both as one."""
        return _Cluster(self.total + other.total, self.length_s + other.length_s)


def _join(clusters: list[_Cluster], least_alike: float, *, fewest: int) -> list[_Cluster]:
    """Join what is alike enough, and no more than leaves the fewest clusters wanted."""
    left = list(clusters)
    voices = np.stack([one.direction for one in left])
    alike = voices @ voices.T
    np.fill_diagonal(alike, -2.0)
    while len(left) > fewest:
        first, second = sorted(np.unravel_index(np.argmax(alike), alike.shape))
        if alike[first, second] < least_alike:
            break
        left[first] = left[first].joined(left[second])
        del left[second]
        voices = np.delete(voices, second, axis=0)
        voices[first] = left[first].direction
        alike = np.delete(np.delete(alike, second, axis=0), second, axis=1)
        alike[first] = alike[:, first] = voices @ voices[first]
        alike[first, first] = -2.0
    return left
