#!/usr/bin/env python3
"""Checks tracker_reader.py, and with it the text that it was written from.

    python3 check.py                   the grid's arithmetic for all k, and all vectors; exit status 1 if one differs
    python3 check.py --digest FILE     the digests of a file's points and of each channel's, as in DIGEST.md
"""
import hashlib
import json
import struct
import sys
import zlib
from pathlib import Path

import tracker_reader as reader

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
# FORMAT.md, "Grid logarithm": by precision, of the rising and of the falling curve.
GRIDS = (0xEBDEC033, 0xAC90EF83), (0xBA77B416, 0x0F9B36E7), (0x2051C9FA, 0x21AFF4C6)


def grid_checksum(falling, precision):
    """Of the values in a precision for k = 0 to 2^m."""
    checksum, size, ends = 0, "H" if precision else "I", 2 ** reader.PRECISIONS[precision][0] + 1
    for start in range(0, ends, 2**16):
        values = [reader.grid_value(falling, precision, k) for k in range(start, min(start + 2**16, ends))]
        checksum = zlib.crc32(struct.pack(f"<{len(values)}{size}", *values), checksum)
    return checksum


def check_grids():
    """How many grids have other values than FORMAT.md says."""
    wrong = [(falling, precision) for precision in range(3) for falling in range(2)
             if grid_checksum(falling, precision) != GRIDS[precision][falling]]
    for falling, precision in wrong:
        print(f"grid {('rising', 'falling')[falling]}, precision {precision}: another checksum")
    return len(wrong)


def found_in(path):
    """What a file means, or the error and offset that it is refused with."""
    try:
        return json.loads(json.dumps(reader.meaning(reader.TrackerFile(path.read_bytes()))))
    except reader.Fault as fault:
        return fault.args[:2]


def check_vectors():
    """How many files mean something else than their JSON, or are refused otherwise."""
    files, wrong = sorted(VECTORS.glob("**/*.tracker")), 0
    for path in files:
        expected = json.loads(path.with_suffix(".json").read_text())
        if path.parent.name == "malformed":
            expected = expected["error"], expected["offset"]
        if found_in(path) != expected:
            print(f"{path.relative_to(VECTORS)}: {str(found_in(path))[:200]}")
            wrong += 1
    print(f"{len(files)} vectors, {wrong} read otherwise")
    return wrong + (not files)


def digest(*parts):
    """H of a message: numbers, strings and digests."""
    message = hashlib.blake2b(digest_size=32)
    for part in parts:
        if isinstance(part, str):
            part = part.encode()
            message.update(struct.pack("<Q", len(part)) + part + bytes(-len(part) % 8))
        else:
            message.update(part if isinstance(part, bytes) else struct.pack("<Q", part & reader.MAX64))
    return message.digest()


def channel_digest(channel):
    columns = {}
    for index, step, epoch, bits, _ in channel["points"]:
        bits = int(bits, 16)
        bits = bits if channel["valueType"] == "float64" else reader.singles_to_doubles([bits])[0]
        columns.setdefault((step, int(epoch is not None), epoch or 0), []).extend((index, bits))
    message = []
    for column in sorted(columns):
        message += *column, len(columns[column]) // 2, digest(*columns[column])
    return digest(*message)


def digests(meaning):
    """The points digest, and (channel, its digest) for each channel that has points."""
    found = [(channel, channel_digest(channel)) for channel in meaning["channels"] if channel["points"]]
    parts = ["trk1", int(meaning["indexType"] == "string")]
    for channel, value in found:
        ds_id = channel["dsID"]
        parts += [channel["metric"], reader.MODES.index(channel["mode"]), int(ds_id is not None)]
        parts += [value] if ds_id is None else [ds_id, value]
    return digest(*parts), found


def main(arguments):
    if not arguments:
        sys.exit(1 if check_grids() + check_vectors() else 0)
    if len(arguments) != 2 or arguments[0] != "--digest":
        sys.exit(__doc__)
    try:
        points, channels = digests(reader.meaning(reader.TrackerFile(Path(arguments[1]).read_bytes())))
    except (reader.Fault, OSError) as error:
        sys.exit(f"{arguments[1]}: {error}")
    print(points.hex(), "points")
    for channel, value in channels:
        ds_id = [] if channel["dsID"] is None else [channel["dsID"]]
        print(value.hex(), channel["metric"], channel["mode"], *ds_id, len(channel["points"]))


if __name__ == "__main__":
    main(sys.argv[1:])
