// The command line that every peer's program takes.
#pragma once
#include <string>

struct Options {
    bool server = false;
    std::string address, mode = "unary", peer;
    std::string certificate, key, authority;
    unsigned connections = 1, inflight = 1;
    double seconds = 5;
};

// Exits with a message when they make no sense.
Options parse_options(int argc, char** argv);
std::string read_file(const std::string& path);
