"""The state of one invocation: its screen, configuration and client."""

import os
from functools import cached_property
from pathlib import Path

import typer

from ytcaption.client import Client
from ytcaption.commands.screen import Screen
from ytcaption.configuration import Configuration, load_configuration

__all__ = ["Session", "session_of"]


class Session:
    """One invocation of the command line.

    Args:
        screen: The output streams.
    """

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.url: str | None = None
        self.config: Path | None = None

    @cached_property
    def configuration(self) -> Configuration:
        """The configuration, loaded on first use."""
        return load_configuration(os.environ, url=self.url, path=self.config)

    @cached_property
    def client(self) -> Client:
        """The client, created on first use."""
        if self.configuration.warning:
            self.screen.info(self.configuration.warning)
        return Client(self.configuration.url, self.configuration.api_key)

    def close(self) -> None:
        """Close the client, if it was created."""
        if "client" in vars(self):
            self.client.close()


def session_of(context: typer.Context, *, as_json: bool = False) -> Session:
    """Return the session of a command.

    Args:
        context: The command's context.
        as_json: Whether the command prints JSON.
    """
    session = context.find_object(Session)
    if session is None:
        raise TypeError("the command has no session")
    session.screen.is_json = as_json
    return session
