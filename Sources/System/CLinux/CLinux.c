#include "CLinux.h"

#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

int cp_landlock_abi(void) {
    return (int)syscall(SYS_landlock_create_ruleset, 0, 0, LANDLOCK_CREATE_RULESET_VERSION);
}
