/* Records an epoch, reads it back and prints it: the C ABI from C. The argument is the file to write. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "trackerstate.h"

static int failed(const char *call, trk_status status) {
  char text[512];
  trk_last_error(text, sizeof text);
  printf("%s: %s: %s\n", call, trk_status_name(status), text);
  return 1;
}

#define TRY(call)                                             \
  do {                                                        \
    trk_status status = (call);                               \
    if (status != TRK_OK) return failed(#call, status);       \
  } while (0)

int main(int count, char **arguments) {
  if (count != 2) return 2;
  trk_text path = {arguments[1], (int64_t)strlen(arguments[1])};

  int64_t metric_offsets[] = {0, 2}, mode_offsets[] = {0, 5};
  trk_parameters parameters = {
      .size = sizeof parameters,
      .metrics = {"ce", metric_offsets, 1},
      .modes = {"train", mode_offsets, 1},
      .max_to_keep = 1,
      .min_to_keep = 1,
      .epoch_frequency = 1,
  };
  trk_handle tracker = 0;
  TRY(trk_tracker_create(&path, &parameters, NULL, NULL, &tracker));

  int64_t indices[] = {7, 3, 5};
  float losses[] = {0.5f, 2.0f, 0.25f};
  trk_values column = {.type = TRK_FLOAT32, .count = 3, .values = losses};
  trk_batch batch = {
      .size = sizeof batch,
      .mode = TRK_TRAIN,
      .epoch = 1,
      .indices = {.type = TRK_INDEX_INT64, .count = 3, .integers = indices},
      .columns = &column,
      .column_count = 1,
  };
  int32_t recorded = 0;
  TRY(trk_tracker_record(tracker, &batch, &recorded));
  trk_text none = {NULL, 0};
  TRY(trk_tracker_end_epoch(tracker, TRK_TRAIN, none, 1, NULL, 100));
  TRY(trk_tracker_close(tracker));
  TRY(trk_release(tracker));

  int64_t path_offsets[] = {0, path.length};
  trk_strings paths = {path.bytes, path_offsets, 1};
  trk_handle reader = 0, matrix = 0;
  TRY(trk_open(&paths, TRK_AT_LAST, 0, TRK_CONFLICT_ERROR, 0, &reader));
  trk_channel channel = {{"ce", 2}, TRK_TRAIN, {NULL, 0}};
  TRY(trk_reader_matrix(reader, &channel, NULL, 1000, &matrix));
  trk_matrix_info info = {.size = sizeof info};
  TRY(trk_matrix_describe(matrix, &info));
  trk_matrix_memory memory = {.size = sizeof memory};
  TRY(trk_matrix_borrow(matrix, &memory));
  for (int64_t row = 0; row < info.rows; row++) {
    printf("%" PRId64 " %g\n", memory.integers[row], ((const float *)memory.values)[row]);
  }
  TRY(trk_release(matrix));
  TRY(trk_release(reader));
  return trk_release(reader) == TRK_INVALID_HANDLE && recorded ? 0 : 1;
}
