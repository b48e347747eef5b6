"""The C ABI's structs and constants, as in trackerstate.h."""

from __future__ import annotations

import ctypes as c

OK = 0
BUFFER_TOO_SMALL = 4
FORKED_PROCESS = 22

INDEX_INT64, INDEX_STRING = 0, 1
FLOAT32, FLOAT64, FLOAT16, BFLOAT16, INT64, INT32, BOOL, STRING = range(8)
MODES = ("train", "eval", "test", "infer")
AT_LAST, AT_SEQUENCE, AT_STEP = range(3)
CONFLICTS = ("error", "min", "max", "first", "last")
LEVELS = ("default", "fast", "small")


class Struct(c.Structure):
    """A struct; ``keep`` holds what it points to."""

    keep: object = None


class Text(Struct):
    _fields_ = [("bytes", c.c_char_p), ("length", c.c_int64)]


class Strings(Struct):
    _fields_ = [("bytes", c.c_void_p), ("offsets", c.c_void_p), ("count", c.c_int64)]


class Indices(Struct):
    _fields_ = [
        ("type", c.c_int32),
        ("count", c.c_int64),
        ("integers", c.c_void_p),
        ("strings", Strings),
    ]


class Values(Struct):
    _fields_ = [
        ("metric", Text),
        ("type", c.c_int32),
        ("count", c.c_int64),
        ("values", c.c_void_p),
    ]


class ChannelName(Struct):
    _fields_ = [("metric", Text), ("mode", c.c_int32), ("ds_id", Text)]


class Sized(Struct):
    """A struct that begins with its size."""

    def __init__(self, **fields: object) -> None:
        super().__init__(c.sizeof(self), **fields)


class Parameters(Sized):
    _fields_ = [
        ("size", c.c_int64),
        ("index_key", Text),
        ("metrics", Strings),
        ("max_to_keep", c.c_int64),
        ("min_to_keep", c.c_int64),
        ("has_list_to_keep", c.c_int32),
        ("list_to_keep", Indices),
        ("epoch_frequency", c.c_int64),
        ("modes", Strings),
        ("ds_ids", Strings),
        ("output_name", Text),
        ("keep_mantissa_bits", c.c_int64),
    ]


class Run(Sized):
    _fields_ = [
        ("size", c.c_int64),
        ("run_id", Text),
        ("generation", c.c_int64),
        ("rank", c.c_int64),
        ("world_size", c.c_int64),
    ]


class TrackerOptions(Sized):
    _fields_ = [
        ("size", c.c_int64),
        ("index_type", c.c_int32),
        ("level", c.c_int32),
        ("cores", c.c_int64),
    ]


class Batch(Sized):
    _fields_ = [
        ("size", c.c_int64),
        ("mode", c.c_int32),
        ("ds_id", Text),
        ("epoch", c.c_int64),
        ("indices", Indices),
        ("columns", c.POINTER(Values)),
        ("column_count", c.c_int64),
    ]


class TrackerInfo(Sized):
    _fields_ = [
        ("size", c.c_int64),
        ("index_type", c.c_int32),
        ("is_closed", c.c_int32),
        ("unsealed_points", c.c_int64),
        ("sequence", c.c_int64),
        ("step", c.c_int64),
        ("epoch", c.c_int64),
        ("has_step", c.c_int32),
        ("has_epoch", c.c_int32),
        ("generation", c.c_int64),
        ("rank", c.c_int64),
        ("world_size", c.c_int64),
    ]


LENGTH_FUNCTION = c.CFUNCTYPE(c.c_int64, c.c_void_p)
READ_FUNCTION = c.CFUNCTYPE(c.c_int64, c.c_void_p, c.c_int64, c.c_void_p, c.c_int64)


class Source(Sized):
    _fields_ = [
        ("size", c.c_int64),
        ("context", c.c_void_p),
        ("length", LENGTH_FUNCTION),
        ("read", READ_FUNCTION),
        ("name", Text),
    ]


