"""The wheel's tag is true: computed from the library, and as other tools see it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from trackerstate._library import library

ROOT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.skipif(
    not (ROOT / "manylinux.py").exists() or sys.platform != "linux",
    reason="built on Linux, from a checkout",
)


@pytest.fixture
def manylinux(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    import manylinux

    return manylinux


@pytest.mark.skipif(not shutil.which("objdump"), reason="needs objdump")
def test_requirements_are_those_that_objdump_shows(manylinux):
    needed, versions = manylinux.requirements(library.path)
    shown = subprocess.run(
        ["objdump", "-p", str(library.path)], check=True, capture_output=True, text=True
    ).stdout
    assert needed == set(re.findall(r"NEEDED\s+(\S+)", shown))
    expected = set(re.findall(r"0x\w+ 0x\w+ \d+ (\w+_[\d.]+)\s*$", shown, re.M))
    assert expected == {
        f"{family}_{'.'.join(map(str, number))}"
        for family, numbers in versions.items()
        for number in numbers
    }


def test_the_library_needs_nothing_of_swift(manylinux):
    needed, _ = manylinux.requirements(library.path)
    assert needed <= manylinux.ALLOWED
    assert not [name for name in needed if "swift" in name.lower() or "Foundation" in name]


def test_the_tag_is_the_newest_glibc_that_is_needed(manylinux):
    _, versions = manylinux.requirements(library.path)
    tag = manylinux.tag(library.path)
    minor = int(re.fullmatch(r"manylinux_2_(\d+)_\w+", tag)[1])
    assert minor >= max(versions["GLIBC"])[1]


@pytest.mark.parametrize(
    ("needed", "versions", "expected"),
    [
        (set(), {"GLIBC": {(2, 2, 5)}}, 17),
        (set(), {"GLIBC": {(2, 2, 5), (2, 33)}}, 33),
        (set(), {"GLIBC": {(2, 17)}, "GLIBCXX": {(3, 4, 29)}}, 34),
        (set(), {"GLIBC": {(2, 35)}, "GLIBCXX": {(3, 4, 29)}, "ZLIB": {(1, 2, 9)}}, 35),
        (set(), {"GLIBC": {(2, 36)}, "GCC": {(7, 0, 0)}}, 36),
        (set(), {"GLIBC": {(2, 36)}, "ZLIB": {(1, 2, 12)}}, 39),
        (set(), {"GLIBC": {(2, 17)}, "GLIBCXX": {(3, 4, 99)}}, None),
        (set(), {"GLIBC": {(2, 17)}, "OPENSSL": {(3, 0)}}, None),
        ({"libswiftCore.so"}, {"GLIBC": {(2, 17)}}, None),
    ],
)
def test_tags_follow_the_policies(manylinux, monkeypatch, needed, versions, expected):
    monkeypatch.setattr(manylinux, "requirements", lambda _: (needed, versions))
    if expected is None:
        with pytest.raises(manylinux.NotPortable):
            manylinux.tag(Path("library.so"))
    else:
        assert manylinux.tag(Path("library.so")).startswith(f"manylinux_2_{expected}_")


def test_other_files_are_refused(manylinux, tmp_path):
    (tmp_path / "text.so").write_bytes(b"\x7fELF" + bytes(100))
    with pytest.raises(manylinux.NotPortable):
        manylinux.tag(tmp_path / "text.so")
