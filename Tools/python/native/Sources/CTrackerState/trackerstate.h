/* TrackerState's C ABI: per-instance training histories, for other languages.

   THREADS
   Any thread may call any function. Calls on one handle wait for each other, so several threads never
   work on one handle at once; calls on different handles run side by side. A call may use further
   threads of its own, but has no effect after it returns, with these exceptions: a tracker encodes and
   writes in the background what trk_tracker_end_epoch and trk_tracker_checkpoint (in the background)
   hand to it, and the functions of a trk_source are called by several threads, at once, while a handle
   that was opened on it exists. Releasing a handle while another thread uses it is safe: what that
   thread does is finished first. The text of trk_last_error is the calling thread's own.

   FORK
   A child of fork() owns none of its parent's handles: every call on them returns TRK_FORKED_PROCESS
   and does nothing, and releasing them only forgets them. The child does not hold the lock of a file
   that its parent writes to. It may make handles of its own.

   MEMORY
   Buffers belong to the caller, and are not kept after a call returns, but for trk_source. What a
   function gives out goes into buffers of the caller, whose sizes are checked; only
   trk_matrix_borrow lends memory, until the matrix is released. Structs that are passed in begin with
   their own size, so that later versions can add members: set `size` to sizeof of the struct, and all
   that is not needed to zero.

   ERRORS
   Every function that can fail returns a trk_status. After one that is not TRK_OK nothing was given
   out, and trk_last_error tells what was wrong. A handle that is zero, stale or of another kind, a
   NULL where something is needed, a negative or absurd length, a buffer that is too small, text that
   is not UTF-8: all are errors, and none ends the process. What cannot be checked is whether a pointer
   points to as much memory as its length says. */

#ifndef TRACKERSTATE_H
#define TRACKERSTATE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Status -------------------------------------------------------------------------------------- */

typedef int32_t trk_status;

enum {
  TRK_OK = 0,
  /* Of this interface. */
  TRK_INVALID_ARGUMENT = 1,
  TRK_INVALID_HANDLE = 2,
  TRK_WRONG_HANDLE = 3,
  TRK_BUFFER_TOO_SMALL = 4,
  /* Of the library: callers' mistakes. */
  TRK_INVALID_PARAMETER = 16,
  TRK_LENGTH_MISMATCH = 17,
  TRK_WRONG_INDEX_TYPE = 18,
  TRK_INEXACT_VALUE = 19,
  TRK_UNKNOWN_METRIC = 20,
  TRK_CLOSED = 21,
  TRK_FORKED_PROCESS = 22,
  TRK_PARAMETERS_DIFFER = 23,
  /* The outside world. */
  TRK_SYSTEM = 32,
  TRK_CLOSED_PIPE = 33,
  TRK_ALREADY_EXISTS = 34,
  TRK_NOT_FOUND = 35,
  TRK_LOCKED = 36,
  TRK_OUT_OF_RANGE = 37,
  /* Bytes of a file. */
  TRK_NOT_A_TRACKER_FILE = 48,
  TRK_UNSUPPORTED_VERSION = 49,
  TRK_TRUNCATED = 50,
  TRK_CHECKSUM_MISMATCH = 51,
  TRK_LIMIT_EXCEEDED = 52,
  TRK_MALFORMED = 53,
  TRK_UNSUPPORTED_ENCODING = 54,
  TRK_NO_COMMIT = 55,
  TRK_TOO_MUCH_DAMAGE = 56,
  TRK_BAD_INPUT = 57,
  /* Results. */
  TRK_MERGE_CONFLICT = 64,
  TRK_UNKNOWN_PROVENANCE = 65,
  TRK_MISSING_WORKER = 66,
  TRK_MIXED_RUNS = 67
};

/* The name of a status, such as "INVALID_HANDLE"; "UNKNOWN" for a number that is none. Never NULL. */
const char *trk_status_name(trk_status status);

/* Writes the text of the calling thread's last error, in UTF-8 and ended by a NUL, cut to `capacity`
   bytes; returns its whole length without the NUL. A NULL buffer only asks for the length. */
int64_t trk_last_error(char *buffer, int64_t capacity);

/* Counts changes of this interface that callers must follow: 1. */
int32_t trk_abi_version(void);

/* The library's version. Never NULL. */
const char *trk_version(void);

/* ---- Handles and values -------------------------------------------------------------------------- */

