#ifndef CRYPTOPULSE_CLINUX_H
#define CRYPTOPULSE_CLINUX_H

#include <stdint.h>

// System calls that have no wrapper in glibc 2.36 or are variadic, which Swift cannot call.
// Each returns what the system call returns: -1 with errno set on failure.

int cp_landlock_abi(void);

#endif
