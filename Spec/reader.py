#!/usr/bin/env python3
"""A second reader of TrackerState files, written from FORMAT.md alone.

    python3 Spec/reader.py FILE                  every point, an NDJSON line each, as `tracker export --format ndjson`
    python3 Spec/reader.py FILE --bits           values as the hexadecimal bits of their value type
    python3 Spec/reader.py FILE --unsealed       the unsealed points instead
    python3 Spec/reader.py FILE --summary        commits, parameters and kept sets as JSON instead
    python3 Spec/reader.py FILE --features       how often each coding occurs in the tiles, instead
    python3 Spec/reader.py FILE --digest         the digests of the points and of each channel's (DIGEST.md), instead
    options: --commit N (as of that sequence), --check (also recompute the directory's nanCount, min, max and sum)

It needs Python 3 (tried with 3.11) and logarithms.txt beside it. It is meant to be read beside FORMAT.md, whose
sections the comments name, and to check other implementations: plain, not fast (it prints some 20,000 points a second).
What MUST be refused raises FormatError with the offset in the file; codings of later versions raise Unsupported.
Exit status: 0 done, 1 refused, 2 usage."""
import hashlib
import json
import os
import struct
import sys
import zlib
from collections import Counter

MASK64 = (1 << 64) - 1
MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 1 << 20, 1 << 16, 1 << 24
MAX_PAYLOAD, MAX_STRINGS, MAX_LIST = 1 << 30, 1 << 28, 1 << 24
MODES = ["train", "eval", "test", "infer"]
INDEX_SET, TILE, UNSEALED, PARAMETERS, KEPT_SETS, COMMIT = 1, 2, 3, 4, 5, 6
features = Counter()  # what --features prints


class FormatError(Exception):
    """A part of the file that MUST be refused."""

    def __init__(self, offset, message):
        super().__init__(f"at offset {offset}: {message}")


class Unsupported(FormatError):
    """A coding that this version does not know: not damage."""


# ---------------------------------------------------------------- Conventions

class Cursor:
    """Reads fields from `data`, whose first byte stands at `base` in the file."""

    def __init__(self, data, base):
        self.data, self.base, self.position, self.end = data, base, 0, len(data)

    def refuse(self, message, kind=FormatError):
        raise kind(self.base + self.position, message)

    def require(self, condition, message):
        if not condition:
            self.refuse(message)

    def left(self):
        return self.end - self.position

    def take(self, count):
        self.require(count <= self.left(), f"{count} bytes are needed, {self.left()} are left")
        self.position += count
        return self.data[self.position - count:self.position]

    def u8(self):
        return self.take(1)[0]

    def u32(self):
        return int.from_bytes(self.take(4), "little")

    def u64(self):
        return int.from_bytes(self.take(8), "little")

    def code(self, known, what, kind=FormatError):
        """A u8 that MUST be below `known`."""
        value = self.u8()
        if value >= known:
            self.refuse(f"unknown {what} {value}", kind)
        return value

    def varint(self, low=0, high=MASK64, what="number"):
        value = shift = 0
        while True:
            byte = self.u8()
            self.require(shift < 63 or byte <= 1, "a varint beyond 64 bits")
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
        self.require(byte != 0 or shift == 0, "a varint that is not the shortest")
        self.require(low <= value <= high, f"{what} {value} is not {low} to {high}")
        return value

    def signed(self):
        return unzigzag(self.varint())

    def utf8(self, raw):
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            self.refuse("invalid UTF-8")

    def name(self):
        return self.utf8(self.take(self.varint(1, 4096, "length of a name")))


def unzigzag(n):
    return (n >> 1) ^ -(n & 1)


def to_signed(n):
    """The signed 64-bit integer that n stands for modulo 2^64."""
    n &= MASK64
    return n - (1 << 64) if n >> 63 else n


def check_int64(cursor, value, what):
    cursor.require(-(1 << 63) <= value < 1 << 63, f"{what} beyond 64 bits")
    return value


def ordered(bits, width):
    """The ordered integer of a value's bits (section Mappings)."""
    return bits ^ ((1 << width) - 1) if bits >> (width - 1) else bits | 1 << (width - 1)


def unordered(integer, width):
    return integer ^ (1 << (width - 1)) if integer >> (width - 1) else integer ^ ((1 << width) - 1)


def widen(bits, exponent_bits, mantissa_bits, to_exponent_bits, to_mantissa_bits):
    """Widens a binary float bit for bit (section Order of values): NaNs keep their bits, signalling ones too."""
    sign = bits >> (exponent_bits + mantissa_bits)
    exponent = bits >> mantissa_bits & ((1 << exponent_bits) - 1)
    mantissa = bits & ((1 << mantissa_bits) - 1)
    rebias = (1 << (to_exponent_bits - 1)) - (1 << (exponent_bits - 1))
    if exponent == (1 << exponent_bits) - 1:
        exponent = (1 << to_exponent_bits) - 1
    elif exponent:
        exponent += rebias
    elif mantissa:  # a subnormal is normal in the wider type
        leading = mantissa.bit_length()
        exponent = rebias - mantissa_bits + leading
        mantissa = mantissa << (mantissa_bits + 1 - leading) & ((1 << mantissa_bits) - 1)
    return ((sign << to_exponent_bits | exponent) << to_mantissa_bits
            | mantissa << (to_mantissa_bits - mantissa_bits))


def widen32(bits):
    return widen(bits, 8, 23, 11, 52)


def widen16(bits):
    return widen(bits, 5, 10, 8, 23)


def float32_bits(x):
    """Rounds a binary64 to binary32, to nearest, ties to even."""
    try:
        return int.from_bytes(struct.pack("<f", x), "little")
    except OverflowError:
        return 0xFF800000 if x < 0 else 0x7F800000


def float64_bits(x):
    return int.from_bytes(struct.pack("<d", x), "little")


# ---------------------------------------------------------------- Columns: symbols, bins, bytes, bits

class Table:
    """base[s] and width[s] of each symbol s."""

    def __init__(self, base, width):
        self.base, self.width = base, width


def magnitude_table():
    base, width = [0, 1, 2, 3], [0, 0, 0, 0]
    for s in range(4, 252):
        length = 3 + (s - 4) // 4
        base.append((4 + s % 4) << (length - 3))
        width.append(length - 3)
    return Table(base, width)


MAGNITUDE = magnitude_table()


def direct_table(count):
    return Table(list(range(count)), [0] * count)


def read_bins(cursor, b):
    """Bins: intervals from 0 to 2^b."""
    widths = list(cursor.take(cursor.u8() + 1))
    base = [0]
    for width in widths:
        cursor.require(width <= b, "a bin wider than its column")
        base.append(base[-1] + (1 << width))
    cursor.require(base.pop() == 1 << b, "bins that do not fill their range")
    return Table(base, widths)


