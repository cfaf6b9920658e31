#ifndef CRYPTOPULSE_CLINUX_H
#define CRYPTOPULSE_CLINUX_H

#include <stdint.h>

// System calls that have no wrapper in glibc 2.36 or are variadic, which Swift cannot call.
// Each returns what the system call returns: -1 with errno set on failure.

// Landlock (Documentation/userspace-api/landlock.rst). Access bits are those of the kernel's landlock.h;
// Debian 12's header knows only the first ABI levels, so they stand here by value.

enum {
    CP_FS_EXECUTE = 1 << 0,
    CP_FS_WRITE_FILE = 1 << 1,
    CP_FS_READ_FILE = 1 << 2,
    CP_FS_READ_DIR = 1 << 3,
    CP_FS_REMOVE_DIR = 1 << 4,
    CP_FS_REMOVE_FILE = 1 << 5,
    CP_FS_MAKE_CHAR = 1 << 6,
    CP_FS_MAKE_DIR = 1 << 7,
    CP_FS_MAKE_REG = 1 << 8,
    CP_FS_MAKE_SOCK = 1 << 9,
    CP_FS_MAKE_FIFO = 1 << 10,
    CP_FS_MAKE_BLOCK = 1 << 11,
    CP_FS_MAKE_SYM = 1 << 12,
    CP_FS_REFER = 1 << 13,      // ABI 2
    CP_FS_TRUNCATE = 1 << 14,   // ABI 3
    CP_FS_IOCTL_DEV = 1 << 15,  // ABI 5
};

enum {  // ABI 4
    CP_NET_BIND_TCP = 1 << 0,
    CP_NET_CONNECT_TCP = 1 << 1,
};

enum {  // ABI 6
    CP_SCOPE_ABSTRACT_UNIX_SOCKET = 1 << 0,
    CP_SCOPE_SIGNAL = 1 << 1,
};

// The kernel's Landlock ABI level; -1 when it has none or it is switched off.
int cp_landlock_abi(void);
// A ruleset that handles (denies unless allowed) the given rights; returns its file descriptor.
int cp_landlock_create(uint64_t filesystem, uint64_t network, uint64_t scoped);
// Allows rights beneath what `path` names. A path that is not there fails with ENOENT.
int cp_landlock_allow_path(int ruleset, const char *path, uint64_t rights);
int cp_landlock_allow_port(int ruleset, uint16_t port, uint64_t rights);
// Confines the calling thread and whatever it starts from now on.
int cp_landlock_restrict_self(int ruleset);

// prctl(2).
int cp_set_not_dumpable(void);
int cp_is_dumpable(void);
int cp_set_no_new_privileges(void);
// capset(2): gives up every capability of the calling thread, for good.
int cp_drop_capabilities(void);
// The signal that the kernel sends to this process when the thread that started it ends.
int cp_set_parent_death_signal(int signal);

// setrlimit(2): no core file from this process and those it starts. A handler that cores are piped to asks for PR_SET_DUMPABLE only.
int cp_set_no_core(void);

// mlockall(2): no page of this process that holds anything is ever written to swap, now and later. Fails with EPERM, and changes nothing, where
// RLIMIT_MEMLOCK neither is nor can be made unlimited. To be called before capabilities are given up.
int cp_lock_memory(void);

// environ(7): the variables of this process, ended by NULL. Whoever changes them while another thread reads has a race.
char **cp_environment(void);

// Starts a program in a session of its own with nothing of the caller's but its environment: no signal mask, input from
// /dev/null, output and errors to the end of `log`, no other file descriptor. Returns its process id.
int cp_spawn_session(const char *path, char *const *arguments, const char *log);

#endif
