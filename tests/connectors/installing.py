"""Packages installed as a stranger installs them, into a folder of the test's, with nothing fetched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def installed(site: Path, *packages: Path) -> Path:
    """Install packages into `site`, for processes that have it on their PYTHONPATH, and return it."""
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--quiet"]
    program = [sys.executable, "-m", "pip", "install", *offline, "--target", str(site), *map(str, packages)]
    subprocess.run(program, check=True, capture_output=True, text=True)
    return site
