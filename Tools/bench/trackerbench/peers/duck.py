"""DuckDB's own file: a wide table, compressed as it chooses."""
import warnings

import duckdb

from .base import Peer
from .parquet import wide_result, wide_row, wide_table


class DuckDB(Peer):
    package = "duckdb"
    settings = "its own file in its latest storage version, a REAL column for each epoch"

    def __init__(self):
        warnings.simplefilter("ignore")

    def prepare(self, history):
        self.history = history
        self.table = wide_table(history)

    def open(self, path, read_only=True):
        database = duckdb.connect(config={"threads": 1})
        options = "READ_ONLY" if read_only else "STORAGE_VERSION 'latest'"
        database.execute(f"ATTACH '{path}' AS db ({options})")
        database.execute("USE db")
        return database

    def write(self, path):
        database = self.open(path, read_only=False)
        database.register("given", self.table)
        database.execute("CREATE TABLE history AS SELECT * FROM given")
        database.execute("CHECKPOINT db")
        database.close()

    def read(self, path):
        database = self.open(path)
        result = wide_result(database.execute("SELECT * FROM history").to_arrow_table())
        database.close()
        return result

    def lookup(self, path, index):
        database = self.open(path)
        found = database.execute("SELECT * FROM history WHERE index = ?", [index])
        values = wide_row(found.to_arrow_table())
        database.close()
        return values

    def begin(self, path):
        self.database = self.open(path, read_only=False)
        self.database.execute("CREATE TABLE point (step BIGINT, index BIGINT, value REAL)")

    def append(self, path, number, step, indices, values):
        # A commit syncs the log; what the table's own pages cost comes with its checkpoints.
        self.database.execute("BEGIN")
        self.database.execute("INSERT INTO point SELECT ?, i, v FROM (SELECT unnest(?) i,"
                              " unnest(?) v)", [int(step), indices, values])
        self.database.execute("COMMIT")

    def end(self):
        self.database.execute("CHECKPOINT db")
        self.database.close()
