import MeshCall
import MeshRuntime
import MeshTLS
import Synchronization
import TestSupport
import Testing

/// Go's ttrpc client over crypto/tls against our server.
@Suite(
    "Stock ttrpc clients", .timeLimit(.minutes(3)),
    .enabled(if: StockTTRPC.isInstalled || StockTTRPC.isRequired, Comment(rawValue: StockTTRPC.comment)))
struct StockClientTests {
    private static let cases = [
        "unary", "errors", "special_status", "unknown_method", "unknown_service", "metadata", "timeout", "default_deadline", "large",
        "oversize_request", "oversize_reply", "concurrency", "late_response", "server_stops",
    ]

    /// What the client's cases call beside proto/interop.
    private static func methods(_ server: ServerBox) -> [MethodImplementation] {
        let held = Signal(), released = Signal()
        return [
            InteropMesh.method("Metadata") { describeTestMetadata($0.metadata) },
            InteropMesh.method("TimeLeft") { "\(Int(((($0.deadline - .now) / .seconds(1)) as Double).rounded()))" },
            InteropMesh.method("Sleep") { _ in
                await untilCancelled()
                return ""
            },
            InteropMesh.method("SleepBriefly", defaultDeadline: .milliseconds(200)) { _ in
                await untilCancelled()
                return ""
            },
            InteropMesh.method("Hold") { _ in
                held.raise()
                await released.wait()
                return ""
            },
            InteropMesh.method("AwaitHold") { _ in
                await held.wait()
                return ""
            },
            InteropMesh.method("Release") { _ in
                released.raise()
                return ""
            },
            InteropMesh.method("StopServer") { _ in
                server.stop()
                return ""
            },
        ]
    }

    private func run(_ name: String, alpn: String?) async throws {
        let box = ServerBox()
        let mesh = try await InteropMesh.start(Self.methods(box), allowsBaseline: true)
        box.server = mesh.server
        let run = try await StockTTRPC.client(name, port: mesh.port, await mesh.authority.credentials("gateway"), alpn: alpn)
        #expect(run.succeeded, "\(run.text) \(mesh.log.lines)")
        await mesh.stop()
        // Its own method holds the box.
        box.server = nil
    }

    @Test("without ALPN", arguments: cases)
    func withoutALPN(_ name: String) async throws {
        try await run(name, alpn: nil)
    }

    @Test("with ALPN ttrpc", arguments: ["unary", "errors", "large", "concurrency"])
    func withALPN(_ name: String) async throws {
        try await run(name, alpn: "ttrpc")
    }

    @Test("A case that fails is seen to fail")
    func canary() async throws {
        let mesh = try await InteropMesh.start(allowsBaseline: true)
        let run = try await StockTTRPC.client("metadata", port: mesh.port, await mesh.authority.credentials("gateway"), alpn: nil)
        #expect(!run.succeeded)
        #expect(run.text.contains("Unimplemented"), "\(run.text)")
        await mesh.stop()
    }

    @Test("Where the baseline is not allowed they are refused", arguments: [nil, "ttrpc"])
    func notAllowed(alpn: String?) async throws {
        let mesh = try await InteropMesh.start()
        let run = try await StockTTRPC.client("unary", port: mesh.port, await mesh.authority.credentials("gateway"), alpn: alpn)
        #expect(run.exitCode == 1)
        #expect(run.text.contains("no application protocol"), "\(run.text)")
        await mesh.stop()
    }

    @Test("A certificate of another authority is refused")
    func stranger() async throws {
        let mesh = try await InteropMesh.start(allowsBaseline: true), other = try await TestAuthority.make()
        var credentials = try await other.credentials("gateway")
        credentials.trustRootsPath = try await mesh.authority.credentials("gateway").trustRootsPath
        let run = try await StockTTRPC.client("unary", port: mesh.port, credentials, alpn: nil)
        #expect(run.exitCode == 1)
        // The server's own line may come after the client has ended; not after the connection has.
        await mesh.stop()
        #expect(mesh.log.lines.contains { $0.contains("connection refused or broken") }, "\(mesh.log.lines)")
    }
}

/// Lets a method stop the server that it runs in.
private final class ServerBox: Sendable {
    private let state = Mutex<MeshServer?>(nil)

    var server: MeshServer? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }

    func stop() {
        guard let server else { return }
        Task { await server.shutdown(grace: .seconds(10)) }
    }
}
