"""SQLite, as a table of points and as a table of blobs."""
import sqlite3

import numpy as np

from .base import Long, Peer

FAST = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"  # a file written whole, not synced


class LongSQLite(Peer):
    settings = "a table (idx, step, value) WITHOUT ROWID, keyed by idx and step; it turns −0.0 into 0.0"
    max_points = 1_000_000
    loses_zero_sign = True  # it stores reals without a fraction as integers

    def prepare(self, history):
        self.history = history
        index, step, value = history.long()
        self.rows = list(zip(index.tolist(), step.tolist(), value.tolist()))

    def create(self, database):
        database.execute("CREATE TABLE point (idx INTEGER, step INTEGER, value REAL,"
                         " PRIMARY KEY (idx, step)) WITHOUT ROWID")

    def write(self, path):
        database = sqlite3.connect(path)
        database.executescript(FAST)
        self.create(database)
        database.executemany("INSERT INTO point VALUES (?, ?, ?)", self.rows)
        database.commit()
        database.close()

    def read(self, path):
        database = sqlite3.connect(path)
        rows = database.execute("SELECT idx, step, value FROM point ORDER BY idx, step").fetchall()
        database.close()
        index, step, value = zip(*rows)
        return Long(np.array(index, np.int64), np.array(step, np.int64),
                    np.array(value, np.float32))

    def lookup(self, path, index):
        database = sqlite3.connect(path)
        rows = database.execute("SELECT value FROM point WHERE idx = ? ORDER BY step", (index,))
        values = np.array([value for value, in rows], np.float32)
        database.close()
        return values

    def begin(self, path):
        self.database = sqlite3.connect(path)
        self.database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        self.create(self.database)

    def append(self, path, number, step, indices, values):
        self.database.executemany(
            "INSERT INTO point VALUES (?, ?, ?)",
            zip(indices.tolist(), [int(step)] * len(indices), values.tolist()))
        self.database.commit()

    def end(self):
        self.database.close()


class BlobSQLite(Peer):
    settings = "a row for each instance: its steps' numbers and float32 values as blobs"

    def prepare(self, history):
        self.history = history
        self.rows = []
        for place, index in enumerate(history.indices.tolist()):
            steps = None
            if history.mask is not None:
                steps = np.packbits(history.mask[:, place]).tobytes()
            self.rows.append((index, steps, np.ascontiguousarray(history.history(place)).tobytes()))

    def write(self, path):
        database = sqlite3.connect(path)
        database.executescript(FAST)
        database.execute("CREATE TABLE step (number INTEGER PRIMARY KEY, step INTEGER)")
        database.execute("CREATE TABLE history (idx INTEGER PRIMARY KEY, present BLOB, v BLOB)")
        database.executemany("INSERT INTO step VALUES (?, ?)",
                             enumerate(self.history.steps.tolist()))
        database.executemany("INSERT INTO history VALUES (?, ?, ?)", self.rows)
        database.commit()
        database.close()

    def read(self, path):
        database = sqlite3.connect(path)
        steps = np.array([step for step, in database.execute(
            "SELECT step FROM step ORDER BY number")], np.int64)
        rows = database.execute("SELECT idx, present, v FROM history ORDER BY idx").fetchall()
        database.close()
        index = np.array([row[0] for row in rows], np.int64)
        value = np.frombuffer(b"".join(row[2] for row in rows), np.float32)
        if rows and rows[0][1] is not None:
            packed = np.frombuffer(b"".join(row[1] for row in rows), np.uint8)
            mask = np.unpackbits(packed.reshape(len(rows), -1), axis=1)[:, :len(steps)] == 1
            return Long(np.repeat(index, mask.sum(1)),
                        np.broadcast_to(steps, mask.shape)[mask], value)
        return Long(np.repeat(index, len(steps)), np.tile(steps, len(index)), value)

    def lookup(self, path, index):
        database = sqlite3.connect(path)
        row = database.execute("SELECT v FROM history WHERE idx = ?", (index,)).fetchone()
        database.close()
        return np.frombuffer(row[0], np.float32)
