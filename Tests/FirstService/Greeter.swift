import GreeterAPI
import MeshCall

/// What the service answers. The compiler asks for every method of the `.proto`.
struct Greeter: GreeterV1.GreeterHandler {
    static let longestCount: UInt32 = 1000

    func sayHello(_ request: GreeterV1.HelloRequest, context: ServerContext) async throws -> GreeterV1.HelloReply {
        GreeterV1.HelloReply(message: try greeting(request, context))
    }

    func countDown(
        _ request: GreeterV1.CountDownRequest, to writer: ResponseWriter<GreeterV1.CountDownReply>, context: ServerContext
    ) async throws {
        guard request.from <= Self.longestCount else {
            throw RPCError(.outOfRange, "Counting begins at \(Self.longestCount) or below.", reason: "TOO_FAR")
        }
        for passed in 0..<request.from {
            // Waits while the caller reads slowly; throws when it has gone away.
            try await writer.send(GreeterV1.CountDownReply(left: request.from - passed))
        }
    }

    func greetAll(
        _ requests: RequestStream<GreeterV1.HelloRequest>, context: ServerContext
    ) async throws -> GreeterV1.HelloReply {
        var names: [String] = []
        for try await request in requests where names.count < 10 { names.append(request.name) }
        return GreeterV1.HelloReply(message: "Hello, \(names.joined(separator: " and "))!")
    }

    func converse(
        _ requests: RequestStream<GreeterV1.HelloRequest>, to writer: ResponseWriter<GreeterV1.HelloReply>, context: ServerContext
    ) async throws {
        for try await request in requests {
            try await writer.send(GreeterV1.HelloReply(message: try greeting(request, context)))
        }
    }

    private func greeting(_ request: GreeterV1.HelloRequest, _ context: ServerContext) throws -> String {
        // Code and message travel to the caller; anything else that is thrown stays in this process's log.
        guard !request.name.isEmpty else { throw RPCError(.invalidArgument, "Whom shall I greet?", reason: "NAME_MISSING") }
        return "Hello, \(request.name)! \(context.peer.name) sent you."
    }
}
