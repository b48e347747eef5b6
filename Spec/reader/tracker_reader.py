#!/usr/bin/env python3
"""Reads a tracker file by FORMAT.md alone and prints what it means as the JSON of CONFORMANCE.md. All the
last commit's history refers to is read and checked. Values are kept as their bits, in integers: floats would
quiet signalling NaNs. Usage: tracker_reader.py FILE"""
import json, mmap, struct, sys, zlib
from array import array
from functools import lru_cache, reduce
from itertools import accumulate, chain, compress, repeat
from pathlib import Path
from types import SimpleNamespace as Fields

MAGIC, MARKER, TRAILER = map(bytes.fromhex, ("89 54524B 0D0A1A0A", "8A 5472 0A", "8B 5472456E64 0D0A"))
INDEX_SET, TILE, UNSEALED, PARAMETERS, KEPT_SETS, COMMIT = range(1, 7)
MODES, TYPES, FORMS = ("train", "eval", "test", "infer"), ("float32", "float64"), ("%08x", "%016x")
MAX64, MAX63 = 2**64 - 1, 2**63 - 1
ROWS, COLUMNS, CELLS, PAYLOAD, STRINGS, LIST = 2**20, 2**16, 2**24, 2**30, 2**28, 2**24
UNKNOWN, LIMIT, DAMAGED = "unsupportedEncoding", "limit", "damaged"
# A table: bases and widths of symbols. Of a magnitude all bits but the top three are extra.
MAGNITUDE = ([s if s < 4 else (4 + s % 4) << s // 4 - 1 for s in range(252)],
             [0 if s < 4 else s // 4 - 1 for s in range(252)])
BITS_OF_BYTE = [bytes(byte >> i & 1 for i in range(8)) for byte in range(256)]

class Fault(Exception):
    """Why a file is refused: an error of CONFORMANCE.md, the offset of the record at fault, what is wrong."""

def direct_table(size): return range(size), [0] * size
def unzigzag(n): return (n >> 1) ^ -(n & 1)
def wrap(n): return (n + 2**63 & MAX64) - 2**63  # to a signed 64-bit integer
def ascend(items): return all(a < b for a, b in zip(items, items[1:]))

class Cursor:
    """Reads the fields of one record's payload in order. What it refuses it reports at that record."""
    def __init__(self, data, record, strings):
        self.data, self.at, self.end, self.record, self.strings = data, 0, len(data), record, strings
    def check(self, holds, what, error="malformed"):
        if not holds:
            raise Fault(error, self.record, what)
    def attempt(self, decode, *arguments):
        try:
            return decode(*arguments)
        except (UnicodeDecodeError, zlib.error) as error:
            raise Fault("malformed", self.record, str(error)) from None
    def take(self, count):
        self.check(count <= self.end - self.at, "a field runs over the end of its record", "truncated")
        self.at += count
        return self.data[self.at - count:self.at]
    def uint(self, size): return int.from_bytes(self.take(size), "little")
    def signed(self): return unzigzag(self.varint())
    def name(self): return self.text(1, 4096)
    def index(self): return self.text(0, 65536) if self.strings else self.signed()
    def text(self, least, most):
        return self.attempt(str, self.take(self.varint("length of a string", least, most, LIMIT)), "utf-8")
    def code(self, known, what, error="malformed"):  # a byte below the number of codes known
        value = self.uint(1)
        self.check(value < known, f"{what} {value} is unknown", error)
        return value
    def varint(self, what="a number", least=0, most=MAX64, above="malformed"):
        value, shift, byte = 0, 0, 128
        while byte >= 128:
            byte = self.uint(1)
            self.check(shift < 63 or byte < 2, "a varint exceeds 64 bits")
            value, shift = value | (byte & 127) << shift, shift + 7
        self.check(byte or shift == 7, "a varint is longer than it needs to be")
        self.check(value >= least, f"{what} is {value}, below {least}")
        self.check(value <= most, f"{what} is {value}, above {most}", above)
        return value
    def items(self, what, read, most=MAX64):
        """A count and so many things. Each takes a byte at least, so the count cannot claim more memory."""
        count = self.varint(what, 0, most, LIMIT)
        self.check(count <= self.end - self.at, f"{what}: {count} are more than the bytes left")
        return [read() for _ in range(count)]
    def channel(self):
        return self.name(), self.code(4, "mode"), self.name() if self.code(2, "dsID flag") else None
    def inflate(self, count):
        stream, inflater = self.take(self.varint()), zlib.decompressobj(-15)
        self.check(len(stream) >= count // 1040, "a deflate stream is too short for its count", LIMIT)
        out = self.attempt(inflater.decompress, stream, count + 1)  # one more shows that there are too many
        ends = len(out) == count and inflater.eof and not inflater.unused_data
        self.check(ends, "a deflate stream does not end with its last value and byte")
        return out
    def symbols(self, count, size):
        out = self.inflate(count) if self.code(2, "symbol coding", UNKNOWN) else self.take(self.varint())
        self.check(len(out) == count and max(out, default=0) < size, "symbols too few or not in their table")
        return out
    def extras(self, symbols, table):
        """Adds to the base of each symbol its extra bits, which stand end to end, the lowest first."""
        (bases, widths), raw, values, held, holds, at = table, self.take(self.varint()), [], 0, 0, 0
        total = sum(map(widths.__getitem__, symbols))
        self.check(len(raw) == total + 7 >> 3, "extraBytes is not what the symbols need")
        for symbol in symbols:
            width = widths[symbol]
            if holds < width:
                held |= int.from_bytes(raw[at:at + 16], "little") << holds
                holds, at = holds + 128, at + 16
            values.append(bases[symbol] + (held & (1 << width) - 1))
            held, holds = held >> width, holds - width
        self.check(held == 0, "bits that fill up the last byte of extra bits are set")
        return values
    def integers(self, count, table=MAGNITUDE):
        return self.extras(self.symbols(count, len(table[0])), table)
    def places(self, gaps, below):
        """Where the things are that gaps precede."""
        places = [place - 1 for place in accumulate(gap + 1 for gap in gaps)]
        self.check(not places or places[-1] < below, "a place is behind the last")
        return places
    def bins(self, bits):
        widths = self.take(1 + self.uint(1))
        ends = list(accumulate(1 << width for width in widths))
        self.check(ends[-1] == 1 << bits, f"bins do not cover 2^{bits}")
        return [0, *ends[:-1]], widths
    def byte_block(self, count):
        return self.inflate(count) if self.code(2, "byte coding", UNKNOWN) else self.take(count)
    def bits(self, count):
        """A bit sequence, a byte for each bit."""
        self.check(count, "a bit sequence without bits")
        if not (coding := self.code(3, "bit coding", UNKNOWN)):
            flags = b"".join(map(BITS_OF_BYTE.__getitem__, self.byte_block(count + 7 >> 3)))
            self.check(1 not in flags[count:], "bits behind the last are set")
            return flags[:count]
        flags = bytearray([coding - 1]) * count
        for place in self.places(self.integers(self.varint("places", 0, count >> 3)), count):
            flags[place] = 2 - coding
        return flags
    def columns(self):
        """A column list: (step, epoch), the epoch None where it is not known."""
        count, step = self.varint("number of columns", 1, COLUMNS, LIMIT), self.signed()
        same = count > 1 and self.code(2, "step kind")
        self.check(not same or count <= 256, "more than 256 columns with one distance")
        distances = [self.varint()] * (count - 1) if same else [self.varint() for _ in range(count - 1)]
        columns = list(zip(accumulate(distances, initial=step), self.epochs(count)))
        rising = ascend([(s, e is not None, e) for s, e in columns])
        self.check(rising and columns[-1][0] <= MAX63, "columns do not ascend, or a step exceeds 64 bits")
        return columns
    def epochs(self, count):
        kind, epochs, last = self.code(4, "epoch kind"), [], 0
        self.check(kind < 3 or count > 1, "epoch kind 3 for one column")
        if kind == 3:
            return list(map(wrap, range(first := self.signed(), first + count)))
        for _ in range(count):
            known = kind == 1 or kind == 2 and self.code(2, "epoch flag")
            last = wrap(last + self.signed()) if known else last
            epochs.append(last if known else None)
        self.check(kind < 2 or 0 < epochs.count(None) < count, "epoch kind 2 where all or none are known")
        return epochs
    def index_set(self, room=STRINGS):
        """An inline index set, and how many bytes its strings have, `room` at most."""
        self.check(self.uint(1) == self.strings, "an index set's type is not the file's")
        count = self.varint("number of indices", 1, ROWS, LIMIT)
        return self.string_set(count, room) if self.strings else (self.integer_set(count), 0)
    def integer_set(self, count):
        first, places = self.signed(), range(count)
        if count == 1:
            return [first]
        unit, coding = self.varint("unit", 1), self.code(4, "integer set coding", UNKNOWN)
        if coding == 1:
            places = self.places([0, *self.integers(count - 1)], MAX64 + 1)
        elif coding == 2:
            lengths, at, places = self.integers(self.varint("number of runs", 1, count)), 0, []
            self.check(sum(lengths) + len(lengths) == count, "runs do not add up to the number of indices")
            for length, between in zip(lengths, [*self.integers(len(lengths) - 1), 0]):
                places += range(at, at + length + 1)
                at += length + between + 2
        elif coding == 3:
            flags = self.bits(self.varint("bits", count, 8 * count))
            self.check(flags[0] and flags[-1] and flags.count(1) == count, "wrong bits of an index set")
            places = list(compress(range(len(flags)), flags))
        self.check(first + places[-1] * unit <= MAX63, "an index exceeds 64 bits")
        return [first + p * unit for p in places] if coding else range(first, first + count * unit, unit)
    def string_set(self, count, room):
        parts, strings, before = list(zip(*(self.integers(count) for _ in range(3)))), [], b""
        lengths = [0, *map(sum, parts)]
        fits = all(shared + ending <= length for (shared, ending, _), length in zip(parts, lengths))
        self.check(fits, "a string takes more of the one before than there is")
        self.check(max(lengths) <= 65536 and sum(lengths) <= room, "strings are too long", LIMIT)
        own = Cursor(self.byte_block(sum(middle for _, _, middle in parts)), self.record, self.strings)
        for shared, ending, middle in parts:
            before = before[:shared] + own.take(middle) + before[len(before) - ending:]
            strings.append(self.attempt(str, before, "utf-8"))  # code points sort as these bytes do
        self.check(ascend(strings), "indices do not ascend")
        return strings, sum(lengths)
    def index_list(self):
        count, indices, room = self.varint("length of a list", 0, LIST, LIMIT), [], STRINGS
        while len(indices) < count:
            part, used = self.index_set(room)
            self.check(not indices or indices[-1] < part[0], "the parts of an index list do not ascend")
            self.check(len(indices) + len(part) <= count, "a part of an index list runs over")
            indices, room = indices + list(part), room - used
        return indices

# ------------------------------------------------------------ values
def is_nan(bits, wide): return bits & MAX63 > 0x7FF << 52 if wide else bits & 0x7FFFFFFF > 0xFF << 23
def floats(values, wide): return array("fd"[wide], array("IQ"[wide], values).tobytes())
def from_ordered(n, width): return n ^ (1 << width - 1 if n >> width - 1 else (1 << width) - 1)
def to_ordered(bits, width): return bits ^ ((1 << width) - 1 if bits >> width - 1 else 1 << width - 1)

def round_bits(x, wide):
    """The bits of x rounded to a value type. One too large becomes an infinity."""
    try:
        return int.from_bytes(struct.pack("<d" if wide else "<f", x), "little")
    except OverflowError:
        return (0xFF80 if x < 0 else 0x7F80) << 16

def singles_to_doubles(values):
    out = array("Q", array("d", floats(values, False)).tobytes())
    for i, bits in enumerate(values):
        if is_nan(bits, False):
            out[i] = (bits >> 31) << 63 | 0x7FF << 52 | (bits & 0x7FFFFF) << 29
    return out

def half_to_single(bits):
    if bits & 0x7FFF > 0x7C00:
        return (bits >> 15) << 31 | 0xFF << 23 | (bits & 0x3FF) << 13
    return round_bits(struct.unpack("<e", bits.to_bytes(2, "little"))[0], False)

@lru_cache
def logarithm_tables():
    lines = (Path(__file__).resolve().parent.parent / "logarithms.txt").read_text().splitlines()
    rows = [line.split() for line in lines if line and line[0] != "#"]
    return [[struct.unpack(">d", bytes.fromhex(row[curve]))[0] for row in rows] for curve in (1, 2)]

def grid_logarithm(falling, k):
    """The float32 bits of log(1 + k / 2^23), or falling of -log(1 - k / 2^24). Every operation counts."""
    j = k >> 13
    o = j << 13
    s = 2.0**-24 / (1 - o * 2.0**-24) if falling else 2.0**-23 / (1 + o * 2.0**-23)
    t = (k - o) * s
    c, half = (float.fromhex("0x1.5578p-2"), 0.5) if falling else (float.fromhex("0x1.5533p-2"), -0.5)
    return round_bits(logarithm_tables()[falling][j] + ((c * t + half) * t + 1) * t, False)

PRECISIONS = (23, 0x43800000, 0x7FFFFFFF), (10, 0x5C00, 0x7FFF), (7, 0x4380, 0x7FFF)

def grid_value(falling, precision, k):
    bits = grid_logarithm(falling, k << 23 - PRECISIONS[precision][0])
    if precision == 1:
        return int.from_bytes(struct.pack("<e", floats([bits], False)[0]), "little")
    return bits + 0x7FFF + (bits >> 16 & 1) >> 16 if precision else bits

@lru_cache
def grid(falling, precision):
    """By how much codes above the grid exceed their bits, and the table of symbols."""
    m, of256, highest = PRECISIONS[precision]
    last, first = MAGNITUDE[0].index(2**m), grid_value(falling, precision, 2**m) >> m - 3
    offset = 2**m + 2 - (first << m - 3)
    above = [(t << m - 3) + offset for t in range(first, of256 >> m - 3)]
    return offset, ([0, *(base + 1 for base in MAGNITUDE[0][:last + 1]), *above, of256 + offset],
                    [0, *MAGNITUDE[1][:last], 0, *(m - 3 for _ in above), (highest - of256).bit_length()])

def read_mapping(cur, kind, width, count, row_count):
    """A mapping's fields: codes from low to high, a table or the b of bins, value(code, coarseness)."""
    cur.check(1 <= kind <= 7, f"mapping {kind} is unknown", UNKNOWN)
    cur.check(width == 32 or kind not in (3, 4, 7), f"mapping {kind} is for float32 only")
    m = Fields(kind=kind, low=0, origin=0, table=None, entries=[], coarse=None)
    if kind in (1, 7):
        shift, width = (cur.uint(1), width) if kind == 1 else (0, 16)
        cur.check(shift < width, "shift is not below the width")
        m.bins, m.high, m.origin = width - shift, (1 << width - shift) - 1, 1 << width - shift - 1
        ordered = lambda code, e: from_ordered(code << shift, width) >> shift << shift
        m.value = ordered if kind == 1 else lambda code, e: half_to_single(ordered(code, e))
    elif kind == 2:
        entries = cur.varint("dictionary entries", min(count, 1), 256, LIMIT)
        ordered = list(accumulate(cur.varint("distance of entries", min(i, 1)) for i in range(entries)))
        cur.check(not entries or ordered[-1] < 1 << width, "a dictionary entry is too large")
        m.entries = [from_ordered(entry, width) for entry in ordered]
        m.high, m.table, m.value = entries - 1, direct_table(entries), lambda code, e: m.entries[code]
    elif kind < 5:
        m.precision, falling = cur.code(3, "precision", UNKNOWN), kind == 4
        (bits, _, highest), (offset, m.table) = PRECISIONS[m.precision], grid(falling, m.precision)
        m.high, minus_zero = offset + highest, 0x8000 if m.precision else 0x80000000
        m.value = lambda code, e: (code - offset if code > 2**bits + 1 else
                                   grid_value(falling, m.precision, code - 1) if code else minus_zero)
    else:
        exponent, divisor = cur.signed(), cur.varint("divisor", 1, 2**40) if kind == 5 else 1
        cur.check(-64 <= exponent <= 100, "exponent is not -64 to 100")
        m.bins, m.table, m.origin = (64, None, 2**63) if kind == 5 else (None, MAGNITUDE, 0)
        m.low, m.high = max(m.origin - 2**50, 0), m.origin + 2**50
        m.coarse = cur.integers(row_count, direct_table(16)) if cur.code(2, "row flag") else None
        root = lambda code, e: float(code - m.origin) / divisor * 2.0**(e - exponent)  # x / 1 is x
        linear = lambda code, e: round_bits(root(code, e), width == 64)
        squared = lambda code, e: round_bits(root(code, e) * root(code, e), width == 64)
        m.value = linear if kind == 5 else squared
    return m

def read_groups(cur, count):
    inertia, bits, start, highest = cur.take(4)
    cur.check(inertia < 8 and 1 <= bits <= 8 and highest, "inertia, bucketBits or highest is out of range")
    sizes = cur.integers(1 << bits)
    cur.check(sum(sizes) == count, "sizes of groups do not add up to the count")
    return inertia, bits, start, highest, sizes

def ungroup(cur, groups, symbols, rows, row_count):
    """From the order of the buckets to that of the values: each takes the next symbol of its row's bucket."""
    inertia, bits, start, highest, sizes = groups
    levels = [min(s, highest) * (65535 - (1 << 16 - bits)) // highest * (8 - inertia) for s in range(256)]
    ends, out = list(accumulate(sizes)), []
    nexts, states = [0, *ends[:-1]], [(65535, start << 8)] * row_count  # what chooses, what counts
    for row in rows:
        state, past = states[row]
        place = nexts[state >> 16 - bits]
        cur.check(place < ends[state >> 16 - bits], "a bucket has too few symbols")
        nexts[state >> 16 - bits] = place + 1
        out.append(symbols[place])
        states[row] = (past * inertia + levels[symbols[place]] >> 3,) * 2
    return out

def binary_symbols(cur, sizes, count):
    """Symbols 0 and 1 as bits: whether each is the unusual one of its bucket."""
    frequent, flags = cur.take(len(sizes) + 7 >> 3), cur.bits(count)
    usual = chain.from_iterable(repeat(frequent[b >> 3] >> b % 8 & 1, size) for b, size in enumerate(sizes))
    return bytes(map(int.__xor__, usual, flags))

def undo_difference(difference, deltas, columns, origin):
    """The codes of which only the distances from their predictions are given."""
    codes, deltas, last, slope, first = [], map(unzigzag, deltas), {}, {}, origin
    for rows in columns:
        if difference == 3:  # a column predicts from its values before, as if they all stood in row 0
            last, rows, begin = {0: first}, repeat(0, len(rows)), len(codes)
        for row, delta in zip(rows, deltas):
            code = last.get(row, origin) + slope.get(row, 0) + delta & MAX64
            if difference == 2 and row in last:
                slope[row] = code - last[row]
            last[row] = code
            codes.append(code)
        if difference == 3:
            first = codes[begin] if len(codes) > begin else first
    return codes

def correct(cur, precision, values):
    """Moves corrected values by one step in the precision, and widens all."""
    coding, steps = cur.code(3, "correction coding", UNKNOWN), []
    if coding == 1:
        numbers = cur.integers(cur.varint("corrections", 0, len(values)))
        steps = zip(cur.places((n >> 1 for n in numbers), len(values)), (1 + n % 2 for n in numbers))
    elif coding == 2:
        digits = [byte // 3**i % 3 for byte in cur.symbols((len(values) + 4) // 5, 243) for i in range(5)]
        cur.check(not any(digits[len(values):]), "corrections behind the last value")
        steps = ((place, digit) for place, digit in enumerate(digits) if digit)
    for place, digit in steps:
        values[place] = values[place] + (1 if digit == 1 else -1) & (0xFFFF if precision else 0xFFFFFFFF)
    return list(map((int, half_to_single, lambda bits: bits << 16)[precision], values))

def read_codes(cur, m, columns, count, row_count):
    difference = cur.code(4, "difference", UNKNOWN)
    table = MAGNITUDE if difference else m.table or cur.bins(m.bins)
    groups = read_groups(cur, count) if cur.code(2, "grouping", UNKNOWN) else None
    binary = len(m.entries) == 2 and cur.data[cur.at:cur.at + 1] == b"\2"
    cur.at += binary
    symbols = (binary_symbols(cur, groups[-1] if groups else [count], count) if binary else
               cur.symbols(count, len(table[0])))
    if groups:
        symbols = ungroup(cur, groups, symbols, chain.from_iterable(columns), row_count)
    codes = cur.extras(symbols, table)
    codes = undo_difference(difference, codes, columns, m.origin) if difference else codes
    cur.check(not codes or m.low <= min(codes) and max(codes) <= m.high, "a code out of its mapping's range")
    return codes

def read_values(cur, columns, row_count, wide):
    """The bits of a value column's values. `columns` are the rows that hold one, column by column."""
    count, mapping = sum(map(len, columns)), cur.uint(1)
    cur.check(wide or mapping < 128, "bit 7 of the mapping in a float32 column")
    width = 64 if wide and mapping < 128 else 32
    m = read_mapping(cur, mapping & 127, width, count, row_count)
    if m.kind == 2 and len(m.entries) < 2:
        values = m.entries * count
    else:
        codes, rows = read_codes(cur, m, columns, count, row_count), chain.from_iterable(columns)
        pairs = list(zip(codes, (m.coarse[row] for row in rows) if m.coarse else repeat(0)))
        computed = {pair: m.value(*pair) for pair in set(pairs)}
        values = [computed[pair] for pair in pairs]
    if m.kind in (3, 4):
        values = correct(cur, m.precision, values)
    if m.kind != 2 and (exceptions := cur.varint("exceptions", 0, count)):
        places = cur.places(cur.integers(exceptions), count)
        for place, ordered in zip(places, cur.integers(exceptions, cur.bins(width))):
            values[place] = from_ordered(ordered, width)
    return singles_to_doubles(values) if mapping >= 128 else values

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
    e.hints = [cur.varint("nanCount", 0, e.points)]
    e.hints += [cur.uint(8) for _ in range(3)] if e.hints[0] < e.points else []
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
        if hints(values, wide) != e.hints:
            raise Fault("malformed", e.listed_in, f"wrong hints for the tile at {e.offset}")
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

def hints(values, wide):
    """nanCount, and where there are others min, max and sum."""
    width, numbers = 64 if wide else 32, floats(values, wide)
    ordered = [to_ordered(bits, width) for bits in values if not is_nan(bits, wide)]
    if not ordered:
        return [len(values)]
    lanes = [reduce(lambda a, x: a + x, (x for x in numbers[i::4] if x == x), 0.0) for i in range(4)]
    total = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
    ends = [from_ordered(end, width) for end in (min(ordered), max(ordered))]
    return [len(values) - len(ordered), *(ends if wide else singles_to_doubles(ends)),
            round_bits(total, True) if total == total else 0x7FF8 << 48]

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
        with open(path, "rb") as stream:
            data = stream.read(24)  # of an empty file nothing could be mapped
            data = mmap.mmap(stream.fileno(), 0, prot=mmap.PROT_READ) if len(data) == 24 else data
        print(json.dumps(meaning(TrackerFile(data)), separators=(",", ":")))
    except Fault as fault:
        sys.exit("{}: error {} at offset {}: {}".format(path, *fault.args))
    except OSError as error:
        sys.exit(f"{path}: cannot be read: {error.strerror}")

if __name__ == "__main__":
    main(sys.argv[1]) if len(sys.argv) == 2 else sys.exit("usage: tracker_reader.py FILE")
