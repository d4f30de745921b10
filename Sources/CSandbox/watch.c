// SPDX-License-Identifier: Apache-2.0
// Linux's calls for watching descriptors, which the C library's Swift module leaves out.
#define _GNU_SOURCE 1
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert(CSANDBOX_READABLE == EPOLLIN && CSANDBOX_WRITABLE == EPOLLOUT
    && CSANDBOX_BROKEN == (EPOLLERR | EPOLLHUP), "event bits");

int csandbox_watch_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int control(int queue, int operation, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(queue, operation, descriptor, &event);
}

int csandbox_watch_add(int queue, int descriptor, uint32_t events, uint64_t token) {
    return control(queue, EPOLL_CTL_ADD, descriptor, events, token);
}

int csandbox_watch_change(int queue, int descriptor, uint32_t events, uint64_t token) {
    return control(queue, EPOLL_CTL_MOD, descriptor, events, token);
}

int csandbox_watch_remove(int queue, int descriptor) {
    return control(queue, EPOLL_CTL_DEL, descriptor, 0, 0);
}

int csandbox_watch_wait(int queue, csandbox_event *events, int count) {
    struct epoll_event found[CSANDBOX_EVENTS_MAX];
    if (count > CSANDBOX_EVENTS_MAX) count = CSANDBOX_EVENTS_MAX;
    int ready = epoll_wait(queue, found, count, -1);
    for (int i = 0; i < ready; i++) {
        events[i].events = found[i].events;
        events[i].token = found[i].data.u64;
    }
    return ready;
}

int csandbox_bell(int is_blocking) {
    return eventfd(0, EFD_CLOEXEC | (is_blocking ? 0 : EFD_NONBLOCK));
}

int csandbox_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int csandbox_accept(int listener) {
    int descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    int yes = 1;
    if (descriptor >= 0) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return descriptor;
}

int csandbox_stream_pair(int ends[2]) {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -1;
    return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

int csandbox_connect_packets(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int channel = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (channel < 0) return -1;
    if (connect(channel, (struct sockaddr *)&address, sizeof address) == 0) return channel;
    int saved = errno;
    close(channel);
    errno = saved;
    return -1;
}

void csandbox_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