/* A tracker, reader, scan, matrix or table. Zero is none. */
typedef uint64_t trk_handle;

/* Forgets a handle of any kind and gives back what it holds. A tracker that was not closed first
   finishes what was queued, and nobody is told of a failure then: close it. Zero is an error. */
trk_status trk_release(trk_handle handle);

/* UTF-8. NULL bytes are no text at all; then the length must be 0. */
typedef struct {
  const char *bytes;
  int64_t length;
} trk_text;

/* Texts end to end: text i is bytes[offsets[i] .. offsets[i + 1]). There are count + 1 offsets, which
   begin at 0 or more and never descend; they may be NULL where there is no text. */
typedef struct {
  const char *bytes;
  const int64_t *offsets;
  int64_t count;
} trk_strings;

enum { TRK_INDEX_INT64 = 0, TRK_INDEX_STRING = 1 };

/* Indices of instances: `integers` or `strings`, as the type says; the other is not looked at. */
typedef struct {
  int32_t type;
  int64_t count;
  const int64_t *integers;
  trk_strings strings;
} trk_indices;

enum {
  TRK_FLOAT32 = 0,
  TRK_FLOAT64 = 1,
  TRK_FLOAT16 = 2,
  TRK_BFLOAT16 = 3,
  TRK_INT64 = 4,
  TRK_INT32 = 5,
  TRK_BOOL = 6, /* a byte: 0, or anything else for 1 */
  TRK_STRING = 7 /* of tables only */
};

/* Values of one metric. float16, bfloat16 and bool are recorded as float32; integers as float64, where
   each must be exact. */
typedef struct {
  trk_text metric; /* may be absent where the tracker has one metric */
  int32_t type;
  int64_t count;
  const void *values;
} trk_values;

enum { TRK_TRAIN = 0, TRK_EVAL = 1, TRK_TEST = 2, TRK_INFER = 3 };

typedef struct {
  trk_text metric;
  int32_t mode;
  trk_text ds_id; /* absent for none */
} trk_channel;

/* ---- Trackers ------------------------------------------------------------------------------------ */

/* What a tracker records and keeps. */
typedef struct {
  int64_t size;
  trk_text index_key; /* absent for "idx" */
  trk_strings metrics;
  int64_t max_to_keep;
  int64_t min_to_keep;
  int32_t has_list_to_keep;
  trk_indices list_to_keep;
  int64_t epoch_frequency; /* 0 is an error: 1 for every epoch */
  trk_strings modes; /* names, or names each with a leading '!'; none for all */
  trk_strings ds_ids; /* likewise */
  trk_text output_name; /* absent for <metric>_by_<index> */
  int64_t keep_mantissa_bits; /* 0 for all */
} trk_parameters;

/* Who a worker is. Absent and negative members come from TRACKER_RUN_ID, RANK and WORLD_SIZE. */
typedef struct {
  int64_t size;
  trk_text run_id;
  int64_t generation;
  int64_t rank;
  int64_t world_size;
} trk_run;

enum { TRK_LEVEL_DEFAULT = 0, TRK_LEVEL_FAST = 1, TRK_LEVEL_SMALL = 2 };

typedef struct {
  int64_t size;
  int32_t index_type;
  int32_t level;
  int64_t cores; /* 0 for all that the process may use */
} trk_tracker_options;

/* Begins a tracker. `path` NULL keeps it in memory; `run` and `options` may be NULL. */
trk_status trk_tracker_create(
    const trk_text *path, const trk_parameters *parameters, const trk_run *run,
    const trk_tracker_options *options, trk_handle *tracker);

enum { TRK_AT_LAST = 0, TRK_AT_SEQUENCE = 1, TRK_AT_STEP = 2 };

/* Goes on with a tracker's file from its last commit, one with a number, or the newest made at a step.
   `parameters` may be NULL for those stored. Of `options` all but the index type is used. */
trk_status trk_tracker_resume(
    const trk_text *path, int32_t at, int64_t number, const trk_parameters *parameters,
    const trk_run *run, const trk_tracker_options *options, trk_handle *tracker);

/* The same for the bytes of a tracker in memory, as trk_tracker_image gave them. */
trk_status trk_tracker_resume_image(
    const void *bytes, int64_t length, int32_t at, int64_t number,
    const trk_parameters *parameters, const trk_run *run, const trk_tracker_options *options,
    trk_handle *tracker);

