import Foundation
import GRPCCore
import NIOPosix

/// grpc-swift-2: the same echo.
@main
struct Main {
    static func main() async throws {
        let options: Options
        do {
            options = try Options(CommandLine.arguments)
        } catch {
            FileHandle.standardError.write(Data("bench-grpc-swift: \(error)\n".utf8))
            exit(2)
        }
        if options.server {
            try await GRPCServer(transport: options.serverTransport(), services: [EchoService()]).serve()
        } else {
            try await runClient(options)
        }
    }

    /// Ends the process: the library's orderly end is not part of the measurement.
    private static func runClient(_ options: Options) async throws {
        let clients = try await connect(options)
        let results: Results
        switch options.mode {
        case "idle": try await hold(options)
        case "stream": results = try await Load(seconds: options.seconds).stream(over: clients[0])
            finish(results, options)
        default: results = await unary(options, over: clients)
            finish(results, options)
        }
    }

    private static func connect(_ options: Options) async throws -> [Client] {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var callOptions = CallOptions.defaults
        callOptions.timeout = .seconds(10)
        var clients: [Client] = []
        for _ in 0..<options.connections {
            let client = Client(transport: try options.clientTransport(on: group))
            Task { try await client.runConnections() }
            guard await Load.echo(over: client, options: callOptions) else { exit(1) }
            clients.append(client)
        }
        return clients
    }

    private static func unary(_ options: Options, over clients: [Client]) async -> Results {
        let load = Load(seconds: options.seconds)
        return await withTaskGroup(of: Results.self) { group in
            for i in 0..<options.inFlight {
                group.addTask { await load.calls(over: clients[i % clients.count]) }
            }
            return await group.reduce(into: Results()) { $0.merge($1) }
        }
    }

    private static func hold(_ options: Options) async throws {
        print(#"{"ready":true}"#)
        fflush(nil)
        try await ContinuousClock().sleep(for: .seconds(options.seconds))
        exit(0)
    }

    private static func finish(_ results: Results, _ options: Options) {
        print(results.line(seconds: options.seconds))
        fflush(nil)
        exit(results.errors == 0 && results.measured > 0 ? 0 : 1)
    }
}
