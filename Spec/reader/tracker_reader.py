#!/usr/bin/env python3
"""Reads a tracker file by FORMAT.md alone and prints what it means as the JSON of CONFORMANCE.md. All the
last commit's history refers to is read and checked, but for the hints of tiles. Usage: tracker_reader.py FILE"""
import json, struct, sys, zlib
from functools import lru_cache
from itertools import chain, compress
from pathlib import Path
from types import SimpleNamespace as Fields

from tracker_columns import (DAMAGED, LIMIT, MAX63, MAX64, ROWS, STRINGS, UNKNOWN, Cursor, Fault, ascend, floats,
                             read_values, singles_to_doubles)

MAGIC, MARKER, TRAILER = map(bytes.fromhex, ("89 54524B 0D0A1A0A", "8A 5472 0A", "8B 5472456E64 0D0A"))
INDEX_SET, TILE, UNSEALED, PARAMETERS, KEPT_SETS, COMMIT = range(1, 7)
MODES, TYPES, FORMS = ("train", "eval", "test", "infer"), ("float32", "float64"), ("%08x", "%016x")
CELLS, PAYLOAD = 2**24, 2**30

# ------------------------------------------------------------ the fields of a commit
def read_commit(cur):
    cur.check(len(cur.data) >= 16, "a commit without a trailer", "truncated")
    cur.check(cur.data[-16:-8] == struct.pack("<Q", cur.record), "a trailer names another commit")
    cur.end -= 16
    c = Fields(offset=cur.record, flags=cur.varint(), sequence=cur.varint("sequence", 1, MAX63))
    c.depth, c.tiles_end, c.segments = cur.varint("depth", 1, c.sequence), 24, []
    c.low, c.covers_from = c.depth & -c.depth, cur.varint("coversFrom", 24, c.offset)
    suits = bool(c.flags & 16) == (c.depth > 1) and bool(c.flags & 32) == (c.low != c.depth)
    cur.check(suits, "the flags of parent or ancestor do not suit the depth")
    _, c.ancestor, c.parameters, c.kept_sets = (
        (cur.varint("offset of a reference", 0, c.offset - 1), cur.uint(4)) if c.flags & flag else None
        for flag in (16, 32, 64, 128))
    c.times = read_times(cur, c.flags)
    c.identities = cur.items("identities", lambda: read_identity(cur), 2**20)
    c.identity = place(cur, c.identities) if c.flags & 256 else None
    c.channels = cur.items("channels", lambda: (cur.channel(), cur.code(2, "value type")))
    member = lambda: place(cur, c.identities)
    c.sets = cur.items("identity sets", lambda: cur.items("an identity set", member, 2**20))
    cur.check(ascend(c.identities) and all(map(ascend, c.sets)), "identities or their sets do not ascend")
    c.groups = cur.items("groups", lambda: Fields(
        channel=place(cur, c.channels), epoch=cur.signed(), newest=cur.varint("newestRecord", 0, c.offset - 1),
        size=(cur.varint("records", 0, 2**31 - 1, LIMIT), cur.varint("points", 0, 2**40, LIMIT))), 2**16)
    cur.check(c.low <= cur.end - cur.at, "there are more segments than bytes left")
    for depth in range(c.depth - c.low + 1, c.depth + 1):
        s = c if depth == c.depth else read_segment_head(cur, c, depth)  # the last one is the commit's own
        s.entries = cur.items("entries", lambda: read_entry(cur, c, s))
        c.segments.append(s)
        c.tiles_end = max(c.tiles_end, s.offset)
    c.partition = read_partition(cur) if c.flags & 512 else None
    return c

def read_times(cur, flags):
    return {key: read() if flags & flag else None for key, flag, read in
            (("step", 4, cur.signed), ("epoch", 8, cur.signed), ("wallTime", 2, cur.varint))}

def place(cur, table):  # what a number names that is a place in a table
    return table[cur.varint("a place", 0, len(table) - 1)]

def read_identity(cur):
    run, generation, rank, world = cur.name(), *(cur.varint("identity", 0, 2**32 - 1) for _ in range(3))
    cur.check(rank < world, "rank is not below worldSize")
    return generation, rank, world, run  # their order

