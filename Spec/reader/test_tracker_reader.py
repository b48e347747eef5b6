#!/usr/bin/env python3
"""Tests tracker_reader.py with files made to hurt it. They grow from FORMAT.md's worked example, read from the text.

    python3 test_tracker_reader.py [FILE ...]        the files' payloads are mutated, too
"""
import math
import random
import re
import struct
import sys
import time
import tracemalloc
import zlib
from pathlib import Path

import tracker_reader as reader


def example():
    """The bytes of the worked example: each line is an offset, bytes, and after two spaces what they mean."""
    text = (Path(__file__).resolve().parent.parent / "FORMAT.md").read_text().split("## Worked example")[1]
    data = b""
    for line in text.split("```")[1].splitlines():
        if match := re.match(r" *(\d+)  ((?:[0-9A-F]{2} )*[0-9A-F]{2})(?:  |$)", line):
            assert int(match[1]) == len(data), line
            data += bytes.fromhex(match[2])
    return data


def outcome(data):
    """What a file means, or the error it is refused with. Anything else that is raised fails the test."""
    try:
        return reader.meaning(reader.TrackerFile(data))
    except reader.Fault as fault:
        assert fault.args[0] in ("notATrackerFile", "unsupportedVersion", "checksum", "truncated", "malformed",
                                 "unsupportedEncoding", "limit", "damaged"), fault
        assert isinstance(fault.args[1], int) and fault.args[1] >= 0
        return fault.args[0]


def sealed(data, record, payload):
    """A file with another payload of the same length in a record, whose checksums are right again."""
    head = data[record:record + 16] + struct.pack("<I", zlib.crc32(payload))
    head += struct.pack("<I", zlib.crc32(head, zlib.crc32(struct.pack("<Q", record))))
    return data[:record] + head + payload + data[record + 24 + len(payload):]


def records(data):
    at = 24
    while data[at:at + 4] == reader.MARKER:
        length = struct.unpack("<Q", data[at + 8:at + 16])[0]
        yield at, length
        at += 24 + length


def count(counts, found):
    name = found if isinstance(found, str) else "read"
    counts[name] = counts.get(name, 0) + 1


def without(meaning, *members):
    return {key: value for key, value in meaning.items() if key not in members}


def columns(*rows):
    return [range(count) for count in rows]


def test_columns():
    """Columns encoded by hand, of codings that writers choose rarely."""
    single = lambda *values: [struct.unpack("<I", struct.pack("<f", value))[0] for value in values]
    half = lambda bits: single(struct.unpack("<e", struct.pack("<H", bits))[0])[0]
    step = struct.unpack("<H", struct.pack("<e", math.log(1 + 1 / 1024)))[0]
    for what, text, rows, wide, values in (
            ("falling, bfloat16", "0402 00 00 00 03 000102 00 00 00", (3,), 0, [0x80000000, 0, 0x3B800000]),
            ("a list of corrections", "0301 00 00 00 02 0202 00 01 01 00 01 03 00 00", (2,), 0,
             [half(step), half(step - 1)]),
            ("a plane of corrections", "0301 00 00 00 02 0202 00 02 00 01 05 00", (2,), 0,
             [half(step - 1), half(step + 1)]),
            ("squared", "0602 00 00 00 00 02 0302 00 00", (2,), 0, single(2.25, 1)),
            ("coarse rows", "0602 01 00020100 00 00 00 00 02 0302 00 00", (2,), 0, single(9, 1)),
            ("linear, previous", "0500 03 00 01 00 00 02 0202 00 00", (1, 1), 0, single(1 / 3, 2 / 3)),
            ("linear, trend", "0500 01 00 02 00 00 03 020200 00 00", (1, 1, 1), 0, single(1, 2, 3)),
            ("float16 and a signalling NaN in float64", "87 00 0010 00 00 02 0000 04 00BC01FC 00", (2,), 1,
             [0x3FF0000000000000, 0x7FF0040000000000]),
            ("a shifted negative value", "0110 00 0010 00 00 01 00 02 7F40 00", (1,), 0, single(-1)),
            ("an exception", "0500 01 00 01 00 00 02 0000 00 01 00 01 01 00 0020 00 01 00 04 FFFFFF7F", (2,), 0,
             [0, 0x80000000])):
        found = reader.read_values(reader.Cursor(bytes.fromhex(text), 0, 0), columns(*rows), max(rows), wide)
        assert list(found) == values, (what, found)
    for text, indices in (("00 05 14 01 02 02 00 02 0102 00 00 01 00 00", [10, 11, 13, 14, 15]),
                          ("00 03 14 02 01 00 02 0100 00", [10, 14, 16]),
                          ("01 02 00 02 0001 00 00 02 0001 00 00 02 0301 00 00 61626364", ["abc", "adc"])):
        data = bytes.fromhex(text)
        assert reader.Cursor(data, 0, data[0]).index_set()[0] == indices, text
    assert reader.Cursor(bytes.fromhex("03 00 02 00 01 00 00 01 06"), 0, 0).index_list() == [0, 1, 3]
    presence = reader.read_presence(reader.Cursor(bytes.fromhex("00 04 00020305 00 00 00 01 00 00 02"), 0, 0), 2, 4)
    assert list(map(list, presence)) == [[0, 1], [0], [0, 1], [0]]


