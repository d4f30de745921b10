// SPDX-License-Identifier: Apache-2.0
// Disk faults for a real process: preloaded, it fails or delays the file calls of one folder.
// What to do stands in a small shared file, so that a test can change it while the process runs.
//
//   MARTLET_FAULT_CONTROL   path of the control file, at least sizeof(struct control) bytes
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
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

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
};

static struct control *control;
static const char *prefix;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("MARTLET_FAULT_CONTROL");
    prefix = getenv("MARTLET_FAULT_PREFIX");
    if (path == NULL || prefix == NULL) return;
    int descriptor = open(path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return;
    void *map = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (map != MAP_FAILED) control = map;
}

static int is_ours(int descriptor) {
    char link[64], path[PATH_MAX];
    if (control == NULL) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (count < 0) return 0;
    path[count] = 0;
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

/* Takes one of the failures that are left; 0 when there is none. */
static int take(_Atomic int32_t *code, _Atomic int32_t *times) {
    int failure = atomic_load(code);
    if (failure == 0) return 0;
    int left = atomic_load(times);
    while (left > 0 && !atomic_compare_exchange_weak(times, &left, left - 1)) {}
    return left == 0 ? 0 : failure;
}

static int sync_fault(int descriptor) {
    if (control == NULL || !is_ours(descriptor)) return 0;
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
    if (control == NULL || atomic_load(&control->write_errno) == 0 || !is_ours(descriptor)) return 0;
    int failure = take(&control->write_errno, &control->write_times);
    if (failure != 0) atomic_fetch_add(&control->failed_writes, 1);
    return failure;
}

/* The function of the C library that this file hides. */
#define REAL(type, name) \
    static __typeof__(type) *real; \
    if (real == NULL) real = (__typeof__(type) *)dlsym(RTLD_NEXT, name)

int fsync(int descriptor) {
    REAL(int(int), "fsync");
    int failure = sync_fault(descriptor);
    if (failure != 0) { errno = failure; return -1; }
    return real(descriptor);
}

int fdatasync(int descriptor) {
    REAL(int(int), "fdatasync");
    int failure = sync_fault(descriptor);
    if (failure != 0) { errno = failure; return -1; }
    return real(descriptor);
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
