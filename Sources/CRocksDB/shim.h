// SPDX-License-Identifier: Apache-2.0
// RocksDB's C interface, as the system installed it, and what Swift cannot call by itself.
#include <rocksdb/c.h>
#if defined(__linux__)
#include <sys/prctl.h>
#else
#include <pthread.h>
#endif

/* Names the calling thread, for `top -H` and debuggers. */
static inline void martlet_name_thread(const char *name) {
#if defined(__linux__)
    prctl(PR_SET_NAME, name);
#else
    pthread_setname_np(name);
#endif
}
