// The limit: the same echo, by epoll, OpenSSL and protobuf-c alone. One thread on each side.
#include "client.h"
#include "server.h"

int main(int argc, char **argv) {
    struct options options = options_parse(argc, argv);
    return options.server ? server_run(&options) : client_run(&options);
}