def read_segment_head(cur, c, depth):
    s = Fields(flags=cur.varint(), offset=cur.varint("offset of a commit", 0, c.offset - 1), depth=depth,
               sequence=cur.varint("sequence", 1, c.sequence - 1))
    last = c.segments[-1] if c.segments else Fields(offset=0, sequence=0)
    cur.check(last.offset < s.offset and last.sequence < s.sequence, "segments do not ascend")
    s.times, s.identity = read_times(cur, s.flags), place(cur, c.identities) if s.flags & 256 else None
    return s

def read_entry(cur, c, segment):
    e = Fields(listed_in=c.offset, channel=place(cur, c.channels))
    number = cur.varint("an identity set", 0, len(c.sets))
    e.who = c.sets[number - 1] if number else [segment.identity] if segment.identity else []
    e.offset = cur.varint("offset of a tile", 0, c.offset - 1)
    e.length, begin = cur.varint("payloadLength", 0, c.offset - 1), cur.at
    follows, c.tiles_end = e.offset >= c.tiles_end, e.offset + 24 + e.length
    cur.check(follows and c.tiles_end <= segment.offset, "a tile overlaps what stands before or behind it")
    column_count, e.columns = len(cur.columns()), cur.data[begin:cur.at]  # few bytes may be many columns
    e.row_count, e.flags = cur.varint("rowCount", 1, ROWS, LIMIT), cur.code(6, "tile flags")
    record = e.flags & 1
    cur.check(record or not cur.strings, "dense rows in a file of string indices")
    cur.check(e.flags < 2 or e.who, "sources without identities")
    e.rows_at = cur.varint("offset of an index set", 0, c.offset - 1) if record else None
    e.first = cur.index()
    e.last = cur.index() if record else e.first + e.row_count - 1
    ascends = e.first == e.last if e.row_count == 1 else e.first < e.last
    cur.check(ascends and (cur.strings or e.last <= MAX63), "the last index is wrong")
    e.points = cur.varint("pointCount", 0, e.row_count * column_count)
    if cur.varint("nanCount", 0, e.points) < e.points:
        cur.take(24)  # min, max and sum: hints, of which the meaning says nothing
    return e

def read_partition(cur):
    count = cur.varint("partitionCount")
    part, set_id = cur.varint("partition", 1, count), cur.uint(8)
    lower, upper = cur.index() if part > 1 else None, cur.index() if part < count else None
    cur.check(None in (lower, upper) or lower <= upper, "a partition's upper index sorts before its lower")
    return {"partition": part, "partitionCount": count, "setID": FORMS[1] % set_id, "lower": lower,
            "upper": upper}

