#pragma once
#include "options.h"

// Serves until SIGTERM.
int server_run(const struct options *options);