class ReaderInfo(Sized):
    _fields_ = [
        ("size", c.c_int64),
        ("index_type", c.c_int32),
        ("has_parameters", c.c_int32),
        ("files", c.c_int64),
        ("points", c.c_int64),
        ("unsealed_points", c.c_int64),
        ("bytes", c.c_int64),
        ("parameters_max_to_keep", c.c_int64),
        ("parameters_min_to_keep", c.c_int64),
        ("parameters_epoch_frequency", c.c_int64),
        ("parameters_mantissa_bits", c.c_int64),
    ]


class Filter(Sized):
    _fields_ = [
        ("size", c.c_int64),
        ("has_indices", c.c_int32),
        ("indices", Indices),
        ("has_steps", c.c_int32),
        ("first_step", c.c_int64),
        ("last_step", c.c_int64),
    ]


class MatrixInfo(Sized):
    _fields_ = [
        ("size", c.c_int64),
        ("rows", c.c_int64),
        ("columns", c.c_int64),
        ("points", c.c_int64),
        ("value_type", c.c_int32),
        ("index_type", c.c_int32),
    ]


class MatrixMemory(Sized):
    _fields_ = [("size", c.c_int64), ("values", c.c_void_p), ("integers", c.c_void_p)]


class ColumnInfo(Sized):
    _fields_ = [
        ("size", c.c_int64),
        ("type", c.c_int32),
        ("has_missing", c.c_int32),
        ("bytes", c.c_int64),
        ("name", c.c_char * 64),
    ]


class CriterionOptions(Sized):
    _fields_ = [
        ("size", c.c_int64),
        ("early", c.c_int64),
        ("window", c.c_int64),
        ("correctness", c.c_int32),
        ("threshold", c.c_double),
        ("memory", c.c_int64),
        ("has_epochs", c.c_int32),
        ("first_epoch", c.c_int64),
        ("last_epoch", c.c_int64),
    ]


class SelectionOptions(Sized):
    _fields_ = [
        ("size", c.c_int64),
        ("by", Text),
        ("max", c.c_int64),
        ("min", c.c_int64),
        ("has_list", c.c_int32),
        ("list", Indices),
    ]


class MergeOptions(Sized):
    _fields_ = [
        ("size", c.c_int64),
        ("conflicts", c.c_int32),
        ("overwrite", c.c_int32),
        ("allow_mixed_runs", c.c_int32),
        ("keep_provenance", c.c_int32),
        ("level", c.c_int32),
        ("expected_workers", c.c_int64),
        ("memory", c.c_int64),
        ("cores", c.c_int64),
        ("keep_mantissa_bits", c.c_int64),
        ("partition", c.c_int64),
        ("partitions", c.c_int64),
        ("parameters_from", Text),
    ]


class MergeReport(Sized):
    _fields_ = [
        ("size", c.c_int64),
        ("input_points", c.c_int64),
        ("output_points", c.c_int64),
        ("unsealed_points", c.c_int64),
        ("output_bytes", c.c_int64),
        ("conflicts", c.c_int64),
        ("drops_provenance", c.c_int32),
    ]


class Verification(Sized):
    _fields_ = [
        ("size", c.c_int64),
        ("records", c.c_int64),
        ("commits", c.c_int64),
        ("tiles", c.c_int64),
        ("points", c.c_int64),
        ("findings", c.c_int64),
    ]


#: The C names of the structs, for the test that holds them to the header.
NAMES: dict[str, type[c.Structure]] = {
    "trk_text": Text,
    "trk_strings": Strings,
    "trk_indices": Indices,
    "trk_values": Values,
    "trk_channel": ChannelName,
    "trk_parameters": Parameters,
    "trk_run": Run,
    "trk_tracker_options": TrackerOptions,
    "trk_batch": Batch,
    "trk_tracker_info": TrackerInfo,
    "trk_source": Source,
    "trk_reader_info": ReaderInfo,
    "trk_filter": Filter,
    "trk_matrix_info": MatrixInfo,
    "trk_matrix_memory": MatrixMemory,
    "trk_column_info": ColumnInfo,
    "trk_criterion_options": CriterionOptions,
    "trk_selection_options": SelectionOptions,
    "trk_merge_options": MergeOptions,
    "trk_merge_report": MergeReport,
    "trk_verification": Verification,
}

