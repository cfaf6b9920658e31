#include "client.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include "bench/v1/bench_service.grpc.pb.h"
#include "histogram.h"

using namespace bench::v1;
using Clock = std::chrono::steady_clock;
using std::chrono::duration_cast, std::chrono::nanoseconds;

namespace {
const std::string payload = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", name = "abcdefghijklmnopqrstuvwxyz";
// Calls before the measured time: not in the rate and the times, but in `total`.
constexpr auto warm_up = std::chrono::milliseconds(500);

struct Results {
    Histogram times;
    uint64_t measured = 0, total = 0, errors = 0;
    Clock::time_point from, to;

    explicit Results(double seconds) : from(Clock::now() + warm_up), to(from + duration_cast<nanoseconds>(std::chrono::duration<double>(seconds))) {}

    bool within(Clock::time_point now) const { return now >= from && now < to; }
};

bool right(const EchoResponse& response) { return response.payload() == payload && response.name() == name; }

// One deadline for the whole run; it goes over the wire with each call.
std::chrono::system_clock::time_point deadline(const Options& o) {
    return std::chrono::system_clock::now() + std::chrono::seconds(static_cast<long>(o.seconds) + 20);
}

struct Call {
    Echo::Stub* stub;
    std::chrono::system_clock::time_point deadline;
    std::unique_ptr<grpc::ClientContext> context;
    EchoRequest request;
    EchoResponse response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<EchoResponse>> reader;
    Clock::time_point began;

    void begin(grpc::CompletionQueue& queue, Clock::time_point now) {
        context = std::make_unique<grpc::ClientContext>();
        context->set_deadline(deadline);
        request.set_payload(payload);
        request.set_name(name);
        began = now;
        reader = stub->AsyncEcho(context.get(), request, &queue);
        reader->Finish(&response, &status, this);
    }
};

using Stubs = std::vector<std::unique_ptr<Echo::Stub>>;

void unary(const Options& o, const Stubs& stubs, Results& r) {
    grpc::CompletionQueue queue;
    std::vector<Call> calls(o.inflight);
    for (unsigned i = 0; i < o.inflight; i++) {
        calls[i].stub = stubs[i % stubs.size()].get();
        calls[i].deadline = deadline(o);
        calls[i].begin(queue, Clock::now());
    }
    void* tag;
    bool ok;
    for (unsigned under_way = o.inflight; under_way > 0 && queue.Next(&tag, &ok);) {
        auto* call = static_cast<Call*>(tag);
        auto now = Clock::now();
        r.total++;
        if (!ok || !call->status.ok() || !right(call->response)) r.errors++;
        if (r.within(now)) {
            r.measured++;
            r.times.add(static_cast<uint64_t>(duration_cast<nanoseconds>(now - call->began).count()));
        }
        if (now < r.to && r.errors < 100) call->begin(queue, now);
        else under_way--;
    }
}

void stream(const Options& o, const Stubs& stubs, Results& r) {
    grpc::ClientContext context;
    context.set_deadline(deadline(o));
    StreamRequest request;
    request.set_size(static_cast<uint32_t>(payload.size()));
    auto reader = stubs[0]->Stream(&context, request);
    EchoResponse message;
    for (auto now = Clock::now(); now < r.to; now = Clock::now()) {
        if (!reader->Read(&message) || message.payload().size() != payload.size() || message.name().size() != name.size()) {
            r.errors++;
            break;
        }
        r.total++;
        r.measured += r.within(now);
    }
    context.TryCancel();
    while (reader->Read(&message)) {}
    reader->Finish();
}

std::shared_ptr<grpc::ChannelCredentials> credentials(const Options& o) {
    return grpc::SslCredentials({read_file(o.authority), read_file(o.key), read_file(o.certificate)});
}

bool is_peer(const grpc::ClientContext& context, const std::string& wanted) {
    auto found = context.auth_context()->FindPropertyValues("peer_spiffe_id");
    return wanted.empty() || (found.size() == 1 && found[0] == wanted);
}

// A connection of its own, on which one call has been made.
std::unique_ptr<Echo::Stub> connect(const Options& o, const std::shared_ptr<grpc::ChannelCredentials>& tls) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto stub = Echo::NewStub(grpc::CreateCustomChannel(o.address, tls, arguments));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    EchoRequest request;
    EchoResponse response;
    request.set_payload(payload);
    request.set_name(name);
    auto status = stub->Echo(&context, request, &response);
    if (status.ok() && right(response) && is_peer(context, o.peer)) return stub;
    std::fprintf(stderr, "bench-grpc-cpp: %s\n", status.ok() ? "the server is not the one wanted" : status.error_message().c_str());
    std::exit(1);
}

void report(const Options& o, const Results& r) {
    std::printf(
        "{\"rps\":%.1f,\"p50_us\":%.2f,\"p99_us\":%.2f,\"p999_us\":%.2f,\"errors\":%lu,\"total\":%lu}\n", r.measured / o.seconds,
        r.times.percentile(0.5), r.times.percentile(0.99), r.times.percentile(0.999), r.errors, r.total);
}
}  // namespace

int run_client(const Options& o) {
    Stubs stubs;
    auto tls = credentials(o);
    for (unsigned i = 0; i < o.connections; i++) stubs.push_back(connect(o, tls));
    if (o.mode == "idle") {
        std::printf("{\"ready\":true}\n");
        std::fflush(stdout);
        std::this_thread::sleep_for(std::chrono::duration<double>(o.seconds));
        return 0;
    }
    Results results(o.seconds);
    if (o.mode == "stream") stream(o, stubs, results);
    else unary(o, stubs, results);
    report(o, results);
    return results.errors == 0 && results.measured > 0 ? 0 : 1;
}
