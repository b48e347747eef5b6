#define _GNU_SOURCE
#include "FaultShim.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_DESCRIPTORS 4096
/// How often a call is interrupted before it gets through where all are.
#define INTERRUPTIONS 100

enum kind { NONE, ENOSPC_, FULL, EIO_, EINTR_, SHORT_READ, SHORT_WRITE, SYNC, RENAME };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *root;
static enum kind kind;
static long failing_call, seen_calls;
static int forever, log_fd = -1, trace_fd = -1, disk_is_full, locks_are_nfs;
/// 1 for files, 2 for folders.
static unsigned char tracked[MAX_DESCRIPTORS];

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_pread)(int, void *, size_t, off_t);
static ssize_t (*real_read)(int, void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_fsync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_rename)(const char *, const char *);
static int (*real_link)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_flock)(int, int);
static int (*real_stat)(const char *, struct stat *);
static int (*real_fstat)(int, struct stat *);
static DIR *(*real_opendir)(const char *);

static int output(const char *variable) {
  const char *path = getenv(variable);
  if (!path) return -1;
  // High up, so that the process's own descriptors have their usual numbers.
  int low = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (low < 0) return -1;
  int high = fcntl(low, F_DUPFD_CLOEXEC, 900);
  real_close(low);
  return high;
}

static void start(void) {
#define NEXT(name) real_##name = dlsym(RTLD_NEXT, #name)
  NEXT(open), NEXT(close), NEXT(pread), NEXT(read), NEXT(pwrite), NEXT(write), NEXT(fsync);
  NEXT(ftruncate), NEXT(rename), NEXT(link), NEXT(unlink), NEXT(flock), NEXT(stat), NEXT(fstat);
  NEXT(opendir);
  root = getenv("TRACKER_FAULT_ROOT");
  const char *names[] = {"none",       "enospc",      "full", "eio",   "eintr",
                         "short-read", "short-write", "sync", "rename"};
  const char *name = getenv("TRACKER_FAULT_KIND");
  for (int number = 0; name && number <= RENAME; number++)
    if (!strcmp(name, names[number])) kind = number;
  const char *at = getenv("TRACKER_FAULT_AT");
  failing_call = at ? atol(at) : 0;
  const char *lasting = getenv("TRACKER_FAULT_FOREVER");
  forever = lasting && *lasting == '1';
  const char *nfs = getenv("TRACKER_FAULT_NFS_LOCKS");
  locks_are_nfs = nfs && *nfs == '1';
  log_fd = output("TRACKER_FAULT_LOG");
  trace_fd = output("TRACKER_FAULT_TRACE");
}

static void begin(void) { pthread_once(&once, start); }

static int concerns_path(const char *path) {
  begin();
  return root && path && !strncmp(path, root, strlen(root));
}

static int concerns(int fd) {
  begin();
  return fd >= 0 && fd < MAX_DESCRIPTORS ? tracked[fd] : 0;
}

/// What is to become of a call.
enum fate { PASS, FAIL, SHORTEN };

static int concerns_call(char call) {
  switch (kind) {
    case NONE: return 0;
    case ENOSPC_: return strchr("wcstlm", call) != NULL;
    case FULL: return call == 'w';
    case EIO_: return 1;
    case EINTR_: return 1;
    case SHORT_READ: return call == 'r';
    case SHORT_WRITE: return call == 'w';
    case SYNC: return call == 's' || call == 'f';
    case RENAME: return call == 'm' || call == 'l';
  }
  return 0;
}

/// `call`: r read, w write, o open, c create, s sync, f sync of a folder, t truncate, l link, m rename,
/// u unlink, k lock, i status, d list.
static enum fate fate(char call) {
  static _Thread_local int interruptions;
  pthread_mutex_lock(&mutex);
  enum fate result = PASS;
  if (kind == FULL && disk_is_full && strchr("wcstlm", call)) {
    // Once: room is made after the first refusal.
    if (!forever) disk_is_full = 0;
    errno = ENOSPC;
    result = FAIL;
  } else if (kind == EINTR_ && forever && interruptions > 0) {
    // The same call again: until it has been interrupted often enough.
    if (--interruptions > 0) {
      errno = EINTR;
      result = FAIL;
    }
  } else if (concerns_call(call)) {
    seen_calls++;
    // Removing a file needs no room, and an unlink that never works leaves nobody a choice.
    int is_hit = seen_calls == failing_call || (forever && seen_calls > failing_call && call != 'u');
    if (failing_call > 0 && is_hit) {
      result = FAIL;
      switch (kind) {
        case ENOSPC_: errno = ENOSPC; break;
        case EINTR_:
          errno = EINTR;
          if (forever) interruptions = INTERRUPTIONS;
          break;
        case FULL: disk_is_full = 1; result = SHORTEN; break;
        case SHORT_READ:
        case SHORT_WRITE: result = SHORTEN; break;
        case RENAME: errno = call == 'l' ? EPERM : EIO; break;
        default: errno = EIO;
      }
    }
  }
  int code = errno;
  if (log_fd >= 0) {
    char letter = result == PASS ? call : call - 'a' + 'A';
    if (real_write(log_fd, &letter, 1) < 0) abort();
  }
  errno = code;
  pthread_mutex_unlock(&mutex);
  return result;
}

// --- What happens to the disk --------------------------------------------------------------------

static void trace(char operation, uint64_t file, uint64_t offset, const void *bytes, size_t count) {
  if (trace_fd < 0) return;
  int code = errno;
  uint64_t head[4] = {(uint64_t)operation, file, offset, count};
  struct iovec parts[2] = {{head, sizeof head}, {(void *)bytes, count}};
  pthread_mutex_lock(&mutex);
  if (writev(trace_fd, parts, count ? 2 : 1) != (ssize_t)(sizeof head + count)) abort();
  pthread_mutex_unlock(&mutex);
  errno = code;
}