typedef struct {
  int64_t size;
  int32_t mode;
  trk_text ds_id;
  int64_t epoch;
  trk_indices indices;
  const trk_values *columns; /* one for each metric that has values */
  int64_t column_count;
} trk_batch;

/* Records a batch; one that fails has recorded nothing. `recorded` may be NULL: else it becomes 1, or 0
   where batches of this mode, data set or epoch are not recorded. */
trk_status trk_tracker_record(trk_handle tracker, const trk_batch *batch, int32_t *recorded);

/* Ends an epoch of a mode and data set: its values stand at `step` from now on. `recorded_as`, which may
   be NULL, is another number under which values of it were recorded before its own was known. */
trk_status trk_tracker_end_epoch(
    trk_handle tracker, int32_t mode, trk_text ds_id, int64_t epoch, const int64_t *recorded_as,
    int64_t step);

/* Epochs that were recorded and not ended. Columns: metric, mode, ds_id, epoch, points. */
trk_status trk_tracker_unended(trk_handle tracker, trk_handle *table);

/* Makes all that was recorded durable; in the background it only is queued when this returns. `step`
   and `epoch`: those to resume at; NULL for the last ended, and none within an epoch. */
trk_status trk_tracker_checkpoint(
    trk_handle tracker, int32_t in_background, const int64_t *step, const int64_t *epoch);

/* Waits until all that is queued is done. */
trk_status trk_tracker_flush(trk_handle tracker);

/* Writes a last checkpoint where anything is new, and gives the file back. The handle stays. */
trk_status trk_tracker_close(trk_handle tracker);

/* Takes a file that nobody writes to back to the checkpoint of a step. */
trk_status trk_rewind(const trk_text *path, int64_t step);

/* Selects by last sealed value, as the parameters say, and keeps the selection for the next
   checkpoint. Columns: metric, mode, ds_id, set (max, min, list, missing), index. */
trk_status trk_tracker_select(trk_handle tracker, trk_handle *table);

typedef struct {
  int64_t size;
  int32_t index_type;
  int32_t is_closed;
  int64_t unsealed_points;
  int64_t sequence; /* of the last durable commit; 0 for none */
  int64_t step;
  int64_t epoch;
  int32_t has_step;
  int32_t has_epoch;
  int64_t generation;
  int64_t rank;
  int64_t world_size; /* 0 where the tracker is of no run */
} trk_tracker_info;

trk_status trk_tracker_describe(trk_handle tracker, trk_tracker_info *info);

/* Writes the run id without a NUL; `length` becomes its length, whether or not it fits. */
trk_status trk_tracker_run_id(trk_handle tracker, char *buffer, int64_t capacity, int64_t *length);

/* The settings in which the parameters given to trk_tracker_resume differ from those stored. Columns:
   setting, stored, given. */
trk_status trk_tracker_differences(trk_handle tracker, trk_handle *table);

/* All that a tracker has sealed so far, as a reader; waits until it is written. */
trk_status trk_tracker_reader(trk_handle tracker, trk_handle *reader);

/* Copies the bytes of a tracker in memory, as of its last checkpoint; `length` becomes how many there
   are, whether or not they fit. */
trk_status trk_tracker_image(trk_handle tracker, void *buffer, int64_t capacity, int64_t *length);

/* Who a worker is that goes on with the run of other files, with another number of workers: their run
   id, as in trk_tracker_run_id, and the next generation. */
trk_status trk_run_continuing(
    const trk_strings *paths, int64_t rank, int64_t world_size, char *buffer, int64_t capacity,
    int64_t *length, int64_t *generation);

/* ---- Readers ------------------------------------------------------------------------------------- */

enum {
  TRK_CONFLICT_ERROR = 0,
  TRK_CONFLICT_MIN = 1,
  TRK_CONFLICT_MAX = 2,
  TRK_CONFLICT_FIRST = 3,
  TRK_CONFLICT_LAST = 4
};

/* Opens files; several are read as if they were merged, with this policy for different values of one
   key. A commit other than the last can be looked at in a single file. `cores` 0 for all. */
trk_status trk_open(
    const trk_strings *paths, int32_t at, int64_t number, int32_t conflicts, int64_t cores,
    trk_handle *reader);

/* Bytes that lie elsewhere. Both functions get `context`, are called by several threads at once, and
   must stay callable until every handle that was made from the reader is released.
   `length` returns how many bytes there are, negative where that fails.
   `read` fills `buffer` with `count` bytes from `offset` on and returns how many it wrote, fewer only
   at the end; negative where it fails. */