H = c.c_uint64
P = c.POINTER

#: Parameter types of the functions that return a status.
FUNCTIONS: dict[str, list[type]] = {
    "trk_release": [H],
    "trk_tracker_create": [P(Text), P(Parameters), P(Run), P(TrackerOptions), P(H)],
    "trk_tracker_resume": [
        P(Text), c.c_int32, c.c_int64, P(Parameters), P(Run), P(TrackerOptions), P(H),
    ],
    "trk_tracker_resume_image": [
        c.c_void_p, c.c_int64, c.c_int32, c.c_int64, P(Parameters), P(Run), P(TrackerOptions), P(H),
    ],
    "trk_tracker_record": [H, P(Batch), P(c.c_int32)],
    "trk_tracker_end_epoch": [H, c.c_int32, Text, c.c_int64, P(c.c_int64), c.c_int64],
    "trk_tracker_unended": [H, P(H)],
    "trk_tracker_checkpoint": [H, c.c_int32, P(c.c_int64), P(c.c_int64)],
    "trk_tracker_flush": [H],
    "trk_tracker_close": [H],
    "trk_rewind": [P(Text), c.c_int64],
    "trk_tracker_select": [H, P(H)],
    "trk_tracker_describe": [H, P(TrackerInfo)],
    "trk_tracker_run_id": [H, c.c_void_p, c.c_int64, P(c.c_int64)],
    "trk_tracker_differences": [H, P(H)],
    "trk_tracker_reader": [H, P(H)],
    "trk_tracker_image": [H, c.c_void_p, c.c_int64, P(c.c_int64)],
    "trk_run_continuing": [
        P(Strings), c.c_int64, c.c_int64, c.c_void_p, c.c_int64, P(c.c_int64), P(c.c_int64),
    ],
    "trk_open": [P(Strings), c.c_int32, c.c_int64, c.c_int32, c.c_int64, P(H)],
    "trk_open_sources": [
        P(Source), c.c_int64, c.c_int32, c.c_int64, c.c_int32, c.c_int64, P(H),
    ],
    "trk_reader_describe": [H, P(ReaderInfo)],
    "trk_reader_channels": [H, P(H)],
    "trk_reader_steps": [H, P(ChannelName), P(H)],
    "trk_reader_parameters": [H, P(H)],
    "trk_reader_commits": [H, P(H)],
    "trk_reader_kept": [H, P(H)],
    "trk_reader_matrix": [H, P(ChannelName), P(Filter), c.c_int64, P(H)],
    "trk_reader_scan": [H, P(ChannelName), P(Filter), P(H)],
    "trk_scan_next": [H, P(H)],
    "trk_reader_digest": [H, c.c_void_p, c.c_int64],
    "trk_matrix_describe": [H, P(MatrixInfo)],
    "trk_matrix_values": [H, c.c_void_p, c.c_int64, c.c_int32],
    "trk_matrix_present": [H, c.c_void_p, c.c_int64],
    "trk_matrix_columns": [H, c.c_void_p, c.c_void_p, c.c_void_p, c.c_int64],
    "trk_matrix_rows": [H, P(H)],
    "trk_matrix_borrow": [H, P(MatrixMemory)],
    "trk_table_shape": [H, P(c.c_int64), P(c.c_int64)],
    "trk_table_column": [H, c.c_int64, P(ColumnInfo)],
    "trk_table_copy": [
        H, c.c_int64, c.c_void_p, c.c_int64, c.c_void_p, c.c_int64, c.c_void_p, c.c_int64,
    ],
    "trk_criteria": [P(H)],
    "trk_reader_select": [H, P(ChannelName), P(SelectionOptions), P(CriterionOptions), P(H)],
    "trk_reader_stats": [
        H, P(ChannelName), P(Strings), P(Filter), P(CriterionOptions), P(H),
    ],
    "trk_merge": [P(Strings), P(Text), P(MergeOptions), P(MergeReport)],
    "trk_verify": [P(Text), P(Verification), P(H)],
}