static void trace_names(char operation, const char *from, const char *to) {
  if (trace_fd < 0) return;
  char names[8192];
  size_t first = strlen(from), second = strlen(to);
  if (first + second + 1 > sizeof names) abort();
  memcpy(names, from, first);
  names[first] = 0;
  memcpy(names + first + 1, to, second);
  trace(operation, 0, 0, names, first + 1 + second);
}

static uint64_t inode(int fd) {
  struct stat status;
  return real_fstat(fd, &status) ? 0 : status.st_ino;
}

// --- The calls -----------------------------------------------------------------------------------

int open(const char *path, int flags, ...) {
  mode_t mode = 0;
  if (flags & (O_CREAT | __O_TMPFILE)) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  if (!concerns_path(path)) return real_open(path, flags, mode);
  if (fate(flags & O_CREAT ? 'c' : 'o') == FAIL) return -1;
  int fd = real_open(path, flags, mode);
  if (fd >= 0 && fd < MAX_DESCRIPTORS) {
    tracked[fd] = flags & O_DIRECTORY ? 2 : 1;
    trace(flags & O_CREAT ? 'c' : 'o', inode(fd), 0, path, strlen(path));
  }
  return fd;
}
int open64(const char *path, int flags, ...) __attribute__((alias("open")));

int close(int fd) {
  if (concerns(fd)) tracked[fd] = 0;
  return real_close(fd);
}

ssize_t pread(int fd, void *buffer, size_t count, off_t offset) {
  if (!concerns(fd)) return real_pread(fd, buffer, count, offset);
  enum fate is = fate('r');
  if (is == FAIL) return -1;
  return real_pread(fd, buffer, is == SHORTEN && count > 1 ? count / 2 : count, offset);
}
ssize_t pread64(int, void *, size_t, off_t) __attribute__((alias("pread")));

ssize_t read(int fd, void *buffer, size_t count) {
  if (!concerns(fd)) return real_read(fd, buffer, count);
  enum fate is = fate('r');
  if (is == FAIL) return -1;
  return real_read(fd, buffer, is == SHORTEN && count > 1 ? count / 2 : count);
}

ssize_t pwrite(int fd, const void *buffer, size_t count, off_t offset) {
  if (!concerns(fd)) return real_pwrite(fd, buffer, count, offset);
  enum fate is = fate('w');
  if (is == FAIL) return -1;
  ssize_t done = real_pwrite(fd, buffer, is == SHORTEN && count > 1 ? count / 2 : count, offset);
  if (done > 0) trace('w', inode(fd), (uint64_t)offset, buffer, (size_t)done);
  return done;
}
ssize_t pwrite64(int, const void *, size_t, off_t) __attribute__((alias("pwrite")));

ssize_t write(int fd, const void *buffer, size_t count) {
  if (!concerns(fd)) return real_write(fd, buffer, count);
  enum fate is = fate('w');
  if (is == FAIL) return -1;
  return real_write(fd, buffer, is == SHORTEN && count > 1 ? count / 2 : count);
}

int fsync(int fd) {
  int what = concerns(fd);
  if (!what) return real_fsync(fd);
  if (fate(what == 2 ? 'f' : 's') == FAIL) return -1;
  // Power does not fail here: what is traced is what would be durable, and waiting for it is slow.
  trace(what == 2 ? 'f' : 's', inode(fd), 0, NULL, 0);
  return 0;
}

int ftruncate(int fd, off_t size) {
  if (!concerns(fd)) return real_ftruncate(fd, size);
  if (fate('t') == FAIL) return -1;
  int result = real_ftruncate(fd, size);
  if (result == 0) trace('t', inode(fd), (uint64_t)size, NULL, 0);
  return result;
}
int ftruncate64(int, off_t) __attribute__((alias("ftruncate")));

int rename(const char *from, const char *to) {
  if (!concerns_path(to)) return real_rename(from, to);
  if (fate('m') == FAIL) return -1;
  int result = real_rename(from, to);
  if (result == 0) trace_names('m', from, to);
  return result;
}

int link(const char *from, const char *to) {
  if (!concerns_path(to)) return real_link(from, to);
  if (fate('l') == FAIL) return -1;
  int result = real_link(from, to);
  if (result == 0) trace_names('l', from, to);
  return result;
}

int unlink(const char *path) {
  if (!concerns_path(path)) return real_unlink(path);
  if (fate('u') == FAIL) return -1;
  int result = real_unlink(path);
  if (result == 0) trace_names('u', path, "");
  return result;
}

int flock(int fd, int operation) {
  if (!concerns(fd)) return real_flock(fd, operation);
  if (!(operation & LOCK_UN) && fate('k') == FAIL) return -1;
  // Linux makes locks of ranges of them there, which ask for a descriptor that reads or writes.
  int access = fcntl(fd, F_GETFL) & O_ACCMODE;
  if (locks_are_nfs && ((operation & LOCK_EX && access == O_RDONLY) ||
                        (operation & LOCK_SH && access == O_WRONLY))) {
    errno = EBADF;
    return -1;
  }
  return real_flock(fd, operation);
}

int stat(const char *path, struct stat *status) {
  if (!concerns_path(path)) return real_stat(path, status);
  if (fate('i') == FAIL) return -1;
  return real_stat(path, status);
}

int fstat(int fd, struct stat *status) {
  if (!concerns(fd)) return real_fstat(fd, status);
  if (fate('i') == FAIL) return -1;
  return real_fstat(fd, status);
}

DIR *opendir(const char *path) {
  if (!concerns_path(path)) return real_opendir(path);
  if (fate('d') == FAIL) return NULL;
  return real_opendir(path);
}