typedef struct {
  int64_t size;
  void *context;
  int64_t (*length)(void *context);
  int64_t (*read)(void *context, int64_t offset, void *buffer, int64_t count);
  trk_text name; /* for error texts */
} trk_source;

/* The same for sources; reads only what is asked for. */
trk_status trk_open_sources(
    const trk_source *sources, int64_t count, int32_t at, int64_t number, int32_t conflicts,
    int64_t cores, trk_handle *reader);

typedef struct {
  int64_t size;
  int32_t index_type;
  int32_t has_parameters;
  int64_t files;
  int64_t points; /* of all files; those that several have count in each */
  int64_t unsealed_points;
  int64_t bytes;
  int64_t parameters_max_to_keep;
  int64_t parameters_min_to_keep;
  int64_t parameters_epoch_frequency;
  int64_t parameters_mantissa_bits; /* 0 for all */
} trk_reader_info;

trk_status trk_reader_describe(trk_handle reader, trk_reader_info *info);

/* Columns: metric, mode, ds_id, value_type, points, steps, first_step, last_step, first_epoch,
   last_epoch. */
trk_status trk_reader_channels(trk_handle reader, trk_handle *table);

/* A channel's steps. Columns: step, epoch, points. */
trk_status trk_reader_steps(trk_handle reader, const trk_channel *channel, trk_handle *table);

/* The settings of the tracker, each value a row. Columns: setting, value. */
trk_status trk_reader_parameters(trk_handle reader, trk_handle *table);

/* The commits that led to what is read, oldest first. Columns: file, sequence, step, epoch, time
   (microseconds since 1970), run_id, generation, rank, world_size. */
trk_status trk_reader_commits(trk_handle reader, trk_handle *table);

/* What the last selection kept. Columns as of trk_tracker_select. */
trk_status trk_reader_kept(trk_handle reader, trk_handle *table);

/* Which points are read; NULL for all. */
typedef struct {
  int64_t size;
  int32_t has_indices;
  trk_indices indices;
  int32_t has_steps;
  int64_t first_step;
  int64_t last_step;
} trk_filter;

/* Reads a channel whole. Fails with TRK_LIMIT_EXCEEDED where the matrix would have more than
   `max_cells` cells: scan it then. */
trk_status trk_reader_matrix(
    trk_handle reader, const trk_channel *channel, const trk_filter *filter, int64_t max_cells,
    trk_handle *matrix);

/* Begins to read a channel in blocks of rows. */
trk_status trk_reader_scan(
    trk_handle reader, const trk_channel *channel, const trk_filter *filter, trk_handle *scan);

/* Gives the next block; `matrix` becomes 0 at the end. */
trk_status trk_scan_next(trk_handle scan, trk_handle *matrix);

/* The content's digest (Spec/DIGEST.md): 32 bytes. */
trk_status trk_reader_digest(trk_handle reader, uint8_t *buffer, int64_t capacity);

/* ---- Matrices ------------------------------------------------------------------------------------ */

/* Rows are instances in the order of their indices, columns steps, then epochs, ascending. The value of
   a row in a column is the cell column * rows + row. */
typedef struct {
  int64_t size;
  int64_t rows;
  int64_t columns;
  int64_t points; /* fewer than cells where some are missing */
  int32_t value_type;
  int32_t index_type;
} trk_matrix_info;

trk_status trk_matrix_describe(trk_handle matrix, trk_matrix_info *info);

/* Copies all cells in the value type; those without a point hold 0, or NaN where asked for. */
trk_status trk_matrix_values(trk_handle matrix, void *buffer, int64_t bytes, int32_t fill_nan);

/* A byte for each cell: 1 where it holds a point. */
trk_status trk_matrix_present(trk_handle matrix, uint8_t *buffer, int64_t count);

/* Steps and epochs of the columns. Either may be NULL; has_epoch tells which epochs are known. */
trk_status trk_matrix_columns(
    trk_handle matrix, int64_t *steps, int64_t *epochs, uint8_t *has_epoch, int64_t count);

/* One column: index. */
trk_status trk_matrix_rows(trk_handle matrix, trk_handle *table);

/* The matrix's own memory, which must not be changed: valid until the matrix is released. */
typedef struct {
  int64_t size;
  const void *values; /* rows * columns of the value type; 0 where there is no point */
  const int64_t *integers; /* the rows' indices; NULL where they are strings */
} trk_matrix_memory;

