// SPDX-License-Identifier: Apache-2.0
// The system-call filter of sandboxed code: a short list of calls that a function never needs
// and that have been ways out of sandboxes. Everything else is left to the namespaces.
#define _GNU_SOURCE 1
#include "CSandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#endif

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

#ifdef MACHINE

static const int refused[] = {
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp,
    SYS_add_key, SYS_request_key, SYS_keyctl,
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd,
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_move_mount, SYS_open_tree,
    SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr,
    SYS_unshare, SYS_setns,
    SYS_open_by_handle_at, SYS_name_to_handle_at,
    SYS_init_module, SYS_finit_module, SYS_delete_module,
    SYS_kexec_load, SYS_reboot, SYS_swapon, SYS_swapoff, SYS_acct, SYS_quotactl,
    SYS_syslog, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime,
    SYS_sethostname, SYS_setdomainname, SYS_vhangup, SYS_personality,
    SYS_move_pages, SYS_migrate_pages, SYS_mbind, SYS_lookup_dcookie, SYS_nfsservctl,
#ifdef SYS_iopl
    SYS_iopl, SYS_ioperm, SYS_uselib, SYS_ustat, SYS_sysfs, SYS_modify_ldt,
#endif
};

enum { REFUSED = sizeof refused / sizeof refused[0] };

#define LOAD(field) \
    (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(value) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, (value))
#define UNLESS_EQUAL(value, skip) \
    (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), 0, (skip))
#define IF_EQUAL(value, skip) \
    (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), (skip), 0)
#define UNLESS_ANY(bits, skip) \
    (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(bits), 0, (skip))
// The low word of a 64-bit argument on a little-endian machine.
#define ARGUMENT(number) args[number]

static unsigned short build(struct sock_filter *at) {
    const uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;
    const uint32_t absent = SECCOMP_RET_ERRNO | ENOSYS;
    const uint32_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC
        | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME;
    struct sock_filter *start = at;
    *at++ = LOAD(arch);
    *at++ = IF_EQUAL(MACHINE, 1);
    *at++ = ANSWER(SECCOMP_RET_KILL_PROCESS);
    *at++ = LOAD(nr);
#if defined(__x86_64__)
    // The x32 numbers would sidestep the list.
    *at++ = (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
    *at++ = ANSWER(SECCOMP_RET_KILL_PROCESS);
#endif
    for (int i = 0; i < REFUSED; i++) {
        *at++ = UNLESS_EQUAL(refused[i], 1);
        *at++ = ANSWER(refuse);
    }
    // Its flags lie behind a pointer; libraries fall back to clone.
    *at++ = UNLESS_EQUAL(SYS_clone3, 1);
    *at++ = ANSWER(absent);
    *at++ = UNLESS_EQUAL(SYS_clone, 4);
    *at++ = LOAD(ARGUMENT(0));
    // CLONE_NEWTIME shares its bit with the exit signal's byte, where no signal reaches it.
    *at++ = UNLESS_ANY(namespaces, 1);
    *at++ = ANSWER(refuse);
    *at++ = ANSWER(SECCOMP_RET_ALLOW);
    *at++ = UNLESS_EQUAL(SYS_socket, 6);
    *at++ = LOAD(ARGUMENT(0));
    *at++ = IF_EQUAL(AF_UNIX, 4);
    *at++ = IF_EQUAL(AF_INET, 3);
    *at++ = IF_EQUAL(AF_INET6, 2);
    *at++ = IF_EQUAL(AF_NETLINK, 1);
    *at++ = ANSWER(SECCOMP_RET_ERRNO | EAFNOSUPPORT);
    *at++ = ANSWER(SECCOMP_RET_ALLOW);
    return (unsigned short)(at - start);
}

int csandbox_filter_is_known(void) { return 1; }

int csandbox_filter_descriptor(void) {
    struct sock_filter program[2 * REFUSED + 32];
    size_t bytes = build(program) * sizeof program[0];
    int fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0) return -1;
    if (write(fd, program, bytes) != (ssize_t)bytes || lseek(fd, 0, SEEK_SET) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

#else

int csandbox_filter_is_known(void) { return 0; }

int csandbox_filter_descriptor(void) {
    errno = ENOSYS;
    return -1;
}

#endif
