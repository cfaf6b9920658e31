#ifndef CRYPTOPULSE_CPROTOBUFC_SHIM_H
#define CRYPTOPULSE_CPROTOBUFC_SHIM_H

#include <protobuf-c/protobuf-c.h>

#endif