trk_status trk_matrix_borrow(trk_handle matrix, trk_matrix_memory *memory);

/* ---- Tables -------------------------------------------------------------------------------------- */

trk_status trk_table_shape(trk_handle table, int64_t *rows, int64_t *columns);

typedef struct {
  int64_t size;
  int32_t type; /* TRK_INT64, TRK_FLOAT64 or TRK_STRING */
  int32_t has_missing;
  int64_t bytes; /* of all values, without offsets */
  char name[64]; /* ended by a NUL */
} trk_column_info;

trk_status trk_table_column(trk_handle table, int64_t column, trk_column_info *info);

/* Copies a column. `values` takes the bytes that trk_column_info names; `offsets` rows + 1 numbers where
   the column is of strings, else it may be NULL; `present` a byte a row: NULL where not wanted. Missing
   values are 0, or empty. */
trk_status trk_table_copy(
    trk_handle table, int64_t column, void *values, int64_t value_bytes, int64_t *offsets,
    int64_t offset_count, uint8_t *present, int64_t present_count);

/* ---- Select and stats ---------------------------------------------------------------------------- */

typedef struct {
  int64_t size;
  int64_t early; /* how many values 'early' takes; 0 for 5 */
  int64_t window; /* of 'windowed-std'; 0 for 10 */
  int32_t correctness; /* 0: found out; 1: below the threshold; 2: the threshold or above */
  double threshold;
  int64_t memory; /* for sorting, in bytes; 0 for 256 MiB */
  int32_t has_epochs;
  int64_t first_epoch;
  int64_t last_epoch;
} trk_criterion_options;

/* The names of all criteria (Spec/CRITERIA.md). One column: criterion. */
trk_status trk_criteria(trk_handle *table);

typedef struct {
  int64_t size;
  trk_text by; /* absent for final */
  int64_t max; /* negative for what the parameters say, or 5 */
  int64_t min;
  int32_t has_list;
  trk_indices list;
} trk_selection_options;

/* Selects in one channel. Columns: set (max, min, list, missing), index, score. `criteria` may be NULL. */
trk_status trk_reader_select(
    trk_handle reader, const trk_channel *channel, const trk_selection_options *options,
    const trk_criterion_options *criteria, trk_handle *table);

/* Criteria of every instance of a channel that has points. Columns: index, points, and one for each
   criterion named, underscores for hyphens. `filter` and `options` may be NULL. */
trk_status trk_reader_stats(
    trk_handle reader, const trk_channel *channel, const trk_strings *criteria,
    const trk_filter *filter, const trk_criterion_options *options, trk_handle *table);

/* ---- Merge and verify ---------------------------------------------------------------------------- */

typedef struct {
  int64_t size;
  int32_t conflicts;
  int32_t overwrite;
  int32_t allow_mixed_runs;
  int32_t keep_provenance;
  int32_t level;
  int64_t expected_workers; /* 0 for none in particular */
  int64_t memory; /* 0 for 256 MiB */
  int64_t cores;
  int64_t keep_mantissa_bits; /* 0 for all */
  int64_t partition; /* 1 to partitions */
  int64_t partitions; /* 0 for the whole */
  trk_text parameters_from; /* a tracker file */
} trk_merge_options;

typedef struct {
  int64_t size;
  int64_t input_points;
  int64_t output_points;
  int64_t unsealed_points; /* left out */
  int64_t output_bytes;
  int64_t conflicts;
  int32_t drops_provenance;
} trk_merge_report;

/* Merges files into a new one, which appears whole or not at all. `options` and `report` may be NULL;
   the report is filled in on TRK_MERGE_CONFLICT, too. */
trk_status trk_merge(
    const trk_strings *paths, const trk_text *output, const trk_merge_options *options,
    trk_merge_report *report);

typedef struct {
  int64_t size;
  int64_t records;
  int64_t commits;
  int64_t tiles;
  int64_t points;
  int64_t findings; /* 0 where the file is sound */
} trk_verification;

/* Reads every byte of a file. Damage is no error: it is counted, and listed in `table`, which may be
   NULL. Columns: offset, length, what, lost_points. */
trk_status trk_verify(const trk_text *path, trk_verification *result, trk_handle *table);

#ifdef __cplusplus
}
#endif

#endif
