"""Messages to a terminal or pipe, which may be gone: a run outlives its terminal after `disown`, `nohup` or `ssh`."""

from __future__ import annotations

from contextlib import suppress
from typing import TextIO


class Messages:
    """Text stream for messages that drops them once nobody can read them.

    Args:
        stream: Stream of a terminal, pipe or file.
    """

    def __init__(self, stream: TextIO):
        self.stream = stream

    def write(self, text: str) -> None:
        """Write a text if the stream can still be written.

        Args:
            text: Text to write.
        """
        with suppress(OSError, ValueError):  # ValueError: closed
            self.stream.write(text)

    def flush(self) -> None:
        """Write what is buffered if the stream can still be written."""
        with suppress(OSError, ValueError):
            self.stream.flush()

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        return self.stream.isatty()
