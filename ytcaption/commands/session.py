"""What the commands of one call share: where they write, and the client."""

import os
from functools import cached_property
from pathlib import Path

import typer

from ytcaption.client import Client
from ytcaption.commands.screen import Screen
from ytcaption.configuration import Configuration, load_configuration

__all__ = ["Session", "session_of"]


class Session:
    """One call of the command line.

    Args:
        screen: Where it writes.
    """

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.url: str | None = None
        self.config: Path | None = None

    @cached_property
    def configuration(self) -> Configuration:
        """Which API it talks to."""
        return load_configuration(os.environ, url=self.url, path=self.config)

    @cached_property
    def client(self) -> Client:
        """Talks to the API; its connections end with the process."""
        if self.configuration.warning:
            self.screen.say(self.configuration.warning)
        return Client(self.configuration.url, self.configuration.api_key)

    def close(self) -> None:
        """Close the connections, if there are any."""
        if "client" in vars(self):
            self.client.close()


def session_of(context: typer.Context, *, as_json: bool = False) -> Session:
    """Return the session that a command is called in.

    Args:
        context: The command's.
        as_json: Whether its results are wanted as JSON.
    """
    session = context.find_object(Session)
    if session is None:
        raise TypeError("a command runs within a session")
    session.screen.is_json = as_json
    return session