# ------------------------------------------------------------ the file's records
class TrackerFile:
    def __init__(self, data):
        self.data, self.size, self.end, cur = data, len(data), len(data), Cursor(data[:24], 0, 0)
        cur.check(cur.end == 24 and cur.data[:8] == MAGIC, "this is not a tracker file", "notATrackerFile")
        major, _, self.strings, _, checksum = struct.unpack("<HHB7sI", cur.data[8:])
        cur.check(zlib.crc32(cur.data[:20]) == checksum, "the file header's checksum is wrong", "checksum")
        cur.check(major == 1, f"major version {major} is unknown", "unsupportedVersion")
        cur.check(self.strings < 2, f"index type {self.strings} is unknown")
        self.budget = 2 * self.size + 2**20  # of bytes that the search for the last commit may verify
    def record(self, offset, kind=None, checksum=None, end=None):
        """A cursor on a record's payload, after all checks: what refers to it may tell kind, checksum, end."""
        cur = Cursor(self.data[offset:offset + 24], offset, self.strings)
        cur.check(24 <= offset and cur.end == 24, "no record can stand here")
        length, payload_sum, header_sum = struct.unpack("<QII", cur.take(24)[8:])
        cur.check(cur.data[:4] == MARKER, "no record stands here")
        computed, found = zlib.crc32(cur.data[:20], zlib.crc32(struct.pack("<Q", offset))), cur.data[4]
        cur.check(computed == header_sum, "a record header's checksum is wrong", "checksum")
        cur.check(length <= PAYLOAD, "a payload exceeds 2^30 bytes", LIMIT)
        cur.check(offset + 24 + length <= self.end, "a payload runs over the end of the file", "truncated")
        cur.check(kind in (None, found), f"a record of kind {found}, not {kind}", DAMAGED)
        cur.check(end in (None, offset + 24 + length), "a commit ends elsewhere", DAMAGED)
        self.budget -= 24 + length
        cur.check(self.budget >= 0, "too many bytes claim to be the last commit", LIMIT)
        cur = Cursor(self.data[offset + 24:offset + 24 + length], offset, self.strings)
        cur.check(zlib.crc32(cur.data) == payload_sum, "a payload's checksum is wrong", "checksum")
        cur.check(checksum in (None, payload_sum), "the record is not the one referred to", DAMAGED)
        return cur
    def last_commit(self):
        """The last commit that counts, or None. `end` becomes where it ends: what follows is not used."""
        end = self.size
        while (mark := self.data.rfind(TRAILER, 32, end)) >= 0:
            end, offset = mark + 7, int.from_bytes(self.data[mark - 8:mark], "little")
            try:
                commit = read_commit(self.record(offset, COMMIT, end=mark + 8))
                at = offset if commit.flags & 1 else commit.covers_from
                while at < offset:
                    at += 24 + self.record(at).end
            except Fault:
                if self.budget < 0:
                    raise
                continue
            if at == offset:
                self.end, self.budget = mark + 8, float("inf")
                return commit
        self.end = 24
    def directory(self, commit):
        """The segments of the whole history, by depth."""
        segments, child = commit.segments, commit
        while commit.ancestor:
            (offset, checksum), depth = commit.ancestor, commit.depth - commit.low
            cur = self.record(offset, COMMIT, checksum)
            commit = read_commit(cur)
            cur.check(commit.depth == depth, "an ancestor's depth is wrong", DAMAGED)
            behind = all(offset < s.offset and commit.sequence < s.sequence and
                         (not s.entries or s.entries[0].offset >= offset + 24 + len(cur.data)) for s in child.segments)
            Cursor(b"", child.offset, 0).check(behind, "a segment does not stand behind the ancestor")
            segments, child = commit.segments + segments, commit
        return segments
    @lru_cache(maxsize=4)
    def index_record(self, offset, as_base=False):
        """The rows of an index set record. Epochs repeat sets, so some are kept."""
        cur = self.record(offset, INDEX_SET)
        if cur.data[:1] != b"\2":
            return cur.index_set()[0]
        cur.check(not as_base, "the base of a subset is a subset", DAMAGED)
        cur.at = 1
        base = self.index_record(cur.varint("offset of a base", 0, offset - 1), True)
        first = cur.varint("firstRow", 0, len(base) - 1)
        flags = cur.bits(cur.varint("bits", 1, len(base) - first))
        cur.check(flags[0] and flags[-1], "the first or last bit of a subset is 0")
        rows = list(compress(base[first:first + len(flags)], flags))
        if count := cur.varint("otherCount"):
            others, _ = cur.index_set()
            fits = len(others) == count and set(rows).isdisjoint(others)
            cur.check(fits, "a subset's others are not otherCount, or stand in its base")
            rows = sorted(chain(rows, others))
        bytes_of_strings = sum(len(row.encode()) for row in rows) if self.strings else 0
        cur.check(len(rows) <= ROWS and bytes_of_strings <= STRINGS, "a subset is too large", LIMIT)
        return rows
    def tile(self, e):
        """Indices, columns, the rows that hold a point by column, their values' bits, who recorded them."""
        cur, listed = self.record(e.offset, TILE), Cursor(e.columns, e.listed_in, self.strings).columns()
        channel, wide = found = cur.channel(), cur.code(2, "value type")
        row_count, columns = cur.varint("rowCount", 1, ROWS, LIMIT), cur.columns()
        flags = cur.code(6, "tile flags")
        cur.check(row_count * len(columns) <= CELLS, "a tile has more than 2^24 cells", LIMIT)
        found = cur.end, found, row_count, columns, flags, cur.varint() if flags & 1 else cur.signed()
        says = e.length, e.channel, e.row_count, listed, e.flags, e.rows_at if e.flags & 1 else e.first
        cur.check(found == says, "this is not the tile that the directory lists", DAMAGED)
        indices = self.index_record(e.rows_at) if flags & 1 else range(e.first, e.last + 1)
        if (len(indices), indices[0], indices[-1]) != (row_count, e.first, e.last):
            raise Fault(DAMAGED, e.rows_at, f"these are not the indices that the entry of {e.offset} lists")
        by_column = cur.code(2, "presence coding", UNKNOWN)
        present = [range(row_count)] * len(columns)
        present = read_presence(cur, row_count, len(columns)) if by_column else present
        count = cur.varint("pointCount")
        cur.check(count == sum(map(len, present)), "pointCount is not how many there are")
        cur.check(count == e.points, "the directory lists another pointCount", DAMAGED)
        values = read_values(cur, present, row_count, wide)
        who = sources(cur, e, read_values(cur, present, row_count, False)) if flags > 1 else None
        return indices, columns, present, values, who or [e.who[0] if len(e.who) == 1 else None] * count
    def unsealed(self, group, commit):
        """The bits of a group's points by index, the newest record's first."""
        at, records, count, points = group.newest, 0, 0, {}
        while at and records < group.size[0]:
            cur = self.record(at, UNSEALED)
            channel, epoch, wide = cur.channel(), cur.signed(), cur.code(2, "value type")
            agrees = ((channel, wide), epoch) == (group.channel, group.epoch)
            cur.check(agrees, "unsealed points of another channel, epoch or value type", DAMAGED)
            at, (indices, _) = cur.varint("offset of the record before", 0, at - 1), cur.index_set()
            for index, bits in zip(indices, read_values(cur, [range(len(indices))], len(indices), wide)):
                points.setdefault(index, bits)
            records, count = records + 1, count + len(indices)
        if at or (records, count) != group.size:
            raise Fault(DAMAGED, group.newest, "a chain of unsealed points is not what the commit says")
        return points

