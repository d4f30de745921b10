// SPDX-License-Identifier: Apache-2.0
// The child's way from clone to exec. It shares the server's memory and, until the listeners
// exist, its descriptor table; it must not allocate, must not use library calls that touch
// other threads (setuid and friends), and reports the step that failed.
#define _GNU_SOURCE 1
#include "CSandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK_BYTES = 256 * 1024, DESCRIPTORS_MAX = 16 };

typedef struct {
    const csandbox_plan *plan;
    csandbox_child *child;
    sigset_t signals;
} launch;

static int failed(launch *l, const char *step) {
    l->child->error = errno ? errno : EIO;
    l->child->step = step;
    return -1;
}

static int write_file(const char *path, const char *text, size_t length) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t written = write(fd, text, length);
    int saved = errno;
    close(fd);
    errno = saved;
    return written == (ssize_t)length ? 0 : -1;
}

static size_t put_number(char *at, uint32_t value) {
    char digits[10];
    size_t count = 0;
    do digits[count++] = (char)('0' + value % 10); while ((value /= 10) != 0);
    for (size_t i = 0; i < count; i++) at[i] = digits[count - 1 - i];
    return count;
}

static int write_identity(const char *path, uint32_t inside, uint32_t outside) {
    char line[32];
    size_t length = put_number(line, inside);
    line[length++] = ' ';
    length += put_number(line + length, outside);
    memcpy(line + length, " 1\n", 3);
    return write_file(path, line, length + 3);
}

static int enter_cgroups(launch *l) {
    for (int i = 0; i < l->plan->cgroup_count; i++)
        if (write(l->plan->cgroups[i], "0", 1) != 1) return failed(l, "enter cgroup");
    return 0;
}

// The unprivileged user cannot reach the server's private directories by name, so the mounts
// it needs are laid out in a place of its own while privileges last.
static int lay_out_stage(launch *l) {
    const csandbox_plan *plan = l->plan;
    if (!plan->stage) return 0;
    if (unshare(CLONE_NEWNS) != 0) return failed(l, "unshare mounts");
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return failed(l, "make mounts private");
    if (mount("tmpfs", plan->stage, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=64k") != 0)
        return failed(l, "mount stage");
    for (int i = 0; i < plan->bind_count; i++) {
        const csandbox_bind *bind = &plan->binds[i];
        if (bind->is_file) {
            int fd = open(bind->target, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
            if (fd < 0) return failed(l, "create bind target");
            close(fd);
        } else if (mkdir(bind->target, 0755) != 0 && errno != EEXIST) {
            return failed(l, "create bind target");
        }
        if (mount(bind->source, bind->target, NULL, MS_BIND, NULL) != 0)
            return failed(l, bind->source);
        if (mount(NULL, bind->target, NULL,
                  MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) != 0)
            return failed(l, "make bind read-only");
    }
    return 0;
}

// Raw system calls: the library's versions would change every thread of the server.
static int drop_user(launch *l) {
    uint32_t user = l->plan->user;
    if (user == 0) return 0;
    if (syscall(SYS_setgroups, 0, NULL) != 0) return failed(l, "drop groups");
    if (syscall(SYS_setresgid, user, user, user) != 0) return failed(l, "set group");
    if (syscall(SYS_setresuid, user, user, user) != 0) return failed(l, "set user");
    return 0;
}

static int raise_loopback(launch *l) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return failed(l, "open control socket");
    struct ifreq request;
    memset(&request, 0, sizeof request);
    memcpy(request.ifr_name, "lo", 3);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    int result = ioctl(fd, SIOCSIFFLAGS, &request);
    int saved = errno;
    close(fd);
    errno = saved;
    return result == 0 ? 0 : failed(l, "raise loopback");
}

static void put_address(struct sockaddr *at, uint32_t address) {
    struct sockaddr_in *internet = (struct sockaddr_in *)at;
    memset(at, 0, sizeof *at);
    internet->sin_family = AF_INET;
    internet->sin_addr.s_addr = address;
}

static int add_route(int control, csandbox_range to, uint32_t gateway) {
    struct rtentry route;
    memset(&route, 0, sizeof route);
    put_address(&route.rt_dst, to.address);
    put_address(&route.rt_genmask, to.mask);
    route.rt_flags = RTF_UP | (to.mask == UINT32_MAX ? RTF_HOST : 0);
    if (gateway) {
        put_address(&route.rt_gateway, gateway);
        route.rt_flags |= RTF_GATEWAY;
    } else {
        route.rt_flags |= RTF_REJECT;
    }
    return ioctl(control, SIOCADDRT, &route);
}

static int configure(int control, int tap, const csandbox_interface *interface) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    memcpy(request.ifr_name, "tap0", 5);
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    if (ioctl(tap, TUNSETIFF, &request) != 0) return -1;
    // IPv6 would speak up unasked, and the first frame is the sign that a way out is wanted.
    write_file("/proc/sys/net/ipv6/conf/tap0/disable_ipv6", "1", 1);
    request.ifr_mtu = interface->mtu;
    if (ioctl(control, SIOCSIFMTU, &request) != 0) return -1;
    put_address(&request.ifr_addr, interface->address);
    if (ioctl(control, SIOCSIFADDR, &request) != 0) return -1;
    put_address(&request.ifr_netmask, interface->mask);
    if (ioctl(control, SIOCSIFNETMASK, &request) != 0) return -1;
    for (int i = 0; i < interface->unreachable_count; i++)
        if (add_route(control, interface->unreachable[i], 0) != 0) return -1;
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(control, SIOCSIFFLAGS, &request) != 0) return -1;
    csandbox_range everywhere = {0, 0};
    return add_route(control, everywhere, interface->gateway);
}

