"""The peers: each module holds the contenders of one library.

A contender that cannot be imported, fails or gives other bits than it was given is listed with the
reason; the others go on.
"""
import importlib

# Name of the contender: (module, class, arguments). Names are what --peers takes and tables show.
CONTENDERS = {
    "pickle": ("pickled", "Pickle", {}),
    "pickle-gzip": ("pickled", "Pickle", {"gzip": True}),
    "dill": ("pickled", "Dill", {}),
    "npz": ("npz", "NPZ", {}),
    "parquet-wide": ("parquet", "WideParquet", {}),
    "parquet-columns": ("parquet", "ColumnParquet", {}),
    "parquet-long": ("parquet", "LongParquet", {}),
    "hdf5": ("hdf5", "HDF5", {}),
    "zarr": ("zarrs", "Zarr", {}),
    "blosc2": ("blosc", "Blosc2", {}),
    "pcodec-8": ("pco", "Pcodec", {"level": 8}),
    "pcodec-12": ("pco", "Pcodec", {"level": 12}),
    "vortex": ("vortexes", "WideVortex", {}),
    "vortex-sorted": ("vortexes", "LongVortex", {}),
    "lance": ("lances", "Lance", {}),
    "lance-lists": ("lances", "ListLance", {}),
    "sqlite": ("sqlite", "LongSQLite", {}),
    "sqlite-blobs": ("sqlite", "BlobSQLite", {}),
    "duckdb": ("duck", "DuckDB", {}),
}
# Stores columns and finds rows by their values: what the look-up is compared with.
COLUMNAR = {"parquet-wide", "parquet-columns", "parquet-long", "vortex", "vortex-sorted", "lance",
            "lance-lists", "duckdb"}


def make(name):
    module, kind, arguments = CONTENDERS[name]
    return getattr(importlib.import_module(f"trackerbench.peers.{module}"), kind)(**arguments)
