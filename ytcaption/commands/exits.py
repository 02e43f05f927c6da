"""How a command ends, for scripts."""

from enum import IntEnum

from ytcaption.errors import ApiError, ServerError, UsageError, YTCaptionError

__all__ = ["ExitCode", "exit_code_of"]


class ExitCode(IntEnum):
    """The exit codes of every command; docs/reference/command-line.md explains them."""

    DONE = 0
    FAILED = 1  # the job failed or was cancelled; or, of `health`, not everything is well
    USAGE = 2  # asked wrongly, or a file cannot be read or written
    UNREACHABLE = 3  # no answer, an answer of something else, or the API itself is not well
    REFUSED = 4  # the API says no
    INTERRUPTED = 130  # Ctrl-C


def exit_code_of(error: YTCaptionError) -> ExitCode:
    """Return how a command ends that came upon an error."""
    if isinstance(error, UsageError):
        return ExitCode.USAGE
    if isinstance(error, ApiError) and not isinstance(error, ServerError):
        return ExitCode.REFUSED
    return ExitCode.UNREACHABLE