// All or nothing: without its descriptor the interface is gone.
static void make_interface(launch *l) {
    if (!l->plan->interface) return;
    int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tap < 0) return;
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control >= 0 && configure(control, tap, l->plan->interface) == 0) l->child->frames = tap;
    else close(tap);
    if (control >= 0) close(control);
}

// Root makes the network before it becomes the sandbox's user, who thereby never has a right
// over it. Another user must be root of a user namespace first.
static int make_network(launch *l) {
    const csandbox_plan *plan = l->plan;
    if (!plan->new_network) return 0;
    if (plan->user) {
        if (unshare(CLONE_NEWNET) != 0) return failed(l, "unshare network");
        if (raise_loopback(l) != 0) return -1;
        make_interface(l);
        return 0;
    }
    uint32_t user = (uint32_t)syscall(SYS_geteuid);
    uint32_t group = (uint32_t)syscall(SYS_getegid);
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return failed(l, "unshare user and network");
    // A change of privileges made the process's /proc files root's; the maps must be writable.
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    if (write_file("/proc/self/setgroups", "deny", 4) != 0) return failed(l, "deny setgroups");
    if (write_identity("/proc/self/uid_map", plan->inside_user, user) != 0)
        return failed(l, "map user");
    if (write_identity("/proc/self/gid_map", plan->inside_user, group) != 0)
        return failed(l, "map group");
    if (raise_loopback(l) != 0) return -1;
    make_interface(l);
    return 0;
}

static int open_listeners(launch *l) {
    for (int i = 0; i < l->plan->port_count; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) return failed(l, "open listener");
        l->child->listeners[i] = fd;
        int yes = 1;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        struct sockaddr_in address;
        memset(&address, 0, sizeof address);
        address.sin_family = AF_INET;
        address.sin_port = htons(l->plan->ports[i]);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
            return failed(l, "bind listener");
        if (listen(fd, 128) != 0) return failed(l, "listen");
    }
    return 0;
}

static int limit(int resource, uint64_t value) {
    if (value == 0) return 0;
    struct rlimit now;
    if (getrlimit(resource, &now) != 0) return -1;
    if (now.rlim_max != RLIM_INFINITY && value > now.rlim_max) value = now.rlim_max;
    struct rlimit wanted = {value, value};
    return setrlimit(resource, &wanted);
}

static int confine(launch *l) {
    const csandbox_plan *plan = l->plan;
    if (plan->new_session && setsid() < 0) return failed(l, "new session");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return failed(l, "tie to parent");
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0) return failed(l, "limit core");
    if (limit(RLIMIT_NOFILE, plan->open_files_max) != 0) return failed(l, "limit open files");
    if (limit(RLIMIT_NPROC, plan->processes_max) != 0) return failed(l, "limit processes");
    if (limit(RLIMIT_FSIZE, plan->file_bytes_max) != 0) return failed(l, "limit file size");
    return 0;
}

