#pragma once
#include "options.h"

int run_client(const Options& options);
