"""What no committed file may hold: hosts of package registries, paths of somebody's machine, what belongs elsewhere."""

import re
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
TOO_LARGE = 1024 * 1024

# Put together here, so that this file does not hold them either.
HOSTS = [".".join(words) for words in [("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("debian", "org")]]
FOLDERS = ["root", "tmp", "work", "home"]
FORBIDDEN = {
    "the host of a package registry": re.compile("|".join(map(re.escape, HOSTS))),
    "a path of somebody's machine": re.compile(rf"(?<![\w.\-/}}])/(?:{'|'.join(FOLDERS)})/\w"),
}


def committed() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return [CHECKOUT / name for name in listed.stdout.split("\0") if name and (CHECKOUT / name).is_file()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_committed_file_names(what: str) -> None:
    found: list[str] = []
    for path in committed():
        lines = path.read_text(errors="replace").splitlines()
        found += [
            f"{path.relative_to(CHECKOUT)}:{number}: {line.strip()[:120]}"
            for number, line in enumerate(lines, start=1)
            if FORBIDDEN[what].search(line)
        ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("the host of a package registry", f"index-url = https://{HOSTS[0]}/simple"),
        ("a path of somebody's machine", f'open("/{FOLDERS[0]}/notes.txt")'),
        ("a path of somebody's machine", f"cd /{FOLDERS[2]}/main"),
    ],
)
def test_the_look_finds_what_it_looks_for(what: str, line: str) -> None:
    assert FORBIDDEN[what].search(line)


def test_there_is_one_lock_and_it_is_not_uvs() -> None:
    """`uv.lock` records where packages are downloaded from; the lock is requirements/*.txt."""
    assert [path.name for path in committed() if path.name == "uv.lock"] == []


def test_no_committed_file_is_large() -> None:
    assert [path.name for path in committed() if path.stat().st_size > TOO_LARGE] == []


def test_nothing_of_one_machine_is_committed() -> None:
    """State, environments and secrets stay where they are made."""
    kept = {path.relative_to(CHECKOUT).parts[0] for path in committed()}
    assert not kept & {".env", ".tactful", ".venv", "build", "dist"}
