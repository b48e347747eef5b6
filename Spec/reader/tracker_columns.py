"""The fields and columns of a tracker file by FORMAT.md alone, from Conventions to Columns: numbers, names, symbols,
bits, lists of columns, index sets and values. tracker_reader.py reads files with it. Values are kept as their bits,
in integers: floats would quiet signalling NaNs."""
import struct, zlib
from array import array
from functools import lru_cache
from itertools import accumulate, chain, compress, repeat
from pathlib import Path
from types import SimpleNamespace as Fields

MAX64, MAX63 = 2**64 - 1, 2**63 - 1
ROWS, COLUMNS, STRINGS, LIST = 2**20, 2**16, 2**28, 2**24
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
        coding = self.code(3, "symbol coding", UNKNOWN)
        out = numerals(self, count) if coding == 2 else self.inflate(count) if coding else self.take(self.varint())
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

# ------------------------------------------------------------ numerals
class Steps:
    """The bits of a stream of numerals in order, zeros behind its end."""
    def __init__(self, cur, raw): self.cur, self.raw, self.at, self.held, self.holds = cur, raw, 0, 0, 0
    def take(self, width):
        if self.holds < width:
            self.held |= int.from_bytes(self.raw[self.at:self.at + 16], "little") << self.holds
            self.holds, self.at = self.holds + 128, self.at + 16
        value = self.held & (1 << width) - 1
        self.held, self.holds = self.held >> width, self.holds - width
        return value
    def golomb(self, order):
        zeros = 0
        while not self.take(1):
            zeros += 1
            self.cur.check(zeros <= 16, "a Golomb code of 65,536 or more")
        value = ((1 << zeros) + self.take(zeros) - 1 << order) + self.take(order)
        self.cur.check(value < 65536, "a Golomb code of 65,536 or more")
        return value
    def end(self, least):
        used = max(8 * self.at - self.holds + 7 >> 3, least)
        ends = used == len(self.raw) and not self.held and not any(self.raw[self.at:])
        self.cur.check(ends, "numerals do not end with their last bit")

def read_shares(steps, table_bits, highest, before):
    """How many states of a table each symbol has; `before` are those of the table before."""
    shares, rest, last = [], 1 << table_bits, 0
    while rest and len(shares) < highest:
        expected = last + before[len(shares)] >> 1 if before else last
        folded = steps.golomb(expected.bit_length() // 2)
        last = folded if folded > 2 * expected else expected + (folded + 1 >> 1 if folded % 2 else -(folded >> 1))
        shares.append(last)
        rest -= last
        if not last:
            shares += [0] * steps.golomb(0)
    steps.cur.check(rest >= 0 and len(shares) <= highest, "shares of symbols do not add up")
    shares += [0] * (256 - len(shares))
    shares[highest] += rest
    return shares

def spread(shares, table_bits):
    """For each state of a table its symbol, how many bits follow, and the next state without them."""
    size, symbols, numbers, at = 1 << table_bits, [0] * (1 << table_bits), list(shares), 0
    for symbol, share in enumerate(shares):
        for _ in range(share):
            symbols[at] = symbol
            at = (at + (size >> 1) + (size >> 3) + 3) % size
    states = []
    for symbol in symbols:
        width = table_bits + 1 - numbers[symbol].bit_length()
        states.append((symbol, width, (numbers[symbol] << width) - size))
        numbers[symbol] += 1
    return states

def numerals(cur, count, context=None, columns=None, row_count=0):
    """Symbols by tabled asymmetric numeral systems; `columns` are the rows of each column's values."""
    raw = cur.take(cur.varint("length of symbols"))
    cur.check(count, "numerals of no symbols")
    cur.check(len(raw) >= count // 1040, "numerals too short for their count", LIMIT)
    steps, part = Steps(cur, raw), max(10, (count - 1).bit_length() - 8)
    highest = context.highest if context else steps.take(8)
    buckets = 1 << context.bits if context else (count - 1 >> part) + 1
    table_bits, more, ends = steps.take(4), steps.golomb(0), [0]
    cur.check(5 <= table_bits <= 12 and more < buckets and more + 1 << max(8, table_bits) <= 8192, "tables out of range")
    for _ in range(more):
        ends.append(ends[-1] + 1 + steps.golomb(1))
    cur.check(ends[-1] < buckets, "a table without buckets")
    shares, tables = None, []
    for end, start in zip([*ends[1:], buckets], ends):
        shares = read_shares(steps, table_bits, highest, shares)
        tables += [spread(shares, table_bits)] * (end - start)
    lanes = 1 if count < 256 else 4
    states, out = [steps.take(table_bits) for _ in range(lanes)], bytearray()
    if not context:
        for i in range(count):
            symbol, width, base = tables[i >> part][states[i % lanes]]
            states[i % lanes] = base + steps.take(width)
            out.append(symbol)
    else:
        weight = (65535 - (1 << 16 - context.bits)) * (8 - context.inertia) // (8 * highest)
        rows = [65535] * row_count
        for column in columns:
            for i, row in enumerate(column):
                symbol, width, base = tables[rows[row] >> 16 - context.bits][states[i % lanes]]
                states[i % lanes] = base + steps.take(width)
                out.append(symbol)
                past = context.start << 8 if rows[row] == 65535 else rows[row]
                rows[row] = (past >> 3) * context.inertia + symbol * weight
    cur.check(not any(states), "a state is not 0 at the end")
    steps.end(count // 1040)
    return bytes(out)

# ------------------------------------------------------------ values
def is_nan(bits, wide): return bits & MAX63 > 0x7FF << 52 if wide else bits & 0x7FFFFFFF > 0xFF << 23
def floats(values, wide): return array("fd"[wide], array("IQ"[wide], values).tobytes())
def from_ordered(n, width): return n ^ (1 << width - 1 if n >> width - 1 else (1 << width) - 1)

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
    if cur.code(2, "grouping", UNKNOWN):
        context = Fields(**dict(zip(("inertia", "bits", "start", "highest"), cur.take(4))))
        holds = context.inertia < 8 and 1 <= context.bits <= 8 and context.highest
        cur.check(holds, "inertia, bucketBits or highest is out of range")
        symbols = numerals(cur, count, context, columns, row_count)
        cur.check(max(symbols) < len(table[0]), "a symbol is not in its table")
    else:
        symbols = cur.symbols(count, len(table[0]))
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
