#ifndef CRYPTOPULSE_CARGON2_SHIM_H
#define CRYPTOPULSE_CARGON2_SHIM_H

#include <argon2.h>

#endif
