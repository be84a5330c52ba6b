"""What goes wrong when servers are started, in words for the person at the terminal."""

from tactful.errors import TactfulError


class StartError(TactfulError):
    """Something cannot be started. The message says what, why, and what to do about it."""


class Interrupted(Exception):  # noqa: N818 - it is a request, not an error
    """The person asked to stop while something was still starting."""
