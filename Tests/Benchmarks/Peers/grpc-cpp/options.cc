#include "options.h"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

namespace {
[[noreturn]] void refuse(const std::string& why) {
    std::cerr << "bench-grpc-cpp: " << why << "\n";
    std::exit(2);
}

double number(const std::string& text, double most) {
    char* end;
    double value = std::strtod(text.c_str(), &end);
    if (*end || !(value > 0 && value <= most)) refuse(text + " is out of range");
    return value;
}
}  // namespace

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) refuse("can't read " + path);
    return text.str();
}

Options parse_options(int argc, char** argv) {
    Options o;
    std::string role = argc > 1 ? argv[1] : "";
    if (role != "server" && role != "client") refuse("server or client?");
    if (argc % 2) refuse("an option has no value");
    o.server = role == "server";
    std::map<std::string, std::string*> texts = {{"--addr", &o.address}, {"--mode", &o.mode}, {"--peer", &o.peer},
                                                 {"--cert", &o.certificate}, {"--key", &o.key}, {"--ca", &o.authority}};
    for (int i = 2; i < argc; i += 2) {
        std::string name = argv[i], value = argv[i + 1];
        if (texts.count(name)) *texts[name] = value;
        else if (name == "--connections") o.connections = static_cast<unsigned>(number(value, 10000));
        else if (name == "--inflight") o.inflight = static_cast<unsigned>(number(value, 100000));
        else if (name == "--seconds") o.seconds = number(value, 3600);
        else refuse("unknown option " + name);
    }
    if (o.address.empty() || o.certificate.empty() || o.key.empty() || o.authority.empty()) refuse("--addr, --cert, --key and --ca are needed");
    return o;
}
