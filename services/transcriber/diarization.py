"""Diarization: clusters speaker embeddings and labels segments with their speakers. Pure.

The clustering is agglomerative: it merges the two most similar clusters until the similarity of
the remaining ones is too low for one voice. A cluster is represented by the sum of its embeddings,
because single embeddings of a few seconds vary.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.transcriber.transcript import Segment

Embedding = NDArray[np.float32]
"""A vector of length 1; the similarity of two voices is the cosine of their embeddings."""

# Values from 0.65 to 0.78 have the same result on the test recordings: clusters of one voice are
# more similar, those of a man and a woman have 0.4 to 0.6. Above that range one voice is split.
# Women on the same telephone line are more similar than the threshold and are merged.
LEAST_SIMILARITY = 0.72
SHORTEST_S = 1.2
"""Shortest reliable segment, in seconds; a shorter one is assigned to the most similar speaker."""
FEWEST_S = 2.5
"""Shortest total speech of a speaker, in seconds; a smaller cluster is an outlier."""
BLOCK = 256
"""Embeddings that are clustered at once, which bounds the work for a long recording."""


def pack_embedding(embedding: Embedding) -> str:
    """Encode an embedding as text, small enough to be stored with each segment."""
    return b64encode(embedding.astype("<f2").tobytes()).decode()


def unpack_embedding(packed: str) -> Embedding:
    """Decode an embedding that ``pack_embedding`` encoded."""
    return np.frombuffer(b64decode(packed), "<f2").astype(np.float32)


def name_speakers(
    segments: Sequence[Segment], *, speakers: int | None = None
) -> tuple[Segment, ...]:
    """Return the segments with speaker labels, numbered in the order of first occurrence.

    Args:
        segments: Segments with packed embeddings.
        speakers: Number of speakers; ``None`` to detect it.
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
    """Return the speaker's number for each embedding.

    Args:
        embeddings: One embedding per row.
        lengths_s: Length of speech of each embedding.
        speakers: Number of speakers; ``None`` to detect it.
    """
    longest_s = float(lengths_s.max())
    reliable = [*np.flatnonzero(lengths_s >= min(SHORTEST_S, longest_s))]
    clusters: list[_Cluster] = []
    for start in range(0, len(reliable), BLOCK):
        clusters += [
            _Cluster(embeddings[number] * lengths_s[number], float(lengths_s[number]))
            for number in reliable[start : start + BLOCK]
        ]
        clusters = _merge(clusters, LEAST_SIMILARITY, fewest=speakers or 1)
    if speakers:
        clusters = _merge(clusters, -1.0, fewest=speakers)
    else:
        clusters = [one for one in clusters if one.length_s >= FEWEST_S] or clusters[:1]
    voices = np.stack([one.direction for one in clusters])
    return [int(number) for number in np.argmax(embeddings @ voices.T, axis=1)]


@dataclass(frozen=True)
class _Cluster:
    """Embeddings of one speaker."""

    total: NDArray[np.float32]
    """Sum of the embeddings, weighted by length."""
    length_s: float

    @property
    def direction(self) -> Embedding:
        """Return the speaker's embedding, a vector of length 1."""
        unit: Embedding = self.total / max(float(np.linalg.norm(self.total)), 1e-8)
        return unit

    def merged(self, other: "_Cluster") -> "_Cluster":
        """Return the union of two clusters."""
        return _Cluster(self.total + other.total, self.length_s + other.length_s)


def _merge(clusters: list[_Cluster], least_similarity: float, *, fewest: int) -> list[_Cluster]:
    """Merge the most similar clusters down to ``least_similarity``; keep at least ``fewest``."""
    left = list(clusters)
    voices = np.stack([one.direction for one in left])
    similarities = voices @ voices.T
    np.fill_diagonal(similarities, -2.0)
    while len(left) > fewest:
        first, second = sorted(np.unravel_index(np.argmax(similarities), similarities.shape))
        if similarities[first, second] < least_similarity:
            break
        left[first] = left[first].merged(left[second])
        del left[second]
        voices = np.delete(voices, second, axis=0)
        voices[first] = left[first].direction
        similarities = np.delete(np.delete(similarities, second, axis=0), second, axis=1)
        similarities[first] = similarities[:, first] = voices @ voices[first]
        similarities[first, first] = -2.0
    return left
