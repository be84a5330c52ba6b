"""The edge where a strategy's folder becomes text: the only module of the language that touches files.

It reads `strategy.yaml`, `templates/` and `codes/`, and nothing else of the folder. It follows no link out of it, reads
no file that is too large, and reports everything it cannot read at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tactful.strategy.limits import LARGEST_FILE_BYTES, LARGEST_STRATEGY_BYTES, MOST_FILES
from tactful.strategy.problems import Problem, StrategyErrors
from tactful.strategy.reading.names import STRATEGY_FILE

FOLDERS = ("codes", "templates")
DEEPEST_FOLDER = 6
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_folder(path: Path | str) -> dict[str, str]:
    """Return the texts of a strategy's folder by their path in it, in the order of paths.

    A byte order mark is dropped and line ends become those of Unix, so that the same strategy gives the same version
    on every machine. Files whose name begins with a dot, and folders of any other name, are passed over.

    Args:
        path: The folder that has strategy.yaml in it.

    Raises:
        StrategyErrors: The folder or a file in it cannot be read; carries a problem for each.
    """
    folder = Path(path)
    if not folder.is_dir():
        what = "a file" if folder.is_file() else "nothing"
        hint = f'Did you mean "{folder.parent}"?' if folder.name == STRATEGY_FILE and folder.is_file() else None
        expected = f"the folder that holds {STRATEGY_FILE}"
        raise StrategyErrors([Problem(str(path), 1, 1, f"{what} at this path", expected, hint)])
    reader = _FolderReader(folder.resolve())
    files = dict(reader.texts())
    if STRATEGY_FILE not in files and not reader.problems:
        inside = sorted(one.name for one in folder.iterdir() if one.suffix in {".yaml", ".yml"})
        hint = f'There is "{inside[0]}": rename it.' if inside else None
        found = f"no {STRATEGY_FILE} in {path}"
        raise StrategyErrors([Problem(STRATEGY_FILE, 1, 1, found, "the strategy in a file of this name", hint)])
    if reader.problems:
        raise StrategyErrors(reader.problems)
    return files


class _FolderReader:
    """Reads one folder, noting what it cannot read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[Problem] = []

    def note(self, file: str, found: str, expected: str) -> None:
        self.problems.append(Problem(file, 1, 1, found, expected))

    def texts(self) -> Iterator[tuple[str, str]]:
        for count, path in enumerate(self.paths(), start=1):
            name = path.relative_to(self.root).as_posix()
            if count > MOST_FILES:
                self.note(name, f"more than {MOST_FILES:,} files", f"at most {MOST_FILES:,} in the folder")
                return
            text = self.text(path, name)
            if text is not None:
                yield name, text

    def paths(self) -> Iterator[Path]:
        """Yield the files that belong to the strategy, in the order of their paths."""
        for folder in FOLDERS:
            yield from self.files_below(self.root / folder, depth=1)
        if (self.root / STRATEGY_FILE).exists() or (self.root / STRATEGY_FILE).is_symlink():
            yield self.root / STRATEGY_FILE

    def files_below(self, folder: Path, depth: int) -> Iterator[Path]:
        if not self.is_inside(folder) or not folder.is_dir():
            return
        name = folder.relative_to(self.root).as_posix()
        if depth > DEEPEST_FOLDER:
            self.note(name, "folders in folders, too deep", f"at most {DEEPEST_FOLDER} levels")
            return
        try:
            inside = sorted(one for one in folder.iterdir() if not one.name.startswith("."))
        except OSError as error:
            self.note(name, f"a folder that cannot be read ({error.strerror})", "one that may be read")
            return
        for one in inside:
            if one.is_dir():
                yield from self.files_below(one, depth + 1)
            else:
                yield one

    def is_inside(self, path: Path) -> bool:
        """Say whether a path stays in the folder, links followed; note it if not."""
        try:
            inside = path.resolve().is_relative_to(self.root)
        except (OSError, RuntimeError):  # a link to itself
            inside = False
        if not inside:
            self.note(path.relative_to(self.root).as_posix(), "a link out of the folder", "the file itself")
        return inside

    def text(self, path: Path, name: str) -> str | None:
        """Return the text of one file, or None with a problem noted."""
        if not self.is_inside(path):
            return None
        most = LARGEST_STRATEGY_BYTES if name == STRATEGY_FILE else LARGEST_FILE_BYTES
        try:
            if not path.is_file():
                self.note(name, "something that is no file", "a file with text")
                return None
            with path.open("rb") as file:
                data = file.read(most + 1)
        except OSError as error:
            self.note(name, f"a file that cannot be read ({error.strerror})", "one that may be read")
            return None
        if len(data) > most:
            self.note(name, f"a file of more than {most:,} bytes", f"at most {most:,}")
            return None
        return self.decoded(data, name)

    def decoded(self, data: bytes, name: str) -> str | None:
        """Return the bytes as text, or None with the place of the first wrong byte noted."""
        try:
            name.encode()
            text = data.decode("utf-8-sig")
        except UnicodeEncodeError:
            self.note(repr(name), "a file name that is not UTF-8", "another name")
            return None
        except UnicodeDecodeError as error:
            before = data[: error.start]
            line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode(errors="replace")) + 1
            what = "UTF-16" if data.startswith(_UTF_16) else f"the byte 0x{data[error.start]:02X}"
            hint = "Save the file as UTF-8 in your editor."
            found = f"{what}, which is not UTF-8"
            self.problems.append(Problem(name, line, column, found, "text in UTF-8", hint))
            return None
        return text.replace("\r\n", "\n")
