#pragma once
#include "options.h"

// A listening socket that does not block; exits when the address can't be had.
int socket_listen(const struct options *options);
// A connected socket; exits when nobody listens.
int socket_connect(const struct options *options);
void socket_no_delay(int fd);
void socket_no_blocking(int fd);
