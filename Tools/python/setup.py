"""Builds the Swift library into the wheel, and names the oldest Linux that it runs on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import manylinux  # noqa: E402

NATIVE = HERE / "native"
LIBRARY = "libTrackerC.so"


def built_library() -> Path:
    """The library, built for release; or the one that TRACKERSTATE_LIBRARY names."""
    given = os.environ.get("TRACKERSTATE_LIBRARY")
    if given:
        return Path(given)
    if not (HERE.parent.parent / "Package.swift").exists():
        raise SystemExit(
            "trackerstate is built from a checkout of TrackerState, of which Tools/python is a part"
        )
    swift = shutil.which("swift")
    if swift is None:
        raise SystemExit("trackerstate is built with Swift 6.2 or later: install it, or a built wheel")
    build = [swift, "build", "-c", "release", "--product", "TrackerC", "--package-path", str(NATIVE)]
    subprocess.run(build, check=True)
    shown = subprocess.run([*build, "--show-bin-path"], check=True, capture_output=True, text=True)
    return Path(shown.stdout.strip()) / LIBRARY


class BuildWithLibrary(build_py):
    """Puts the library beside the modules."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            # An editable install finds the library where Swift built it.
            built_library()
            return
        target = Path(self.build_lib) / "trackerstate" / LIBRARY
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(built_library(), target)


class PlatformWheel(bdist_wheel):
    """A wheel for any Python, and for the platforms that the library runs on."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self) -> tuple[str, str, str]:
        _, _, platform = super().get_tag()
        library = Path(self.bdist_dir or "") / "trackerstate" / LIBRARY
        if not library.exists():
            library = built_library()
        if sys.platform == "linux":
            platform = manylinux.tag(library)
        return "py3", "none", platform


class BinaryDistribution(Distribution):
    """One that holds a library."""

    def has_ext_modules(self) -> bool:
        return True


setup(
    cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": PlatformWheel},
    distclass=BinaryDistribution,
    # Nothing is left among the sources that a later build would take up.
    options={"build": {"build_base": str(NATIVE / ".build" / "python")}},
)
