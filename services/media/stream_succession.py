"""Follow the audio of a joined broadcast from one stream to the next."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from av import Packet

AnyPacket: TypeAlias = "Packet[Any]"  # generic in its annotations only
ALONE_S = 2.0
"""Seconds of packets of one stream alone; packets of simultaneous tracks alternate more often."""


class Succession:
    """The streams that carry the audio one after another.

    Where broadcasts are joined, the audio may continue in a new stream after the previous one has
    ended. A stream with packets at the same time is another track.

    Args:
        index: The chosen stream.
        others: The other audio streams that can be decoded.
        tick_s: The time base of their timestamps, in seconds.
    """

    def __init__(self, index: int, others: set[int], tick_s: float) -> None:
        self.followed = {index}
        """All streams that have carried the audio so far."""
        self._current = index
        self._candidates = set(others)
        self._tick_s = tick_s
        self._held: list[AnyPacket] = []

    def follow(self, packets: Iterator[AnyPacket]) -> Iterator[AnyPacket]:
        """Yield the packets of the chosen track and of other kinds of streams."""
        for packet in packets:
            index = packet.stream_index
            if index == self._current:
                self._candidates -= {held.stream_index for held in self._held}
                self._held = []
            elif index in self._candidates:
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
        self._candidates.discard(self._current)
        self.followed.add(self._current)
        yield from held
