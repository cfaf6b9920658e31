#include "server.h"

#include <grpcpp/grpcpp.h>

#include <iostream>
#include <memory>

#include "bench/v1/bench_service.grpc.pb.h"

using namespace bench::v1;

namespace {
// What a completion leads to; one thread runs them all.
class Step {
public:
    virtual ~Step() = default;
    virtual void proceed(bool ok) = 0;
};

struct Listener {
    Echo::AsyncService service;
    std::unique_ptr<grpc::ServerCompletionQueue> queue;
};

class EchoCall final : public Step {
public:
    explicit EchoCall(Listener& l) : listener_(l), writer_(&context_) {
        l.service.RequestEcho(&context_, &request_, &writer_, l.queue.get(), l.queue.get(), this);
    }

    void proceed(bool ok) override {
        if (finished_ || !ok) {
            delete this;
            return;
        }
        new EchoCall(listener_);
        finished_ = true;
        response_.set_payload(request_.payload());
        response_.set_name(request_.name());
        writer_.Finish(response_, grpc::Status::OK, this);
    }

private:
    Listener& listener_;
    grpc::ServerContext context_;
    EchoRequest request_;
    EchoResponse response_;
    grpc::ServerAsyncResponseWriter<EchoResponse> writer_;
    bool finished_ = false;
};

class StreamCall final : public Step {
public:
    explicit StreamCall(Listener& l) : listener_(l), writer_(&context_) {
        l.service.RequestStream(&context_, &request_, &writer_, l.queue.get(), l.queue.get(), this);
    }

    void proceed(bool ok) override {
        if (finished_ || (!ok && !started_)) {
            delete this;
            return;
        }
        if (!started_) start();
        if (!ok || (request_.count() != 0 && sent_ == request_.count())) {
            finished_ = true;
            writer_.Finish(grpc::Status::OK, this);
            return;
        }
        sent_++;
        writer_.Write(message_, this);
    }

private:
    void start() {
        new StreamCall(listener_);
        started_ = true;
        message_.set_payload(std::string(request_.size(), 'x'));
        message_.set_name("abcdefghijklmnopqrstuvwxyz");
    }

    Listener& listener_;
    grpc::ServerContext context_;
    StreamRequest request_;
    EchoResponse message_;
    grpc::ServerAsyncWriter<EchoResponse> writer_;
    bool started_ = false, finished_ = false;
    uint32_t sent_ = 0;
};

std::shared_ptr<grpc::ServerCredentials> credentials(const Options& o) {
    grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    tls.pem_root_certs = read_file(o.authority);
    tls.pem_key_cert_pairs.push_back({read_file(o.key), read_file(o.certificate)});
    return grpc::SslServerCredentials(tls);
}
}  // namespace

int run_server(const Options& o) {
    Listener listener;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(o.address, credentials(o));
    builder.RegisterService(&listener.service);
    listener.queue = builder.AddCompletionQueue();
    auto server = builder.BuildAndStart();
    if (!server) {
        std::cerr << "bench-grpc-cpp: can't listen\n";
        return 1;
    }
    new EchoCall(listener);
    new StreamCall(listener);
    void* tag;
    for (bool ok; listener.queue->Next(&tag, &ok);) static_cast<Step*>(tag)->proceed(ok);
    return 0;
}
