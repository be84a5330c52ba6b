"""The lines of a file, whatever its length and theirs: no more than one line's allowance is ever in memory."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tactful.errors import TactfulError

LONGEST: Final = 64 * 1024
CHUNK: Final = 64 * 1024
SHOWN: Final = 200

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_KINDS: Final = (
    (b"PK\x03\x04", "is a spreadsheet or zip archive. Save it as CSV (UTF-8) first."),
    (b"\x1f\x8b", "is compressed. Unpack it first: gunzip FILE"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel file. Save it as CSV (UTF-8) first."),
    (b"%PDF", "is a PDF."),
)


class FileError(TactfulError):
    """A file cannot be imported at all; says what would be right."""


@dataclass(frozen=True, slots=True)
class Line:
    """One physical line, its line end included. `whole` is False where it was too long: then `raw` is how it begins."""

    number: int
    raw: bytes
    whole: bool = True


class Source:
    """A file being read; `position` tells how many of its `size` bytes have been."""

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        """Open a file.

        Args:
            path: The file.
            encoding: How its text is written; None for UTF-8, or what its first bytes say.

        Raises:
            FileError: It cannot be read, is empty, or is no text.
        """
        told = _known(encoding) if encoding else None
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise FileError(f"{path} cannot be read: {(error.strerror or 'no reason given').lower()}.") from error
        self.path = path
        self.size = path.stat().st_size
        first = self._file.read(1024)
        self._file.seek(0)
        self._refuse_other_kinds(first)
        mark = next(((bytes_, name) for bytes_, name in _MARKS if first.startswith(bytes_)), None)
        self.encoding = told or (mark[1] if mark else "utf-8")
        if b"\x00" in first and self.encoding == "utf-8":
            self.close()
            raise FileError(f"{path} is no text in UTF-8. If it is UTF-16, say so: --encoding utf-16")
        if mark is not None and self.encoding == "utf-8":
            self._file.seek(len(mark[0]))
        self._lines: io.BufferedReader | BinaryIO = (
            self._file if self.encoding == "utf-8" else io.BufferedReader(_Recoded(self._file, self.encoding, path))
        )

    def _refuse_other_kinds(self, first: bytes) -> None:
        told = next((said for magic, said in _OTHER_KINDS if first.startswith(magic)), None)
        if not first.strip():
            told = "is empty."
        if told is not None:
            self.close()
            raise FileError(f"{self.path} {told}")

    @property
    def position(self) -> int:
        """How many bytes have been read."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def lines(self) -> Iterator[Line]:
        """Yield the lines; of one that is too long its beginning, and the rest is passed over.

        Raises:
            FileError: Its text is not written as its encoding says.
        """
        number = 0
        while raw := self._lines.readline(LONGEST + 1):
            number += 1
            whole = raw.endswith(b"\n") or len(raw) <= LONGEST
            yield Line(number, raw if whole else raw[:SHOWN], whole)
            while not whole and (rest := self._lines.readline(CHUNK)):
                whole = rest.endswith(b"\n")


class _Recoded(io.RawIOBase):
    """A file in another encoding, as UTF-8."""

    def __init__(self, file: BinaryIO, encoding: str, path: Path) -> None:
        self._file, self._encoding, self._path = file, encoding, path
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - what readline uses
        while not self._ready:
            chunk = self._file.read(CHUNK)
            try:
                self._ready = self._decoder.decode(chunk, final=not chunk).encode()
            except ValueError as error:
                near = self._file.tell()
                told = f"{self._path} is not written in {self._encoding} (near byte {near:,}). Give another --encoding."
                raise FileError(told) from error
            if not chunk:
                break
        taken = self._ready[: len(buffer)]
        buffer[: len(taken)] = taken
        self._ready = self._ready[len(taken) :]
        return len(taken)


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise FileError(f'There is no encoding "{encoding}". Usual ones are utf-8, cp1252, latin-1, utf-16.') from None
