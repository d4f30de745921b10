// SPDX-License-Identifier: Apache-2.0
// Disk faults for a real process: preloaded, it fails or delays the file calls of one folder.
// What to do stands in a small shared file, so that a test can change it while the process runs.
//
//   MARTLET_FAULT_CONTROL   path of the control file, at least 64 bytes; where it is as large as
//                           struct control, the syncs of log files are recorded in it
//   MARTLET_FAULT_PREFIX    only files whose path starts with this are touched
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* One sync of a log file: when it began and ended on CLOCK_MONOTONIC, and its result. */
struct record {
    uint64_t began_ns, ended_ns;
    int32_t result;
    _Atomic int32_t is_whole;
};

enum { RECORDS = 16384 };

/* All little-endian 32-bit words; a test writes the first five, the rest is counted here. */
struct control {
    _Atomic int32_t sync_errno;       /* not 0: syncs fail with it, as often as sync_times */
    _Atomic int32_t sync_times;       /* how many more syncs fail; below 0: all */
    _Atomic int32_t write_errno;      /* not 0: writes fail with it, as often as write_times */
    _Atomic int32_t write_times;      /* how many more writes fail; below 0: all */
    _Atomic int32_t sync_delay_ms;    /* every sync takes this much longer */
    _Atomic int32_t syncs;            /* syncs seen */
    _Atomic int32_t failed_syncs;     /* of them failed here */
    _Atomic int32_t failed_writes;    /* writes failed here */
    _Atomic uint32_t recorded;        /* syncs of logs seen; record n is at n modulo RECORDS */
    int32_t unused[7];
    struct record records[RECORDS];
};

static struct control *control;
static const char *prefix;
static int records_syncs;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("MARTLET_FAULT_CONTROL");
    prefix = getenv("MARTLET_FAULT_PREFIX");
    if (path == NULL || prefix == NULL) return;
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return;
    struct stat file;
    records_syncs = fstat(descriptor, &file) == 0 && (size_t)file.st_size >= sizeof(struct control);
    void *map = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (map != MAP_FAILED) control = map;
}

enum { NOT_OURS, OURS, OUR_LOG };

static int kind(int descriptor) {
    char link[64], path[PATH_MAX];
    if (control == NULL) return NOT_OURS;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (count < 0) return NOT_OURS;
    path[count] = 0;
    if (strncmp(path, prefix, strlen(prefix)) != 0) return NOT_OURS;
    return count > 4 && strcmp(path + count - 4, ".log") == 0 ? OUR_LOG : OURS;
}

/* Takes one of the failures that are left; 0 when there is none. */
static int take(_Atomic int32_t *code, _Atomic int32_t *times) {
    int failure = atomic_load(code);
    if (failure == 0) return 0;
    int left = atomic_load(times);
    while (left > 0 && !atomic_compare_exchange_weak(times, &left, left - 1)) {}
    return left == 0 ? 0 : failure;
}

static int sync_fault(void) {
    atomic_fetch_add(&control->syncs, 1);
    int delay = atomic_load(&control->sync_delay_ms);
    if (delay > 0) {
        struct timespec pause = {delay / 1000, (delay % 1000) * 1000000L};
        nanosleep(&pause, NULL);
    }
    int failure = take(&control->sync_errno, &control->sync_times);
    if (failure != 0) atomic_fetch_add(&control->failed_syncs, 1);
    return failure;
}

static int write_fault(int descriptor) {
    if (control == NULL || atomic_load(&control->write_errno) == 0 || kind(descriptor) == NOT_OURS)
        return 0;
    int failure = take(&control->write_errno, &control->write_times);
    if (failure != 0) atomic_fetch_add(&control->failed_writes, 1);
    return failure;
}

/* The function of the C library that this file hides. */
#define REAL(type, name) \
    static __typeof__(type) *real; \
    if (real == NULL) real = (__typeof__(type) *)dlsym(RTLD_NEXT, name)

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void record(uint64_t began, int result) {
    uint32_t place = atomic_fetch_add(&control->recorded, 1) % RECORDS;
    struct record *record = &control->records[place];
    atomic_store(&record->is_whole, 0);
    record->began_ns = began;
    record->ended_ns = now();
    record->result = result;
    atomic_store(&record->is_whole, 1);
}

static int sync_file(int descriptor, int (*real)(int)) {
    int which = kind(descriptor);
    if (which == NOT_OURS) return real(descriptor);
    uint64_t began = now();
    int failure = sync_fault();
    int result = failure != 0 ? -1 : real(descriptor);
    int code = failure != 0 ? failure : errno;
    if (which == OUR_LOG && records_syncs) record(began, result);
    errno = code;
    return result;
}

int fsync(int descriptor) {
    REAL(int(int), "fsync");
    return sync_file(descriptor, real);
}

int fdatasync(int descriptor) {
    REAL(int(int), "fdatasync");
    return sync_file(descriptor, real);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    REAL(ssize_t(int, const void *, size_t), "write");
    int failure = write_fault(descriptor);
    if (failure != 0) { errno = failure; return -1; }
    return real(descriptor, bytes, count);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    REAL(ssize_t(int, const void *, size_t, off_t), "pwrite");
    int failure = write_fault(descriptor);
    if (failure != 0) { errno = failure; return -1; }
    return real(descriptor, bytes, count, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    REAL(ssize_t(int, const void *, size_t, off64_t), "pwrite64");
    int failure = write_fault(descriptor);
    if (failure != 0) { errno = failure; return -1; }
    return real(descriptor, bytes, count, offset);
}
