// SPDX-License-Identifier: Apache-2.0
// Starting a process in its own corner of the machine: what has no safe spelling in Swift,
// because between clone and exec nothing may allocate, lock or touch the language's runtime.
#ifndef CSANDBOX_H
#define CSANDBOX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// A read-only mount prepared before privileges are dropped. `target` lies under the stage.
typedef struct {
    const char *source;
    const char *target;
    int is_file;
} csandbox_bind;

enum { CSANDBOX_PORTS_MAX = 4 };

/// IPv4 addresses that a network cannot reach, in network byte order.
typedef struct {
    uint32_t address;
    uint32_t mask;
} csandbox_range;

/// The interface of a network with a way out: its Ethernet frames are the server's to carry.
/// Addresses are in network byte order.
typedef struct {
    uint32_t address;
    uint32_t mask;
    uint32_t gateway;
    int mtu;
    const csandbox_range *unreachable;
    int unreachable_count;
} csandbox_interface;

/// Everything the child does, decided beforehand. Zero and NULL mean "leave as it is".
typedef struct {
    const char *program;
    char *const *arguments;
    char *const *environment;
    const char *directory;
    /// The child's descriptors 0, 1, 2, … are copies of these; all others are closed.
    const int *descriptors;
    int descriptor_count;
    /// Open `tasks` or `cgroup.procs` files, through which the child enters control groups.
    const int *cgroups;
    int cgroup_count;
    /// Root only: binds put under a fresh tmpfs at `stage` in a mount namespace of the child's.
    const char *stage;
    const csandbox_bind *binds;
    int bind_count;
    /// Root only: the user and group to become, 0 to stay.
    uint32_t user;
    /// The identity in the user namespace that `new_network` needs.
    uint32_t inside_user;
    /// A network namespace with nothing but a loopback; listeners on 127.0.0.1:`ports`.
    int new_network;
    uint16_t ports[CSANDBOX_PORTS_MAX];
    int port_count;
    /// Needs `new_network`; NULL for a network without a way out.
    const csandbox_interface *interface;
    int new_session;
    uint64_t open_files_max;
    uint64_t processes_max;
    uint64_t file_bytes_max;
} csandbox_plan;

/// What became of a plan.
typedef struct {
    pid_t pid;
    /// Readable when the process has ended.
    int pidfd;
    /// Non-blocking listeners made inside the child's network namespace.
    int listeners[CSANDBOX_PORTS_MAX];
    /// Non-blocking, one frame per read and write; -1 where no interface was asked for or the
    /// machine does not let this user make one, which is no failure.
    int frames;
    /// 0, or the errno of the step that failed; then there is no process and no descriptor.
    int error;
    const char *step;
} csandbox_child;

/// Runs the plan in a child that shares memory until it execs. Blocks the calling thread for
/// that long. The child dies with the calling thread.
void csandbox_spawn(const csandbox_plan *plan, csandbox_child *child);

/// Collects an ended child: the exit code, 256 plus the signal that ended it, or -1 when it has
/// not ended.
int csandbox_reap(int pidfd);

/// SIGKILL through a pidfd: cannot hit a recycled process id.
int csandbox_kill(int pidfd);

/// A descriptor of a process that lives, or -1; readable when it has ended.
int csandbox_open_process(pid_t pid);

/// A memory file with the system-call filter for sandboxed code, or -1 with errno.
int csandbox_filter_descriptor(void);

/// Whether this build knows the machine's system-call numbers.
int csandbox_filter_is_known(void);

enum {
    CSANDBOX_EVENTS_MAX = 64,
    CSANDBOX_READABLE = 0x001,
    CSANDBOX_WRITABLE = 0x004,
    CSANDBOX_BROKEN = 0x018,
};

/// What became of a watched descriptor.
typedef struct {
    uint64_t token;
    uint32_t events;
} csandbox_event;

/// epoll, level-triggered; each returns -1 with errno on failure.
int csandbox_watch_create(void);
int csandbox_watch_add(int queue, int descriptor, uint32_t events, uint64_t token);
int csandbox_watch_change(int queue, int descriptor, uint32_t events, uint64_t token);
int csandbox_watch_remove(int queue, int descriptor);
/// Waits for up to CSANDBOX_EVENTS_MAX events.
int csandbox_watch_wait(int queue, csandbox_event *events, int count);

/// An eventfd.
int csandbox_bell(int is_blocking);

/// The next waiting connection, non-blocking and without delay, or -1.
int csandbox_accept(int listener);

/// Two joined non-blocking stream sockets, the second for another process: 0, or -1.
int csandbox_stream_pair(int ends[2]);

/// A non-blocking connection to a socket of packets, or -1 with errno.
int csandbox_connect_packets(const char *path);

/// Names the calling thread, for people who look at the process.
void csandbox_name_thread(const char *name);

/// A pipe that no other child inherits.
int csandbox_pipe(int ends[2]);

#endif
