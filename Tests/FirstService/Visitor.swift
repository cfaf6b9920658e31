import GreeterAPI
import Logging
import MeshCall
import MeshMessages
import MeshRuntime
import MeshTLS
import MeshTelemetry
import NIOPosix

/// Calls every method of the greeter once and prints what comes; then asks it how it is.
func visit(port: Int, as name: String) async throws {
    let client = MeshClient(
        host: "127.0.0.1", port: port, tls: try MeshTLSContext.meshClient(.named(name), trustDomain: trustDomain, expecting: "greeter"),
        eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: name))
    let channel = InterceptedChannel(client, interceptors: [ClientTelemetry(peer: "greeter", address: ("127.0.0.1", port))])
    do {
        try await visit(GreeterV1.GreeterClient(channel))
        let health = try await MeshV1.HealthClient(channel).check(MeshV1.HealthCheckRequest())
        print(health.status == .serving ? "The greeter serves." : "The greeter does not serve: \(health.reason)")
    } catch let error as RPCError {
        print("refused: \(error)")
    }
    await client.close()
}

private func visit(_ greeter: GreeterV1.GreeterClient) async throws {
    print(try await greeter.sayHello(GreeterV1.HelloRequest(name: "Ada")).message)

    for try await reply in try await greeter.countDown(GreeterV1.CountDownRequest(from: 3)) { print(reply.left) }

    let all = try await greeter.greetAll()
    for name in ["Ada", "Grace"] { try await all.send(GreeterV1.HelloRequest(name: name)) }
    print(try await all.response().message)

    let conversation = try await greeter.converse()
    try await conversation.send(GreeterV1.HelloRequest(name: "Grace"))
    for try await reply in conversation.responses {
        print(reply.message)
        try await conversation.finish()
    }

    do {
        _ = try await greeter.sayHello(GreeterV1.HelloRequest(), options: CallOptions(timeout: .milliseconds(500)))
    } catch let error as RPCError where error.reason == "NAME_MISSING" {
        print("\(error.code): \(error.message)")
    }
}