def inflate(cursor, stream, count):
    """A deflate stream that ends exactly at its last byte and gives exactly `count` bytes."""
    cursor.require(len(stream) >= count // 1040, "a deflate stream too short for what it gives")
    inflater = zlib.decompressobj(-15)
    try:
        out = inflater.decompress(stream, count + 1)
    except zlib.error as error:
        cursor.refuse(f"deflate: {error}")
    cursor.require(inflater.eof and not inflater.unused_data and len(out) == count, "a deflate stream of another length")
    return out


def read_coded_symbols(cursor, coding, count):
    length = cursor.varint(0, cursor.left(), "symbolBytes")
    if coding == 0:
        cursor.require(length == count, "symbolBytes is not the count")
        return cursor.take(length)
    return inflate(cursor, cursor.take(length), count)


def read_symbols(cursor, count):
    return read_coded_symbols(cursor, cursor.code(2, "symbol coding", Unsupported), count)


def read_extra_bits(cursor, symbols, table):
    """The integers of the symbols: base + extra bits (Symbol column)."""
    length = cursor.varint(0, cursor.left(), "extraBytes")
    if len(symbols):
        cursor.require(max(symbols) < len(table.base), "a symbol outside its table")
    widths = [table.width[s] for s in symbols]
    total = sum(widths)
    cursor.require(length == (total + 7) // 8, "extraBytes is not what the symbols need")
    extra = cursor.take(length)
    cursor.require(total % 8 == 0 or extra[-1] >> total % 8 == 0, "padding bits are set")
    values, bit = [], 0
    for s, width in zip(symbols, widths):
        value = table.base[s]
        if width:
            window = int.from_bytes(extra[bit >> 3:(bit >> 3) + 9], "little") >> (bit & 7)
            value += window & ((1 << width) - 1)
            bit += width
        values.append(value)
    return values


def read_integers(cursor, count, table=MAGNITUDE):
    """A symbol column."""
    return read_extra_bits(cursor, read_symbols(cursor, count), table)


def read_byte_block(cursor, count):
    if cursor.code(2, "byte coding", Unsupported) == 0:
        return cursor.take(count)
    return inflate(cursor, cursor.take(cursor.varint(0, cursor.left(), "streamBytes")), count)


def read_bit_sequence(cursor, count):
    """A bytearray of `count` zeros and ones."""
    cursor.require(count >= 1, "a bit sequence of no bits")
    coding = cursor.code(3, "bit coding", Unsupported)
    features["bits %s" % ("bitmap", "ones", "zeros")[coding]] += 1
    if coding == 0:
        block = read_byte_block(cursor, (count + 7) // 8)
        cursor.require(count % 8 == 0 or block[-1] >> count % 8 == 0, "padding bits are set")
        return bytearray(block[i >> 3] >> (i & 7) & 1 for i in range(count))
    places = cursor.varint(0, count // 8, "places")
    bits = bytearray([coding == 2]) * count
    for place in places_of(cursor, read_integers(cursor, places), count):
        bits[place] = coding == 1
    return bits


def places_of(cursor, gaps, count):
    """Places below `count`, from the numbers of others before each."""
    place, places = -1, []
    for gap in gaps:
        place += gap + 1
        cursor.require(place < count, f"place {place} of {count}")
        places.append(place)
    return places


# ---------------------------------------------------------------- Logarithm grids

BITS_OF_256 = [0x43800000, 0x5C00, 0x4380]  # by precision: float32, float16, bfloat16
HIGHEST_BITS = [0x7FFFFFFF, 0x7FFF, 0x7FFF]
MANTISSA_BITS = [23, 10, 7]
logarithms = []  # rows (rising[j], falling[j]) of logarithms.txt
CUBES = [float.fromhex("0x1.5533p-2"), float.fromhex("0x1.5578p-2")]  # c of the rising and the falling curve


def grid_logarithm(falling, k):
    """Section Grid logarithm: the bits of a float32. Python's floats are binary64; no operation is fused."""
    if not logarithms:
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "logarithms.txt")) as text:
            for line in text:
                if not line.startswith("#"):
                    logarithms.append([struct.unpack(">d", bytes.fromhex(field))[0] for field in line.split()[1:]])
    j = k >> 13
    o = j << 13
    s = 2.0 ** -24 / (1.0 - o * 2.0 ** -24) if falling else 2.0 ** -23 / (1.0 + o * 2.0 ** -23)
    c, half = CUBES[falling], 0.5 if falling else -0.5
    t = (k - o) * s
    return float32_bits(logarithms[j][falling] + ((c * t + half) * t + 1.0) * t)


def round_to(precision, bits):
    """Rounds positive float32 bits to the bits of a precision, ties to even."""
    if precision == 1:
        return int.from_bytes(struct.pack("<e", struct.unpack("<f", bits.to_bytes(4, "little"))[0]), "little")
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16 if precision == 2 else bits


def to_float32(precision, bits):
    """The float32 bits of bits in a precision."""
    return (bits, 0, bits << 16)[precision] if precision != 1 else widen16(bits)


class LogarithmGrid:
    """Mappings 3 and 4: the table of symbols and the values of codes."""

    def __init__(self, falling, precision):
        m = MANTISSA_BITS[precision]
        self.falling, self.precision, self.m = falling, precision, m
        self.last = round_to(precision, grid_logarithm(falling, 1 << 23))
        first, end = self.last >> (m - 3), BITS_OF_256[precision] >> (m - 3)
        self.offset = (1 << m) + 2 - (first << (m - 3))
        self.highest = self.offset + HIGHEST_BITS[precision]
        top = 4 + 4 * (m - 2)  # the magnitude table's symbol of 2^m, whose bit length is m + 1
        base = [0] + [MAGNITUDE.base[s] + 1 for s in range(top + 1)]
        width = [0] + MAGNITUDE.width[:top] + [0]
        base += [(t << (m - 3)) + self.offset for t in range(first, end)]
        width += [m - 3] * (end - first)
        base.append(BITS_OF_256[precision] + self.offset)
        width.append((HIGHEST_BITS[precision] - BITS_OF_256[precision]).bit_length())
        self.table = Table(base, width)

    def bits(self, code):
        """The value's bits in the precision."""
        if code == 0:
            return 1 << (31 if self.precision == 0 else 15)
        if code <= (1 << self.m) + 1:
            return round_to(self.precision, grid_logarithm(self.falling, (code - 1) << (23 - self.m)))
        return code - self.offset


# ---------------------------------------------------------------- Value column

ORDERED, DICTIONARY, RISING, FALLING, LINEAR, SQUARED, FLOAT16 = 1, 2, 3, 4, 5, 6, 7
MAPPING_NAMES = ["", "ordered", "dictionary", "rising", "falling", "linear", "squared", "float16"]
DIFFERENCE_NAMES = ["none", "previous", "trend", "neighbour"]


def read_value_column(cursor, columns, row_count, float64):
    """The bits of the values of a tile's cells, in the value type; `columns` lists each column's rows with a value."""
    rows_in_order = [row for column in columns for row in column]
    count = len(rows_in_order)
    mapping = cursor.u8()
    narrow = mapping >> 7  # float64 that are all exactly float32
    mapping &= 0x7F
    if not 1 <= mapping <= 7:
        cursor.refuse(f"unknown mapping {mapping}", Unsupported)
    cursor.require(float64 or not narrow, "bit 7 of a mapping in a float32 column")
    w = 64 if float64 and not narrow else 32
    cursor.require(w == 32 or mapping not in (RISING, FALLING, FLOAT16), "a mapping for float32 only")
    finish = lambda values: [widen32(bits) for bits in values] if narrow else values

    # Mappings: fields, range of codes, origin of differences, table without difference (None: bins), bits of a code.
    table, value_of, origin, shift, precision, coarseness = None, None, 0, 0, 0, None
    detail = ""
    if mapping == ORDERED:
        shift = cursor.code(w, "shift")
        b = w - shift
        low, high, origin = 0, (1 << b) - 1, 1 << (b - 1)
        clear = MASK64 >> shift << shift
        value_of = lambda code, row: unordered(code << shift, w) & clear
        detail = " shifted" if shift else ""
    elif mapping == DICTIONARY:
        entries = cursor.varint(0 if count == 0 else 1, 256, "entries")
        dictionary = []
        for i in range(entries):
            gap = cursor.varint(1 if i else 0, MASK64, "distance of dictionary entries")
            dictionary.append(gap + (dictionary[-1] if i else 0))
            cursor.require(dictionary[-1] < 1 << w, "a dictionary entry beyond the value type")
        if entries == 1 or count == 0 and entries == 0:
            features[f"{'float64' if float64 else 'float32'}{' narrow' if narrow else ''} dictionary of one"] += 1
            return finish([unordered(entry, w) for entry in dictionary] * count)
        low, high, table = 0, entries - 1, direct_table(entries)
        value_of = lambda code, row: unordered(dictionary[code], w)
    elif mapping in (RISING, FALLING):
        precision = cursor.code(3, "precision", Unsupported)
        detail = (" float32", " float16", " bfloat16")[precision]
        grid = LogarithmGrid(mapping == FALLING, precision)
        low, high, table = 0, grid.highest, grid.table
        value_of = lambda code, row: grid.bits(code)  # in the precision, until it has been corrected
    elif mapping in (LINEAR, SQUARED):
        exponent = cursor.signed()
        cursor.require(-64 <= exponent <= 100, f"exponent {exponent}")
        divisor = cursor.varint(1, 1 << 40, "divisor") if mapping == LINEAR else 1
        coarseness = read_coarseness(cursor, row_count)
        detail = (" divided" if divisor > 1 else "") + (" coarse rows" if any(coarseness) else "")
        half = 1 << 63 if mapping == LINEAR else 0
        low, high, origin = half - (1 << 50 if half else 0), half + (1 << 50), half
        table, b = (None, 64) if mapping == LINEAR else (MAGNITUDE, 0)

        def value_of(code, row):
            x = float(code - half)
            if divisor != 1:
                x = x / divisor
            x = x * 2.0 ** (coarseness[row] - exponent)
            if mapping == SQUARED:
                x = x * x
            return float32_bits(x) if w == 32 else float64_bits(x)
    else:
        b = 16
        low, high, origin = 0, 0xFFFF, 1 << 15
        value_of = lambda code, row: widen16(unordered(code, 16))

    difference = cursor.code(4, "difference", Unsupported)
    if difference:
        table = MAGNITUDE
    elif table is None:
        table = read_bins(cursor, b)
    symbols, grouping = read_value_symbols(cursor, rows_in_order, row_count, mapping == DICTIONARY and entries == 2)
    codes = read_extra_bits(cursor, symbols, table)
    if difference:
        take_back(codes, columns, row_count, difference, origin)
    for code in codes:
        cursor.require(low <= code <= high, f"code {code} is not {low} to {high}")
    values = [value_of(code, row) for code, row in zip(codes, rows_in_order)]
    features["%s%s %s%s, difference %s, %s" % ("float64" if float64 else "float32", " narrow" if narrow else "",
             MAPPING_NAMES[mapping], detail, DIFFERENCE_NAMES[difference], grouping)] += 1

    if mapping in (RISING, FALLING):
        read_corrections(cursor, values, 0xFFFFFFFF if precision == 0 else 0xFFFF)
        values = [to_float32(precision, bits) for bits in values]
    if mapping != DICTIONARY:
        read_exceptions(cursor, values, w)
    return finish(values)


def read_coarseness(cursor, row_count):
    """Rows' coarseness: e of each row."""
    if cursor.code(2, "rowFlag") == 0:
        return [0] * row_count
    return read_integers(cursor, row_count, direct_table(16))


def read_value_symbols(cursor, rows_in_order, row_count, two_entries):
    """Groups, Binary symbols: the symbols in the order of the values, and a word for --features."""
    count = len(rows_in_order)
    grouping = cursor.code(2, "grouping", Unsupported)
    sizes = [count]
    if grouping:
        inertia = cursor.code(8, "inertia")
        bucket_bits = cursor.u8()
        cursor.require(1 <= bucket_bits <= 8, f"bucketBits {bucket_bits}")
        start, highest = cursor.u8(), cursor.u8()
        cursor.require(highest >= 1, "highest is 0")
        sizes = read_integers(cursor, 1 << bucket_bits)
        cursor.require(sum(sizes) == count, "buckets do not add up")
    coding = cursor.code(3 if two_entries else 2, "symbol coding", Unsupported)
    if coding == 2:
        usual = cursor.take((len(sizes) + 7) // 8)
        unusual = read_bit_sequence(cursor, count)
        symbols, place = bytearray(), 0
        for bucket, size in enumerate(sizes):
            bit = usual[bucket >> 3] >> (bucket & 7) & 1
            symbols += bytes(bit ^ u for u in unusual[place:place + size])
            place += size
    else:
        symbols = read_coded_symbols(cursor, coding, count)
    words = ("grouped" if grouping else "ungrouped") + (" bits" if coding == 2 else "")
    if not grouping:
        return symbols, words
    # The states tell from which bucket each value's symbol comes.
    ends, total = [], 0
    for size in sizes:
        total += size
        ends.append(total)
    next_symbol = [end - size for end, size in zip(ends, sizes)]
    top = 65535 - (1 << (16 - bucket_bits))
    level = [min(s, highest) * top // highest * (8 - inertia) for s in range(256)]
    states = [65535] * row_count
    seen = bytearray(row_count)
    out = bytearray()
    for row in rows_in_order:
        bucket = states[row] >> (16 - bucket_bits)
        place = next_symbol[bucket]
        cursor.require(place < ends[bucket], "a bucket with too few symbols")
        next_symbol[bucket] = place + 1
        symbol = symbols[place]
        past = states[row] if seen[row] else start * 256
        seen[row] = 1
        states[row] = (past * inertia + level[symbol]) // 8
        out.append(symbol)
    return out, words


def take_back(codes, columns, row_count, difference, origin):
    """Differences: turns zigzag differences into codes, in place."""
    place = 0
    last, before = [None] * row_count, [None] * row_count
    first_of_column = origin
    for column in columns:
        above = first_of_column
        for n, row in enumerate(column):
            if difference == 3:
                prediction = above
            elif last[row] is None:
                prediction = origin
            else:
                prediction = last[row]
                if difference == 2 and before[row] is not None:
                    prediction += last[row] - before[row]
            code = (prediction + unzigzag(codes[place])) & MASK64
            codes[place] = code
            place += 1
            before[row], last[row], above = last[row], code, code
            if n == 0:
                first_of_column = code


def read_corrections(cursor, values, mask):
    """Corrections: one step in the bits, in place."""
    count = len(values)
    coding = cursor.code(3, "correction coding", Unsupported)
    if coding:
        features["corrections %s" % ("", "list", "plane")[coding]] += 1
    if coding == 1:
        signed_gaps = read_integers(cursor, cursor.varint(0, count, "corrections"))
        for place, n in zip(places_of(cursor, [n >> 1 for n in signed_gaps], count), signed_gaps):
            values[place] = values[place] + (-1 if n & 1 else 1) & mask
    elif coding == 2:
        for i, byte in enumerate(read_symbols(cursor, (count + 4) // 5)):
            cursor.require(byte <= 242, "a byte of corrections above 242")
            for place in range(5 * i, 5 * i + 5):
                digit, byte = byte % 3, byte // 3
                cursor.require(digit == 0 or place < count, "a correction behind the last value")
                if digit:
                    values[place] = values[place] + (1 if digit == 1 else -1) & mask


def read_exceptions(cursor, values, w):
    """Exceptions: values of any bits, in place."""
    exceptions = cursor.varint(0, len(values), "exceptions")
    if exceptions:
        features["exceptions"] += 1
        places = places_of(cursor, read_integers(cursor, exceptions), len(values))
        for place, integer in zip(places, read_integers(cursor, exceptions, read_bins(cursor, w))):
            values[place] = unordered(integer, w)


# ---------------------------------------------------------------- Columns: steps, indices, channels

def read_column_list(cursor):
    """[(step, epoch or None)], ascending."""
    count = cursor.varint(1, MAX_COLUMNS, "columns")
    steps = [cursor.signed()]
    even = count > 1 and cursor.code(2, "step kind") == 1
    cursor.require(not even or count <= 256, "step kind 1 for more than 256 columns")
    distance = cursor.varint() if even else None
    for _ in range(count - 1):
        steps.append(check_int64(cursor, steps[-1] + (distance if even else cursor.varint()), "a step"))
    kind = cursor.code(4, "epoch kind")
    epochs, last = [None] * count, 0
    cursor.require(kind != 3 or count > 1, "epoch kind 3 for one column")
    if kind == 3:
        first = cursor.signed()
        epochs = [to_signed(first + i) for i in range(count)]
    for i in range(count):
        if kind == 1 or kind == 2 and cursor.code(2, "epoch flag") == 1:
            epochs[i] = last = to_signed(last + cursor.signed())
    cursor.require(kind != 2 or 0 < epochs.count(None) < count, "epoch kind 2 where all or no epochs are known")
    order = [(step, epoch is not None, epoch or 0) for step, epoch in zip(steps, epochs)]
    cursor.require(all(a < b for a, b in zip(order, order[1:])), "columns that do not ascend")
    return list(zip(steps, epochs))


def sort_key(index):
    """Indices sort as integers, or as the bytes of their UTF-8."""
    return index if isinstance(index, int) else index.encode("utf-8")


def check_ascending(cursor, indices):
    keys = [sort_key(index) for index in indices]
    cursor.require(all(a < b for a, b in zip(keys, keys[1:])), "indices that do not ascend")


def read_index_set(cursor, strings):
    """Index set, inline."""
    cursor.require(cursor.code(2, "index type") == strings, "an index set of another type than the file's")
    count = cursor.varint(1, MAX_ROWS, "count of indices")
    return read_string_set(cursor, count) if strings else read_integer_set(cursor, count)


def read_integer_set(cursor, count):
    first = cursor.signed()
    if count == 1:
        return [first]
    unit = cursor.varint(1, MASK64, "unit")
    coding = cursor.code(4, "integer set coding", Unsupported)
    features["index set %s%s" % (("consecutive", "gaps", "runs", "bits")[coding], ", unit" if unit > 1 else "")] += 1
    if coding == 0:
        places = range(count)
    elif coding == 1:
        places = [0]
        for gap in read_integers(cursor, count - 1):
            places.append(places[-1] + gap + 1)
    elif coding == 2:
        runs = cursor.varint(1, count, "runs")
        lengths = [n + 1 for n in read_integers(cursor, runs)]
        cursor.require(sum(lengths) == count, "runs do not add up")
        between = [0] + [n + 1 for n in read_integers(cursor, runs - 1)]
        places, place = [], 0
        for length, gap in zip(lengths, between):
            place += gap
            places += range(place, place + length)
            place += length
    else:
        length = cursor.varint(count, 8 * count, "bits")
        bits = read_bit_sequence(cursor, length)
        cursor.require(bits[0] and bits[-1] and sum(bits) == count, "bits that do not fit their count")
        places = [place for place, bit in enumerate(bits) if bit]
    check_int64(cursor, first + places[-1] * unit, "an index")
    return [first + place * unit for place in places]


def read_string_set(cursor, count):
    features["index set strings"] += 1
    shared, ending, middle = (read_integers(cursor, count) for _ in range(3))
    before, total = 0, 0
    for s, e, m in zip(shared, ending, middle):
        cursor.require(s + e <= before, "a string that shares more than the one before has")
        before = s + e + m
        total += before
        cursor.require(before <= 65536, "a string of more than 65,536 bytes")
    cursor.require(total <= MAX_STRINGS, "strings of more than 2^28 bytes")
    block = read_byte_block(cursor, sum(middle))
    indices, last, place = [], b"", 0
    for s, e, m in zip(shared, ending, middle):
        last = last[:s] + block[place:place + m] + last[len(last) - e:]
        place += m
        indices.append(cursor.utf8(last))
    check_ascending(cursor, indices)
    return indices


def read_index_list(cursor, strings):
    count = cursor.varint(0, MAX_LIST, "length of an index list")
    indices = []
    while len(indices) < count:
        indices += read_index_set(cursor, strings)
    cursor.require(len(indices) == count, "a part that runs over its list")
    check_ascending(cursor, indices)
    if strings:
        cursor.require(sum(len(sort_key(i)) for i in indices) <= MAX_STRINGS, "strings of more than 2^28 bytes")
    return indices


def read_channel(cursor):
    """(metric, mode, dsID or None)"""
    metric = cursor.name()
    mode = cursor.code(4, "mode")
    return metric, mode, cursor.name() if cursor.code(2, "dsIDFlag") else None


def channel_key(channel):
    metric, mode, ds_id = channel
    return metric.encode(), mode, ds_id is not None, (ds_id or "").encode()


# ---------------------------------------------------------------- Records and their payloads

class TrackerFile:
    def __init__(self, data):
        """Section File header, checked in its order."""
        self.data = data
        for bad, message in [(data[:8] != b"\x89TRK\r\n\x1a\n", "not a tracker file"), (len(data) < 24, "a cut header")]:
            if bad:
                raise FormatError(0, message)
        major, _, index_type = struct.unpack_from("<HHB", data, 8)
        if zlib.crc32(data[:20]) != struct.unpack_from("<I", data, 20)[0]:
            raise FormatError(20, "wrong checksum of the file header")
        if major != 1:
            raise FormatError(8, f"major version {major}")
        if index_type > 1:
            raise FormatError(12, f"unknown index type {index_type}")
        self.strings = index_type == 1

    def header(self, offset, end):
        """(kind, payloadLength, payloadChecksum) of a record that lies before `end`, or an error (Records)."""
        if offset < 24 or offset + 24 > end:
            raise FormatError(offset, "no record")
        header = self.data[offset:offset + 24]
        marker, kind, length, checksum, own = struct.unpack("<4sB3xQII", header)
        if marker != b"\x8aTr\n" or zlib.crc32(struct.pack("<Q", offset) + header[:20]) != own:
            raise FormatError(offset, "no record header")
        if length > MAX_PAYLOAD or offset + 24 + length > end:
            raise FormatError(offset, "a record that does not fit")
        return kind, length, checksum

    def record(self, offset, want=None, checksum=None, end=None):
        """A cursor at the payload of a verified record."""
        kind, length, own = self.header(offset, len(self.data) if end is None else end)
        payload = self.data[offset + 24:offset + 24 + length]
        if zlib.crc32(payload) != own or checksum not in (None, own):
            raise FormatError(offset, "wrong checksum of a record")
        if want not in (None, kind):
            raise FormatError(offset, f"a record of kind {kind}, not {want}")
        return Cursor(payload, offset + 24)

    def index_record(self, offset, inline=False):
        """Index set (kind 1): inline, or a subset of one."""
        cursor = self.record(offset, INDEX_SET)
        if not cursor.left() or cursor.data[0] != 2:
            return read_index_set(cursor, self.strings)
        cursor.require(not inline, "a base that is a subset")
        features["index set subset"] += 1
        cursor.u8()
        base = self.index_record(cursor.varint(24, offset - 1, "base"), inline=True)
        first = cursor.varint(0, len(base), "firstRow")
        length = cursor.varint(1, len(base) - first, "bits")
        bits = read_bit_sequence(cursor, length)
        cursor.require(bits[0] and bits[-1], "a subset that does not begin and end with a row")
        indices = [base[first + i] for i, bit in enumerate(bits) if bit]
        others = cursor.varint(0, MAX_ROWS - len(indices), "otherCount")
        if others:
            more = read_index_set(cursor, self.strings)
            cursor.require(len(more) == others, "otherCount is another")
            indices = sorted(indices + more, key=sort_key)
            check_ascending(cursor, indices)
        if self.strings:
            cursor.require(sum(len(sort_key(i)) for i in indices) <= MAX_STRINGS, "strings of more than 2^28 bytes")
        return indices

    def tile(self, entry, check):
        """Tile (kind 2): yields (index, step, epoch, bits) column by column."""
        cursor = self.record(entry["offset"], TILE)
        same = lambda value, name: cursor.require(value == entry[name], f"{name} is not that of the directory")
        same(cursor.end, "payloadLength")
        same(read_channel(cursor), "channel")
        same(cursor.code(2, "value type"), "float64")
        same(cursor.varint(1, MAX_ROWS, "rows"), "rowCount")
        same(read_column_list(cursor), "columns")
        row_count, columns = entry["rowCount"], entry["columns"]
        cursor.require(row_count * len(columns) <= MAX_CELLS, "too many cells")
        same(cursor.code(6, "tile flags"), "tileFlags")
        if not entry["tileFlags"] & 1:
            cursor.require(not self.strings, "dense rows in a file of strings")
            same(cursor.signed(), "firstIndex")
            indices = range(entry["firstIndex"], entry["firstIndex"] + row_count)
        else:
            same(cursor.varint(), "indexSet")
            indices = self.index_record(entry["indexSet"])
            cursor.require((len(indices), indices[0], indices[-1])
                           == (row_count, entry["firstIndex"], entry["lastIndex"]), "rows are not those of the directory")
        present = [range(row_count)] * len(columns)
        if cursor.code(2, "presence coding", Unsupported):
            present = self.presence(cursor, row_count, len(columns))
        same(cursor.varint(), "pointCount")
        cursor.require(entry["pointCount"] == sum(map(len, present)), "pointCount is not the number of cells with a point")
        start = cursor.position
        values = read_value_column(cursor, present, row_count, entry["float64"])
        if check:
            check_hints(entry, values, cursor.base + start)
            if entry["tileFlags"] > 1:
                self.sources(cursor, entry, present)
        place = 0
        for (step, epoch), rows in zip(columns, present):
            for row in rows:
                yield indices[row], step, epoch, values[place]
                place += 1

    def sources(self, cursor, entry, present):
        """Who recorded each point, as places in the entry's identities from 1; 0 where that is not known."""
        lowest = 0 if entry["tileFlags"] >= 4 else 1
        names = {struct.unpack("<I", struct.pack("<f", n))[0]: n for n in range(lowest, entry["identityCount"] + 1)}
        sources = []
        for bits in read_value_column(cursor, present, entry["rowCount"], False):
            cursor.require(bits in names, "a source that is no identity's place")
            sources.append(names[bits])
        features["sources"] += 1
        return sources

    def presence(self, cursor, row_count, column_count):
        """Rows with a point, for each column."""
        kinds = read_integers(cursor, column_count)
        for kind in kinds:
            features["presence %s" % ("all", "none", "own", "changes", "same")[min(kind, 4)]] += 1
        own, changes = (read_bit_sequence(cursor, row_count * kinds.count(k)) if k in kinds else b"" for k in (2, 3))
        at, columns = {2: 0, 3: 0}, []
        for i, kind in enumerate(kinds):
            cursor.require(i >= max(1, kind - 3) or kind < 3, "presence of a column before the first")
            if kind < 2:
                bits = bytes([1 - kind]) * row_count
            elif kind > 3:
                bits = columns[i - (kind - 3)]
            else:
                bits = bytes((own, changes)[kind - 2][at[kind]:at[kind] + row_count])
                at[kind] += row_count
                if kind == 3:
                    bits = bytes(a ^ b for a, b in zip(bits, columns[i - 1]))
            columns.append(bits)
        cursor.require(any(0 in bits for bits in columns), "presence coding 1 where every cell holds a point")
        return [[row for row, bit in enumerate(bits) if bit] for bits in columns]

    def unsealed(self, commit, group):
        """Unsealed points: [(index, bits)] of a group, the newest record of an index counting."""
        points, records, total, offset, below = {}, 0, 0, group["newestRecord"], commit["offset"]
        while offset:
            if offset >= below:
                raise FormatError(offset, "an unsealed record that is not before the one that names it")
            cursor = self.record(offset, UNSEALED)
            names = (read_channel(cursor), cursor.signed(), cursor.code(2, "value type"))
            cursor.require(names == (group["channel"], group["epoch"], group["float64"]), "an unsealed record of another group")
            previous = cursor.varint()
            cursor.require(previous < offset, "previous is not before its record")
            indices = read_index_set(cursor, self.strings)
            for index, bits in zip(indices, read_value_column(cursor, [range(len(indices))], len(indices), names[2])):
                points.setdefault(index, bits)
            records, total = records + 1, total + len(indices)
            cursor.require(records <= group["recordCount"] and total <= group["pointCount"], "a longer chain than the commit says")
            offset, below = previous, offset
        if (records, total) != (group["recordCount"], group["pointCount"]):
            raise FormatError(group["newestRecord"], "a shorter chain than the commit says")
        return sorted(points.items(), key=lambda point: sort_key(point[0]))

    def parameters(self, reference):
        """Parameters (kind 4)."""
        cursor = self.record(reference[0], PARAMETERS, reference[1])
        p = {"indexKey": cursor.name(), "metricKeys": [cursor.name() for _ in range(cursor.varint(1, 1024, "metrics"))]}
        cursor.require(len(set(p["metricKeys"])) == len(p["metricKeys"]), "a metric twice")
        p["maxToKeep"], p["minToKeep"] = (cursor.varint(0, (1 << 63) - 1) for _ in range(2))
        p["epochFrequency"] = cursor.varint(1, (1 << 63) - 1, "epochFrequency")
        kinds = ("all", "only", "except")
        kind, modes = cursor.code(3, "mode filter"), cursor.code(16, "modes")
        cursor.require((kind == 0) == (modes == 0), "modes without a filter, or a filter without modes")
        p["modes"] = {kinds[kind]: [m for i, m in enumerate(MODES) if modes >> i & 1]} if kind else "all"
        kind, count = cursor.code(3, "dsID filter"), cursor.varint(0, cursor.left(), "dsIDs")
        cursor.require((kind == 0) == (count == 0), "dsIDs without a filter, or a filter without dsIDs")
        ids = [cursor.name() for _ in range(count)]
        check_ascending(cursor, ids)
        p["dsIDs"] = {kinds[kind]: ids} if kind else "all"
        p["keepMantissaBits"] = cursor.code(53, "keepMantissaBits")
        p["outputName"] = cursor.name() if cursor.u8() else None
        listed = cursor.u8()
        keep = read_index_list(cursor, self.strings)
        p["listToKeep"] = keep if listed else None
        return p

    def kept_sets(self, reference):
        """Kept sets (kind 5)."""
        cursor = self.record(reference[0], KEPT_SETS, reference[1])
        return [dict(zip(("metric", "mode", "dsID"), read_channel(cursor)),
                     **{name: read_index_list(cursor, self.strings) for name in ("max", "min", "list", "missing")})
                for _ in range(cursor.varint(0, cursor.left(), "channels"))]

    # ------------------------------------------------------------ Commit (kind 6)

    def commit(self, offset, checksum=None, end=None):
        cursor = self.record(offset, COMMIT, checksum, end)
        cursor.require(cursor.left() >= 16, "a commit without a trailer")
        cursor.end -= 16
        below = lambda what: cursor.varint(0, offset - 1, what)
        count = lambda what, high=MASK64: cursor.varint(0, min(high, cursor.left()), what)
        flags = cursor.varint()
        c = {"offset": offset, "end": cursor.base + cursor.end + 16, "flags": flags,
             "sequence": cursor.varint(1, (1 << 63) - 1, "sequence")}
        depth = c["depth"] = cursor.varint(1, c["sequence"], "depth")
        lowbit = depth & -depth
        c["coversFrom"] = cursor.varint(24, offset, "coversFrom")
        for flag, name in (16, "parent"), (32, "ancestor"), (64, "parameters"), (128, "keptSets"):
            c[name] = (below(name), cursor.u32()) if flags & flag else None
        cursor.require(bool(c["parent"]) == (depth > 1) and bool(c["ancestor"]) == (lowbit != depth), "flags and depth disagree")
        self.read_times(cursor, c, flags)
        identities = c["identities"] = [self.read_identity(cursor) for _ in range(count("identities", 1 << 20))]
        order = [(i["generation"], i["rank"], i["worldSize"], i["runID"].encode()) for i in identities]
        cursor.require(all(a < b for a, b in zip(order, order[1:])), "identities that do not ascend")
        place = lambda table, what: table[cursor.varint(0, len(table) - 1, what) if table else cursor.refuse(what)]
        c["identity"] = place(identities, "identity") if flags & 256 else None
        channels = [(read_channel(cursor), cursor.code(2, "value type")) for _ in range(count("channels"))]
        sets = []
        for _ in range(count("identity sets")):
            places = [cursor.varint(0, len(identities) - 1, "identity") for _ in range(count("identities", 1 << 20))]
            cursor.require(all(a < b for a, b in zip(places, places[1:])), "an identity set that does not ascend")
            sets.append([identities[p] for p in places])
        c["unsealed"] = []
        for _ in range(count("unsealed groups", 1 << 16)):
            channel, float64 = place(channels, "channel")
            c["unsealed"].append({"channel": channel, "float64": float64, "epoch": cursor.signed(),
                                  "newestRecord": cursor.varint(), "recordCount": cursor.varint(0, (1 << 31) - 1, "records"),
                                  "pointCount": cursor.varint(0, 1 << 40, "points")})
        c["segments"], tiles_end, last_offset = [], 24, 0
        for number in range(depth - lowbit + 1, depth + 1):
            s = {"depth": number}
            if number < depth:
                own = cursor.varint()
                s["offset"] = below("offset of a commit")
                cursor.require(s["offset"] > last_offset, "segments that do not ascend")
                last_offset = s["offset"]
                s["sequence"] = cursor.varint(0, c["sequence"] - 1, "sequence")
                self.read_times(cursor, s, own)
                s["identity"] = place(identities, "identity") if own & 256 else None
            else:
                s.update((name, c[name]) for name in ("offset", "sequence", "step", "epoch", "wallTime", "identity"))
            s["entries"] = [self.read_entry(cursor, offset, place, channels, sets, s["identity"]) for _ in range(count("entries"))]
            for entry in s["entries"]:
                cursor.require(entry["offset"] >= tiles_end, "a tile that is not behind the one before it")
                tiles_end = entry["offset"] + 24 + entry["payloadLength"]
                cursor.require(tiles_end <= s["offset"], "a tile that does not end before its commit")
            tiles_end = s["offset"]
            c["segments"].append(s)
        c["partition"] = self.read_partition(cursor) if flags & 512 else None
        cursor.position, cursor.end = cursor.end, cursor.end + 16
        cursor.require(cursor.u64() == offset, "a trailer that names another offset")
        return c

    def read_partition(self, cursor):
        """Which part of a history the file is."""
        part = {"count": cursor.varint(1, MASK64, "partitionCount")}
        part["partition"] = cursor.varint(1, part["count"], "partition")
        part["setID"] = cursor.u64()
        part["lower"] = self.read_index(cursor) if part["partition"] > 1 else None
        part["upper"] = self.read_index(cursor) if part["partition"] < part["count"] else None
        if part["lower"] is not None and part["upper"] is not None:
            cursor.require(sort_key(part["lower"]) <= sort_key(part["upper"]), "a part that ends before it begins")
        return part

    def read_times(self, cursor, target, flags):
        target["step"] = cursor.signed() if flags & 4 else None
        target["epoch"] = cursor.signed() if flags & 8 else None
        target["wallTime"] = cursor.varint() if flags & 2 else None

    def read_identity(self, cursor):
        i = {"runID": cursor.name()}
        for name in "generation", "rank", "worldSize":
            i[name] = cursor.varint(0, (1 << 32) - 1, name)
        cursor.require(i["rank"] < i["worldSize"], "a rank not below the world size")
        return i

    def read_index(self, cursor):
        return cursor.utf8(cursor.take(cursor.varint(0, 65536, "length of an index"))) if self.strings else cursor.signed()

    def read_entry(self, cursor, commit, place, channels, sets, own):
        """Entry: a tile in the directory."""
        channel, float64 = place(channels, "channel")
        e = {"channel": channel, "float64": float64, "identitySet": cursor.varint(0, len(sets), "identitySet")}
        e["offset"] = cursor.varint(0, commit - 1, "offset of a tile")
        e["payloadLength"] = cursor.varint(0, commit - 1, "payloadLength")
        e["columns"] = read_column_list(cursor)
        e["rowCount"] = cursor.varint(1, MAX_ROWS, "rows")
        e["tileFlags"] = cursor.code(6, "tile flags")
        e["identityCount"] = len(sets[e["identitySet"] - 1]) if e["identitySet"] else 0 if own is None else 1
        cursor.require(e["tileFlags"] < 2 or e["identityCount"], "sources where nobody is named")
        if e["tileFlags"] & 1:
            e["indexSet"] = cursor.varint(0, commit - 1, "indexSet")
            first, last = e["firstIndex"], e["lastIndex"] = self.read_index(cursor), self.read_index(cursor)
            cursor.require(first == last if e["rowCount"] == 1 else sort_key(first) < sort_key(last), "lastIndex")
        else:
            cursor.require(not self.strings, "dense rows in a file of strings")
            e["firstIndex"] = cursor.signed()
            e["lastIndex"] = check_int64(cursor, e["firstIndex"] + e["rowCount"] - 1, "lastIndex")
        e["pointCount"] = cursor.varint(0, e["rowCount"] * len(e["columns"]), "points")
        e["nanCount"] = cursor.varint(0, e["pointCount"], "NaNs")
        e["hints"] = [cursor.u64() for _ in range(3)] if e["nanCount"] < e["pointCount"] else None
        return e

    # ------------------------------------------------------------ Reading a file

    def commit_ending_at(self, end):
        """The offset of a commit's record that seems to end at `end`, or None (The last commit, step 2)."""
        if end < 48 or self.data[end - 8:end] != b"\x8bTrEnd\r\n":
            return None
        offset = struct.unpack_from("<Q", self.data, end - 16)[0]
        try:
            kind, length, _ = self.header(offset, end)
        except FormatError:
            return None
        return offset if kind == COMMIT and offset + 24 + length == end else None

    def last_commit(self):
        """Section The last commit: the commit, or None."""
        end, budget = len(self.data), 2 * len(self.data) + (1 << 20)
        while end >= 16:
            end = self.data.rfind(b"\x8bTrEnd\r\n", 0, end) + 8
            if end < 8:
                return None
            offset = self.commit_ending_at(end)
            if offset is not None:
                budget -= end - offset
                try:
                    commit = self.commit(offset, end=end)
                    if not commit["flags"] & 1:
                        at = commit["coversFrom"]
                        budget -= offset - at
                        while at < offset:
                            at += 24 + self.record(at, end=offset).end
                    return commit
                except FormatError:
                    pass
                if budget < 0:
                    raise FormatError(end, "too many bytes look like commits")
            end -= 1
        return None

    def directory(self, commit):
        """All segments of a commit's history in the order of depth."""
        chain = [commit]
        while chain[-1]["ancestor"]:
            depth = chain[-1]["depth"]
            above = self.commit(*chain[-1]["ancestor"])
            if above["depth"] != depth - (depth & -depth):
                raise FormatError(above["offset"], "an ancestor of another depth")
            chain.append(above)
        return [segment for c in reversed(chain) for segment in c["segments"]]

    def points(self, segments, check=False):
        """Which point wins: {channel: {(index, step): (epoch, bits, float64)}}."""
        channels = {}
        for entry in sorted((e for s in segments for e in s["entries"]), key=lambda e: e["offset"]):
            points = channels.setdefault(entry["channel"], {})
            for index, step, epoch, bits in self.tile(entry, check):
                points[index, step] = epoch, bits, entry["float64"]
        return channels


def check_hints(entry, values, offset):
    """nanCount, min, max and sum of an entry, which a reader MAY check."""
    wide = [bits if entry["float64"] else widen32(bits) for bits in values]
    numbers = [bits for bits in wide if bits & MASK64 >> 1 <= 0x7FF << 52]
    if len(wide) - len(numbers) != entry["nanCount"]:
        raise FormatError(offset, "nanCount is another")
    if numbers:
        sums = [0.0] * 4
        for place, bits in enumerate(wide):
            if bits & MASK64 >> 1 <= 0x7FF << 52:
                sums[place % 4] += to_float(bits)
        total = (sums[0] + sums[1]) + (sums[2] + sums[3])
        total = 0x7FF8 << 48 if total != total else float64_bits(total)
        by_order = sorted(ordered(bits, 64) for bits in numbers)
        if [unordered(by_order[0], 64), unordered(by_order[-1], 64), total] != entry["hints"]:
            raise FormatError(offset, "min, max or sum is another")


# ---------------------------------------------------------------- Output

def to_float(bits64):
    return struct.unpack("<d", struct.pack("<Q", bits64))[0]


def value_text(bits, float64):
    """The shortest text that reads back as the value in its type."""
    x = to_float(bits if float64 else widen32(bits))
    if x != x:
        plain = bits == (0x7FF8 << 48 if float64 else 0x7FC00000)
        return '"nan"' if plain else f'"nan({bits:#0{18 if float64 else 10}x})"'
    if x in (float("inf"), float("-inf")):
        return '"inf"' if x > 0 else '"-inf"'
    digits = next(p for p in range(1, 18) if (float64_bits if float64 else float32_bits)(float(f"{x:.{p}g}")) == bits)
    if abs(x) >= (1 << 53 if float64 else 1 << 24):
        return f"{x:.{digits - 1}e}"
    text = repr(float(f"{x:.{digits}g}"))
    return text[:-2] if text.endswith(".0") else text


def json_integer(n):
    """JSON numbers are exact up to 2^53; larger ones are written as strings."""
    return str(n) if isinstance(n, int) and abs(n) > 1 << 53 else n


def print_point(channel, index, epoch, step, bits, float64, as_bits):
    metric, mode, ds_id = channel
    index, epoch, step = map(json_integer, (index, epoch, step))
    text = json.dumps({"metric": metric, "mode": MODES[mode], "ds_id": ds_id, "index": index, "epoch": epoch, "step": step},
                      ensure_ascii=False, separators=(",", ":"))
    value = '"%0*x"' % (16 if float64 else 8, bits) if as_bits else value_text(bits, float64)
    print(f'{text[:-1]},"value":{value}}}')


# ---------------------------------------------------------------- DIGEST.md

def digest(*parts):
    """H of a message: numbers, strings and digests."""
    message = hashlib.blake2b(digest_size=32)
    for part in parts:
        if isinstance(part, str):
            part = part.encode()
            message.update(struct.pack("<Q", len(part)) + part + bytes(-len(part) % 8))
        else:
            message.update(part if isinstance(part, bytes) else struct.pack("<Q", part & MASK64))
    return message.digest()


def content_digest(channels, strings):
    """The digest of all points, and [(channel, number of points, channel digest)]."""
    parts, found = ["trk1", int(strings)], []
    for channel in sorted((c for c in channels if channels[c]), key=channel_key):
        columns = {}
        for (index, step), (epoch, bits, float64) in channels[channel].items():
            columns.setdefault((step, epoch is not None, epoch or 0), []).append((index, bits if float64 else widen32(bits)))
        message = []
        for column in sorted(columns):
            points = sorted(columns[column], key=lambda point: sort_key(point[0]))
            message += [*column, len(points), digest(*(field for point in points for field in point))]
        metric, mode, ds_id = channel
        found.append((channel, len(channels[channel]), digest(*message)))
        parts += [metric, mode, int(ds_id is not None)] + ([] if ds_id is None else [ds_id]) + [found[-1][2]]
    return digest(*parts), found


def main(arguments):
    sequence = None
    if "--commit" in arguments:
        at = arguments.index("--commit")
        sequence = int(arguments[at + 1])
        del arguments[at:at + 2]
    options = {a for a in arguments if a.startswith("--")}
    paths = [a for a in arguments if not a.startswith("--")]
    if len(paths) != 1 or options - {"--bits", "--unsealed", "--summary", "--features", "--check", "--digest"}:
        print(__doc__, file=sys.stderr)
        return 2
    with open(paths[0], "rb") as opened:
        file = TrackerFile(opened.read())
    commit = file.last_commit()
    if commit and commit["end"] < len(file.data) or not commit and len(file.data) > 24:
        print(f"{len(file.data) - (commit['end'] if commit else 24)} bytes behind the last commit", file=sys.stderr)
    while commit and sequence not in (None, commit["sequence"]):
        before = file.commit_ending_at(commit["coversFrom"])
        commit = file.commit(before) if before is not None else None
    if sequence is not None and not commit:
        raise FormatError(0, f"no commit {sequence}")
    segments = file.directory(commit) if commit else []
    parameters = file.parameters(commit["parameters"]) if commit and commit["parameters"] else None
    if "--summary" in options:
        print(json.dumps({"commits": [{k: v for k, v in s.items() if k != "entries"} for s in segments],
                          "parameters": parameters, "identities": commit["identities"] if commit else [],
                          "keptSets": file.kept_sets(commit["keptSets"]) if commit and commit["keptSets"] else None},
                         ensure_ascii=False, indent=1))
    elif "--unsealed" in options:
        for group in commit["unsealed"] if commit else []:
            for index, bits in file.unsealed(commit, group):
                print_point(group["channel"], index, group["epoch"], None, bits, group["float64"], "--bits" in options)
    else:
        channels = file.points(segments, "--check" in options)
        if "--features" in options:
            for feature, times in sorted(features.items()):
                print(f"{times:8} {feature}")
            return 0
        if "--digest" in options:
            total, found = content_digest(channels, file.strings)
            print(total.hex(), "points")
            for (metric, mode, ds_id), count, value in found:
                print(value.hex(), metric, MODES[mode], *([] if ds_id is None else [ds_id]), count)
            return 0
        for channel in sorted(channels, key=channel_key):
            points = channels[channel]
            for index, step in sorted(points, key=lambda key: (sort_key(key[0]), key[1])):
                epoch, bits, float64 = points[index, step]
                print_point(channel, index, epoch, step, bits, float64, "--bits" in options)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (FormatError, OSError) as error:
        print(f"reader.py: {error}", file=sys.stderr)
        sys.exit(1)
