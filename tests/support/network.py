"""Hosts for processes: network namespaces connected to one switch."""

import ctypes
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

__all__ = ["Network"]

_NAMESPACES: Final = Path("/run/netns")
_OWN: Final = Path("/proc/thread-self/ns/net")
_CLONE_NEWNET: Final = 0x40000000  # <sched.h>; os.setns comes with Python 3.12
_SWITCH: Final = "switch"
_TEST: Final = "test"
_BRIDGE: Final = "bridge"


class Network:
    """A switch with hosts for the duration of the block.

    Within the block the calling thread, and what it starts, is a host too. Nothing leads from
    this network to any other, so that each of several side by side has the same addresses.

    Args:
        hosts: Their names, of no more than 15 letters each.
    """

    def __init__(self, hosts: Sequence[str]) -> None:
        self._hosts = [_TEST, *hosts]
        self._run = f"hosts-{secrets.token_hex(4)}"
        self._ends = ExitStack()

    def address(self, host: str) -> str:
        """Return a host's IP address."""
        return f"10.0.0.{self._hosts.index(host) + 1}"

    @contextmanager
    def on(self, host: str) -> Iterator[None]:
        """Run this thread and its child processes on a host for the duration of the block."""
        with _OWN.open() as before, (_NAMESPACES / self._name(host)).open() as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(before.fileno())

    @contextmanager
    def cut_off(self, host: str) -> Iterator[None]:
        """Disconnect a host from the switch for the duration of the block.

        Its interface stays up, and packets in both directions are lost.
        """
        self._on_switch("link", "set", "dev", host, "nomaster")
        try:
            yield
        finally:
            self._on_switch("link", "set", "dev", host, "master", _BRIDGE)

    def __enter__(self) -> Self:
        _check_means()
        with ExitStack() as on_failure:
            on_failure.callback(self._ends.close)
            self._add_namespace(_SWITCH)
            self._on_switch("link", "add", "name", _BRIDGE, "type", "bridge")
            self._on_switch("link", "set", "dev", _BRIDGE, "up")
            for host in self._hosts:
                self._add_host(host)
            self._ends.enter_context(self.on(_TEST))
            on_failure.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ends.close()

    def _name(self, host: str) -> str:
        return f"{self._run}-{host}"

    def _on_switch(self, *arguments: str) -> None:
        _ip("-netns", self._name(_SWITCH), *arguments)

    def _add_namespace(self, host: str) -> None:
        _ip("netns", "add", self._name(host))
        self._ends.callback(_ip, "netns", "delete", self._name(host))

    def _add_host(self, host: str) -> None:
        self._add_namespace(host)
        name = self._name(host)
        ends = ("type", "veth", "peer", "name", "eth0", "netns", name)
        self._on_switch("link", "add", "name", host, *ends)
        self._on_switch("link", "set", "dev", host, "master", _BRIDGE, "up")
        _ip("-netns", name, "address", "add", f"{self.address(host)}/24", "dev", "eth0")
        for interface in ("lo", "eth0"):
            _ip("-netns", name, "link", "set", "dev", interface, "up")


def _check_means() -> None:
    if shutil.which("ip") is None:
        raise RuntimeError("ip is needed; on Debian and Ubuntu: apt install iproute2")
    if os.geteuid() != 0:
        raise RuntimeError("network namespaces are made by root only: run this test as root")


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def _enter(namespace: int) -> None:
    """Move this thread to the network of an open namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
