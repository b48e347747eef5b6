"""Which manylinux tag is true of a library: what it needs of the system, read from the file itself.

A tag manylinux_2_N promises that the library runs wherever glibc is 2.N or later, and needs nothing but
the libraries that PEP 600's policies allow, in versions as old as those of distributions of that glibc.
"""

from __future__ import annotations

import platform
import struct
from collections.abc import Iterator
from pathlib import Path

#: Libraries that every Linux desktop or server of the policies has.
ALLOWED = {
    "libgcc_s.so.1",
    "libstdc++.so.6",
    "libm.so.6",
    "libdl.so.2",
    "librt.so.1",
    "libc.so.6",
    "libpthread.so.0",
    "libz.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
}

#: For each glibc the newest symbol versions of other libraries that go with it.
POLICIES: dict[int, dict[str, tuple[int, ...]]] = {
    17: {"GLIBCXX": (3, 4, 19), "CXXABI": (1, 3, 7), "GCC": (4, 8, 0), "ZLIB": (1, 2, 5, 2)},
    24: {"GLIBCXX": (3, 4, 22), "CXXABI": (1, 3, 10), "GCC": (4, 8, 0), "ZLIB": (1, 2, 5, 2)},
    27: {"GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11), "GCC": (7, 0, 0), "ZLIB": (1, 2, 9)},
    28: {"GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11), "GCC": (7, 0, 0), "ZLIB": (1, 2, 9)},
    31: {"GLIBCXX": (3, 4, 28), "CXXABI": (1, 3, 12), "GCC": (7, 0, 0), "ZLIB": (1, 2, 9)},
    34: {"GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13), "GCC": (7, 0, 0), "ZLIB": (1, 2, 9)},
    35: {"GLIBCXX": (3, 4, 30), "CXXABI": (1, 3, 13), "GCC": (12, 0, 0), "ZLIB": (1, 2, 9)},
    39: {"GLIBCXX": (3, 4, 33), "CXXABI": (1, 3, 15), "GCC": (14, 0, 0), "ZLIB": (1, 2, 12)},
}

Version = tuple[int, ...]


class NotPortable(Exception):
    """The library needs what no policy allows."""


def requirements(library: Path) -> tuple[set[str], dict[str, set[Version]]]:
    """The libraries that a 64-bit ELF file needs, and the versions of their symbols by family."""
    data = library.read_bytes()
    if data[:4] != b"\x7fELF" or data[4] != 2 or data[5] != 1:
        raise NotPortable(f"{library} is no 64-bit little-endian ELF file")
    start, size, count = (
        struct.unpack_from("<Q", data, 0x28)[0],
        struct.unpack_from("<H", data, 0x3A)[0],
        struct.unpack_from("<H", data, 0x3C)[0],
    )
    sections = []
    for number in range(count):
        at = start + number * size
        kind = struct.unpack_from("<I", data, at + 4)[0]
        offset, length = struct.unpack_from("<QQ", data, at + 0x18)
        link, info = struct.unpack_from("<II", data, at + 0x28)
        sections.append((kind, offset, length, link, info))

    def text(table: int, place: int) -> str:
        begin = sections[table][1] + place
        return data[begin : data.index(b"\0", begin)].decode("ascii")

    needed: set[str] = set()
    versions: dict[str, set[Version]] = {}
    for kind, offset, length, link, info in sections:
        if kind == 6:  # dynamic
            for at in range(offset, offset + length, 16):
                tag, value = struct.unpack_from("<QQ", data, at)
                if tag == 1:
                    needed.add(text(link, value))
        elif kind == 0x6FFFFFFE:  # versions needed
            for name in _versions(data, offset, info, lambda place: text(link, place)):
                family, _, number = name.partition("_")
                if not number.replace(".", "").isdigit():
                    raise NotPortable(f"{library} needs {name}")
                versions.setdefault(family, set()).add(
                    tuple(int(part) for part in number.split("."))
                )
    return needed, versions


def _versions(data: bytes, offset: int, count: int, text) -> Iterator[str]:  # type: ignore[no-untyped-def]
    at = offset
    for _ in range(count):
        names, _, first, following = struct.unpack_from("<HIII", data, at + 2)
        entry = at + first
        for _ in range(names):
            name, next_entry = struct.unpack_from("<II", data, entry + 8)
            yield text(name)
            entry += next_entry
        at += following


def tag(library: Path) -> str:
    """The oldest tag that is true of the library, such as manylinux_2_35_x86_64."""
    needed, versions = requirements(library)
    foreign = sorted(needed - ALLOWED)
    if foreign:
        raise NotPortable(f"{library} needs {', '.join(foreign)}")
    glibc = max(versions.get("GLIBC", {(2, 17)}))
    if glibc[0] != 2:
        raise NotPortable(f"{library} needs glibc {glibc}")
    minor = max(glibc[1], min(POLICIES))
    for oldest, policy in sorted(POLICIES.items()):
        # A policy holds from its glibc on; between two it is the older one's.
        fits = all(
            family == "GLIBC" or (family in policy and max(found) <= policy[family])
            for family, found in versions.items()
        )
        newer = [other for other in POLICIES if other > oldest]
        if fits and (not newer or minor < min(newer) or minor <= oldest):
            return f"manylinux_2_{max(minor, oldest)}_{platform.machine()}"
    raise NotPortable(f"{library} needs {versions}, newer than all that is known")