def test_damage(data):
    whole, first, nothing = (outcome(data[:size]) for size in (516, 274, 24))
    assert [len(m["commits"]) for m in (whole, first, nothing)] == [2, 1, 0]
    known = [without(m, "bytesBehindLastCommit") for m in (whole, first, nothing)]
    for size in range(len(data)):
        found = outcome(data[:size])
        if size < 24:
            assert found == "notATrackerFile", (size, found)
        else:
            assert found == {**known[2 if size < 274 else 1], "bytesBehindLastCommit": size - (24 if size < 274 else 274)}
    counts = {}
    for at in range(len(data)):
        for byte in (0, 255, data[at] ^ 1):
            found = outcome(data[:at] + bytes([byte]) + data[at + 1:])
            if byte == data[at]:
                assert found == whole
            elif isinstance(found, dict):
                assert without(found, "bytesBehindLastCommit") in known, (at, byte)
                # the last commit's directory holds the first one's segment: nothing reads that record itself
                assert found["commits"] != whole["commits"] and at >= 24 or 155 <= at < 274, (at, byte)
            count(counts, found)
    print("flips of the example:", counts)


def test_mutations(data, rounds, seed):
    """Payloads mutated behind right checksums reach every check that checksums keep idle."""
    random.seed(seed)
    places, counts, slowest = list(records(data)), {}, 0
    for _ in range(rounds):
        record, length = random.choice(places)
        payload = bytearray(data[record + 24:record + 24 + length])
        for _ in range(random.choice((1, 1, 2, 3))):
            at = random.randrange(min(length, random.choice((40, 400, length))) or 1)
            payload[at] = random.choice((0, 1, 2, 3, 127, 128, 255, payload[at] ^ 1, payload[at] + 1 & 255))
        began = time.time()
        found = outcome(sealed(data, record, bytes(payload)))
        slowest = max(slowest, time.time() - began)
        count(counts, found)
    print(f"{rounds} mutations: {counts}, the slowest took {slowest:.2f} s")


def test_memory(data):
    """Every byte of every payload of the example set to others, measured."""
    tracemalloc.start()
    for record, length in records(data):
        for at in range(length):
            for byte in (0, 1, 2, 5, 127, 128, 254, 255):
                payload = bytearray(data[record + 24:record + 24 + length])
                payload[at] = byte
                outcome(sealed(data, record, bytes(payload)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"most memory for a mutated example: {peak / 2**20:.1f} MB")
    assert peak < 20 * 2**20


if __name__ == "__main__":
    data = example()
    assert len(data) == 516
    test_columns()
    test_damage(data)
    test_memory(data)
    test_mutations(data, 3000, 1)
    for path in sys.argv[1:]:
        print(path)
        test_mutations(Path(path).read_bytes(), 300, 2)
