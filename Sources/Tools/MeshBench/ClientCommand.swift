internal import ArgumentParser
internal import Logging
internal import MeshCall
internal import MeshRuntime
internal import MeshTLS
internal import NIOCore
internal import NIOPosix

struct ClientCommand: AsyncParsableCommand {
    enum Mode: String, ExpressibleByArgument, CaseIterable { case unary, stream, idle }

    static let configuration = CommandConfiguration(
        commandName: "client", abstract: "Calls for a time and prints what came of it as one line of JSON.")

    @Option(help: "HOST:PORT of the server.") var addr: BenchAddress
    @OptionGroup var files: CredentialOptions
    @Option(help: "The server's SPIFFE id.") var peer: PeerArgument
    @Option(help: "Connections.") var connections = 1
    @Option(help: "Calls in flight, over all connections.") var inflight = 1
    @Option(help: "Seconds to measure; half a second more goes before.") var seconds = 5.0
    @OptionGroup var spinning: SpinOptions
    @Option(help: "unary calls, one stream of messages, or idle connections.") var mode = Mode.unary

    func validate() throws {
        guard (1...10_000).contains(connections), (1...100_000).contains(inflight), (0.01...3600).contains(seconds) else {
            throw ValidationError("--connections 1 to 10000, --inflight 1 to 100000, --seconds 0.01 to 3600")
        }
    }

    func run() async throws {
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        let tls = try MeshTLSContext.meshClient(files.credentials, trustDomain: peer.identity.trustDomain, expecting: peer.identity.name)
        var limits = ClientLimits()
        limits.connection.longestSpin = spinning.duration
        let clients = (0..<connections).map { [limits] _ in
            MeshClient(host: addr.host, port: addr.port, tls: tls, eventLoopGroup: loop, logger: Logger(label: "mesh-bench"), limits: limits)
        }
        let load = BenchLoad(clients: clients, loop: loop, seconds: seconds)
        switch mode {
        case .unary: print(try await load.unary(inflight: inflight).json)
        case .stream: print(try await load.stream().json)
        case .idle:
            try await load.openAll()
            print(#"{"ready":true}"#)
            flushOutput()
            try await Task.sleep(for: .seconds(seconds))
        }
        flushOutput()
    }
}
