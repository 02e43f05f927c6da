"""Follows the sound of a joined broadcast from one stream to the next."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from av import Packet

AnyPacket: TypeAlias = "Packet[Any]"  # generic in its annotations only
ALONE_S = 2.0
"""Tracks that are heard at the same time take turns more often."""


class Succession:
    """The streams that carry the sound one after another.

    Where broadcasts are joined, the sound may go on under another number: a stream that was
    never there before continues when the one before has ended. A stream that is there at the
    same time is another track.

    Args:
        index: The stream that is chosen.
        others: The other audio streams that can be decoded.
        tick_s: The unit of their timestamps, in seconds.
    """

    def __init__(self, index: int, others: set[int], tick_s: float) -> None:
        self.followed = {index}
        """All streams that carried the sound so far."""
        self._current = index
        self._unknown = set(others)
        self._tick_s = tick_s
        self._held: list[AnyPacket] = []

    def follow(self, packets: Iterator[AnyPacket]) -> Iterator[AnyPacket]:
        """Yield the packets without those of other tracks."""
        for packet in packets:
            index = packet.stream_index
            if index == self._current:
                self._unknown -= {held.stream_index for held in self._held}
                self._held = []
            elif index in self._unknown:
                yield from self._hold(packet)
                continue
            yield packet
        yield from self._succeed()

    def _hold(self, packet: AnyPacket) -> Iterator[AnyPacket]:
        if self._held and self._held[0].stream_index != packet.stream_index:
            return
        self._held.append(packet)
        first, last = self._held[0].pts, packet.pts
        if first is not None and last is not None and (last - first) * self._tick_s >= ALONE_S:
            yield from self._succeed()

    def _succeed(self) -> Iterator[AnyPacket]:
        if not self._held:
            return
        held, self._held = self._held, []
        self._current = held[0].stream_index
        self._unknown.discard(self._current)
        self.followed.add(self._current)
        yield from held
