#pragma once
#include "options.h"

// Serves until the process is ended.
int run_server(const Options& options);
