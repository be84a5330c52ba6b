"""The application as `make run` shows it: what is started beside the two servers, and what is done once they are up."""

from service.embedded.stack import Application, Stack


def application(stack: Stack) -> Application:  # noqa: ARG001 - the stack is what the parts to come are made from
    """Return what runs on the stack: programs to start, things to do, addresses to show."""
    return Application()