def read_presence(cur, row_count, column_count):
    """The rows that hold a point, column by column."""
    every, kinds, rows, flags = list(range(row_count)), cur.integers(column_count), [], []
    own, changes = (Cursor(cur.bits(row_count * kinds.count(kind)) if kind in kinds else b"", cur.record, 0)
                    for kind in (2, 3))
    for column, kind in enumerate(kinds):
        back = max(kind - 3, 1)
        cur.check(kind < 3 or back <= column, "presence points before the first column")
        flags.append(flags[-back] if kind > 3 else own.take(row_count) if kind == 2 else
                     bytes(map(int.__xor__, changes.take(row_count), flags[-1])) if kind == 3 else
                     bytes([1 - kind]) * row_count)
        rows.append(rows[-back] if kind > 3 else list(compress(every, flags[-1])))
    cur.check(sum(map(len, rows)) < row_count * column_count, "a full tile has presence by column")
    return rows

def sources(cur, e, values):
    """The identities that a tile's sources name. 0.0 is nobody known."""
    names = {0: None} if e.flags >> 1 == 2 else {}
    for bits in set(values) - names.keys():
        number = floats([bits], False)[0]
        cur.check(1 <= number <= len(e.who) and number == int(number), f"a source is {number}")
        names[bits] = e.who[int(number) - 1]
    return [names[bits] for bits in values]

