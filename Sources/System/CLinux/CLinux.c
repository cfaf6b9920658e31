#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Since Linux 5.13, the same number on every architecture.
enum { LANDLOCK_CREATE = 444, LANDLOCK_ADD_RULE = 445, LANDLOCK_RESTRICT_SELF = 446 };
enum { CREATE_VERSION = 1, RULE_PATH_BENEATH = 1, RULE_NET_PORT = 2 };

struct ruleset_attributes {
    uint64_t filesystem, network, scoped;
};

struct path_rule {
    uint64_t rights;
    int32_t parent;
} __attribute__((packed));

struct port_rule {
    uint64_t rights, port;
};

int cp_landlock_abi(void) {
    return (int)syscall(LANDLOCK_CREATE, 0, 0, CREATE_VERSION);
}

int cp_landlock_create(uint64_t filesystem, uint64_t network, uint64_t scoped) {
    // A kernel that does not know the later fields takes the longer struct as long as they are zero.
    struct ruleset_attributes attributes = {filesystem, network, scoped};
    return (int)syscall(LANDLOCK_CREATE, &attributes, sizeof attributes, 0);
}

int cp_landlock_allow_path(int ruleset, const char *path, uint64_t rights) {
    int parent = open(path, O_PATH | O_CLOEXEC);
    if (parent < 0) return -1;
    struct stat status;
    int result = fstat(parent, &status);
    if (result == 0) {
        // Rights of folders are refused for a file.
        const uint64_t of_files = CP_FS_EXECUTE | CP_FS_WRITE_FILE | CP_FS_READ_FILE | CP_FS_TRUNCATE | CP_FS_IOCTL_DEV;
        struct path_rule rule = {S_ISDIR(status.st_mode) ? rights : rights & of_files, parent};
        result = (int)syscall(LANDLOCK_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0);
    }
    int error = errno;
    close(parent);
    errno = error;
    return result;
}

int cp_landlock_allow_port(int ruleset, uint16_t port, uint64_t rights) {
    struct port_rule rule = {rights, port};
    return (int)syscall(LANDLOCK_ADD_RULE, ruleset, RULE_NET_PORT, &rule, 0);
}

int cp_landlock_restrict_self(int ruleset) {
    return (int)syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0);
}

int cp_set_not_dumpable(void) {
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int cp_is_dumpable(void) {
    return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}

int cp_set_no_new_privileges(void) {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int cp_drop_capabilities(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};
    return (int)syscall(SYS_capset, &header, none);
}

int cp_set_parent_death_signal(int signal) {
    return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

int cp_set_no_core(void) {
    const struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none);
}

int cp_lock_memory(void) {
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    struct rlimit limit;
    if (setrlimit(RLIMIT_MEMLOCK, &all) != 0) {
        if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return -1;
        // With less, the first allocation beyond it would fail.
        if (limit.rlim_max != RLIM_INFINITY) {
            errno = EPERM;
            return -1;
        }
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return -1;
    }
    return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}

char **cp_environment(void) {
    return environ;
}

// Runs between fork and exec, where only async-signal-safe functions may be called.
static void become_session(const char *path, char *const *arguments, const char *log) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int input = open("/dev/null", O_RDONLY);
    int output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    if (setsid() < 0 || input < 0 || output < 0) _exit(126);
    if (dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) _exit(126);
    close_range(3, ~0U, 0);
    execve(path, arguments, environ);
    _exit(127);
}

int cp_spawn_session(const char *path, char *const *arguments, const char *log) {
    pid_t child = fork();
    if (child == 0) become_session(path, arguments, log);
    return child;
}
