// gRPC C++: the same echo, by its asynchronous interface; one thread takes the completions.
#include "client.h"
#include "server.h"

int main(int argc, char** argv) {
    Options options = parse_options(argc, argv);
    return options.server ? run_server(options) : run_client(options);
}