static int arrange_descriptors(launch *l) {
    const csandbox_plan *plan = l->plan;
    int moved[DESCRIPTORS_MAX];
    if (plan->descriptor_count > DESCRIPTORS_MAX) {
        errno = EINVAL;
        return failed(l, "arrange descriptors");
    }
    // First out of the way of the numbers to be filled, then into place.
    for (int i = 0; i < plan->descriptor_count; i++) {
        moved[i] = fcntl(plan->descriptors[i], F_DUPFD, DESCRIPTORS_MAX);
        if (moved[i] < 0) return failed(l, "copy descriptor");
    }
    for (int i = 0; i < plan->descriptor_count; i++)
        if (dup2(moved[i], i) < 0) return failed(l, "place descriptor");
    if (syscall(SYS_close_range, (unsigned)plan->descriptor_count, ~0U, 0) != 0)
        return failed(l, "close descriptors");
    return 0;
}

static int run(void *argument) {
    launch *l = argument;
    const csandbox_plan *plan = l->plan;
    struct sigaction standard;
    memset(&standard, 0, sizeof standard);
    standard.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);

    int is_root = plan->user != 0;
    if (enter_cgroups(l) != 0 || lay_out_stage(l) != 0 || (is_root && make_network(l) != 0)
        || drop_user(l) != 0 || (!is_root && make_network(l) != 0) || open_listeners(l) != 0)
        _exit(127);
    // The listeners now stand in the server's table; what follows must not.
    if (unshare(CLONE_FILES) != 0) {
        failed(l, "unshare descriptors");
        _exit(127);
    }
    if (confine(l) != 0 || arrange_descriptors(l) != 0) _exit(127);
    if (plan->directory && chdir(plan->directory) != 0) {
        failed(l, "change directory");
        _exit(127);
    }
    umask(022);
    sigprocmask(SIG_SETMASK, &l->signals, NULL);
    execve(plan->program, plan->arguments, plan->environment);
    failed(l, "exec");
    _exit(127);
}

// The dumpable flag belongs to the memory that server and child share: two children that
// change users at once would close each other's /proc files.
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static void launch_child(launch *l, char *stack);

void csandbox_spawn(const csandbox_plan *plan, csandbox_child *child) {
    memset(child, 0, sizeof *child);
    child->pidfd = -1;
    child->frames = -1;
    for (int i = 0; i < CSANDBOX_PORTS_MAX; i++) child->listeners[i] = -1;

    launch l = {.plan = plan, .child = child};
    char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED) {
        failed(&l, "map stack");
        return;
    }
    pthread_mutex_lock(&one_at_a_time);
    launch_child(&l, stack);
    pthread_mutex_unlock(&one_at_a_time);
    munmap(stack, STACK_BYTES);

    if (!child->error) return;
    for (int i = 0; i < CSANDBOX_PORTS_MAX; i++) {
        if (child->listeners[i] >= 0) close(child->listeners[i]);
        child->listeners[i] = -1;
    }
    if (child->frames >= 0) close(child->frames);
    child->frames = -1;
    if (child->pidfd >= 0) {
        siginfo_t info;
        waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED);
        close(child->pidfd);
        child->pidfd = -1;
    }
}

static void launch_child(launch *l, char *stack) {
    // No handler of the server's may run in the child, which shares its memory.
    sigset_t everything;
    sigfillset(&everything);
    pthread_sigmask(SIG_BLOCK, &everything, &l->signals);
    int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
    int pidfd = -1;
    pid_t pid = clone(run, stack + STACK_BYTES,
                      CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | SIGCHLD, l, &pidfd);
    if (pid < 0) failed(l, "clone");
    if (dumpable == 0 || dumpable == 1) prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
    pthread_sigmask(SIG_SETMASK, &l->signals, NULL);
    l->child->pid = pid;
    l->child->pidfd = pidfd;
}

int csandbox_reap(int pidfd) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return -1;
    return info.si_code == CLD_EXITED ? info.si_status : 256 + info.si_status;
}

int csandbox_kill(int pidfd) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
}

int csandbox_open_process(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
