internal import ArgumentParser
internal import Logging
internal import MeshCall
internal import MeshRuntime
internal import MeshTLS
internal import NIOCore
internal import NIOPosix
internal import Synchronization

struct ServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "server", abstract: "Answers until it is stopped.")

    @Option(help: "HOST:PORT to listen on; port 0 takes a free one.") var addr: BenchAddress
    @OptionGroup var files: CredentialOptions
    @Option(help: "Event loops, each a thread.") var threads = 1
    @OptionGroup var spinning: SpinOptions
    @Flag(help: "Say when the first call is answered, and at the end how many were. Costs each a little: not for measurements.") var counts = false

    func run() async throws {
        let tls = try MeshTLSContext.meshServer(
            files.credentials, trustDomain: try files.credentials.identity().trustDomain, allowsBaseline: true)
        var limits = ServerLimits()
        // All of a bench's connections are one peer's.
        limits.maximumConnectionsPerPeer = limits.maximumConnections
        limits.connection.idleTimeout = .seconds(24 * 3600)
        limits.connection.longestSpin = spinning.duration
        let counter = CallCounter()
        let server = MeshServer(
            services: [.echo(EchoHandler())], authenticator: nil, interceptors: counts ? [counter] : [], tls: tls,
            eventLoopGroup: MultiThreadedEventLoopGroup(numberOfThreads: threads), logger: Logger(label: "mesh-bench"), limits: limits)
        let port = try await server.start(host: addr.host, port: addr.port)
        print(#"{"listening":"\#(addr.host):\#(port)"}"#)
        flushOutput()
        await untilTerminated()
        await server.shutdown(grace: .seconds(2))
        guard counts else { return }
        print(#"{"answered":\#(counter.count)}"#)
        flushOutput()
    }
}

/// Counts the calls whose handlers have returned.
private final class CallCounter: ServerInterceptor {
    private let calls = Atomic<Int>(0)

    var count: Int { calls.load(ordering: .relaxed) }

    func intercept(_ context: ServerContext, next: @concurrent @Sendable (ServerContext) async throws -> Void) async throws {
        try await next(context)
        guard calls.wrappingAdd(1, ordering: .relaxed).oldValue == 0 else { return }
        print(#"{"answering":true}"#)
        flushOutput()
    }
}

/// Answers with what it was sent.
struct EchoHandler: BenchV1.EchoHandler {
    /// Bytes of one streamed message's payload.
    private static let largestPayload: UInt32 = 65_536

    nonisolated(nonsending) func echo(_ request: BenchV1.EchoRequest, context: ServerContext) async throws -> BenchV1.EchoResponse {
        BenchV1.EchoResponse(payload: request.payload, name: request.name)
    }

    nonisolated(nonsending) func stream(
        _ request: BenchV1.StreamRequest, to writer: ResponseWriter<BenchV1.EchoResponse>, context: ServerContext
    ) async throws {
        let message = BenchV1.EchoResponse(
            payload: [UInt8](repeating: 0x61, count: Int(min(request.size, Self.largestPayload))), name: BenchMessages.name)
        var left = request.count == 0 ? Int.max : Int(request.count)
        while left > 0 {
            try await writer.send(message)
            left -= 1
        }
    }
}