# ------------------------------------------------------------ the meaning
def read_parameters(cur):
    p = {"indexKey": cur.name()}
    p["metricKeys"] = [cur.name() for _ in range(cur.varint("metrics", 1, 1024, LIMIT))]
    for key, least in ("maxToKeep", 0), ("minToKeep", 0), ("epochFrequency", 1):
        p[key] = cur.varint(key, least, MAX63, LIMIT)
    kinds, kind, bits = ("all", "only", "except"), cur.code(3, "mode filter"), cur.code(16, "modes")
    p["modes"] = {kinds[kind]: [mode for i, mode in enumerate(MODES) if bits >> i & 1]} if kind else "all"
    id_kind, ids = cur.code(3, "dsID filter"), cur.items("dsIDs", cur.name)
    p["dsIDs"] = {kinds[id_kind]: ids} if id_kind else "all"
    suits = bool(kind) == bool(bits) and bool(id_kind) == bool(ids) and ascend(ids)
    cur.check(suits and ascend(sorted(p["metricKeys"])), "parameters: filters or names that cannot be")
    p["keepMantissaBits"] = cur.code(53, "keepMantissaBits")
    p["outputName"] = cur.name() if cur.uint(1) else None
    given, indices = cur.uint(1), cur.index_list()
    return {**p, "listToKeep": indices if given else None}

def labelled(channel, **members):
    return {"metric": channel[0], "mode": MODES[channel[1]], "dsID": channel[2], **members}

def read_kept_sets(cur):
    return cur.items("channels", lambda: labelled(
        cur.channel(), **{key: cur.index_list() for key in ("max", "min", "list", "missing")}))

def channel_points(file, entries, wide, numbers):
    """All points of a channel, of each key that in the tile at the highest offset."""
    points = {}
    for e in sorted(entries, key=lambda entry: entry.offset):
        indices, columns, present, values, who = file.tile(e)
        cells = zip(singles_to_doubles(values) if wide > e.channel[1] else values, who)
        for (step, epoch), rows in zip(columns, present):
            for row, (bits, source) in zip(rows, cells):
                points[indices[row], step] = epoch, FORMS[wide] % bits, numbers.get(source)
    return [[*key, *point] for key, point in sorted(points.items())]

def meaning(file):
    """The JSON value of CONFORMANCE.md."""
    out = {"indexType": ("int64", "string")[file.strings], "commits": [], "identities": [], "partition": None,
           "parameters": None, "keptSets": [], "channels": [], "unsealed": []}
    commit = file.last_commit()
    out["bytesBehindLastCommit"] = file.size - file.end
    if not commit:
        return out
    segments, by_channel, sets = file.directory(commit), {}, {0: commit.identities}
    for key, kind, reference, read_it in (("parameters", PARAMETERS, commit.parameters, read_parameters),
                                          ("keptSets", KEPT_SETS, commit.kept_sets, read_kept_sets)):
        if reference:
            out[key] = read_it(file.record(reference[0], kind, reference[1]))
    for segment in segments:
        for entry in segment.entries:
            by_channel.setdefault(entry.channel[0], []).append(entry)
            sets[id(entry.who)] = entry.who  # many entries may share a large one
    people = {*chain.from_iterable(sets.values()), *(s.identity for s in segments if s.identity)}
    numbers = {identity: number for number, identity in enumerate(sorted(people))}
    out["identities"] = [dict(zip(("generation", "rank", "worldSize", "runID"), who)) for who in numbers]
    out["commits"] = [{"sequence": s.sequence, "depth": s.depth, **s.times,
                       "identity": numbers.get(s.identity)} for s in segments]
    out["partition"] = commit.partition
    for channel in sorted(by_channel, key=lambda c: (c[0], c[1], c[2] is not None, c[2])):
        wide = max(entry.channel[1] for entry in by_channel[channel])
        points = channel_points(file, by_channel[channel], wide, numbers)
        out["channels"].append(labelled(channel, valueType=TYPES[wide], points=points))
    for group in commit.groups:
        channel, wide = group.channel
        points = [[i, FORMS[wide] % bits] for i, bits in sorted(file.unsealed(group, commit).items())]
        out["unsealed"].append(labelled(channel, valueType=TYPES[wide], epoch=group.epoch, points=points))
    return out

def main(path):
    try:
        print(json.dumps(meaning(TrackerFile(Path(path).read_bytes())), separators=(",", ":")))
    except Fault as fault:
        sys.exit("{}: error {} at offset {}: {}".format(path, *fault.args))
    except OSError as error:
        sys.exit(f"{path}: cannot be read: {error.strerror}")

if __name__ == "__main__":
    main(sys.argv[1]) if len(sys.argv) == 2 else sys.exit("usage: tracker_reader.py FILE")
