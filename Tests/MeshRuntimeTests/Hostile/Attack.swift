import MeshCall
import MeshRuntime
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// Peers with good certificates that misbehave, one after the other, while somebody else goes about his business.
enum Attack {
    static let megabyte = 1 << 20

    /// Whom the attackers are not, for what is bounded by name.
    static let stranger = "agent"

    private static let echo: MethodImplementation = {
        let policy = MethodPolicy(callers: ["gateway", stranger], callersWithoutUser: ["gateway", stranger], defaultDeadline: .seconds(20))
        return MethodImplementation(TestMesh.descriptor("Echo", .unary, policy), .unary { message, _ in message })
    }()

    /// Expects that the bystander hardly notices, and that the server's memory stays bounded.
    ///
    /// - Parameters:
    ///   - memory: the bound, in bytes.
    ///   - reads: false reads nothing of what the server sends.
    ///   - round: how long the attack goes on at least, each of several times.
    ///   - logged: what the server's log says of it; nil where it need not say anything.
    ///   - who: the bystander's name, and `payload` how many bytes its calls have at least.
    ///   - flood: what each of them does, until it is cancelled or the server has had enough.
    static func run(
        _ name: String, _ methods: [MethodImplementation], limits: ServerLimits = .default, memory: Int, reads: Bool = true,
        round: Duration = .zero, logged: String? = nil, bystander who: String = "gateway", payload: Int = 0,
        _ flood: @escaping @Sendable (RawPeer) async throws -> Void,
        finally: () async -> Void = {}
    ) async throws {
        // Three sides, so that the attacker's own work does not stand in the bystander's way.
        let serving = MultiThreadedEventLoopGroup(numberOfThreads: 2), attacking = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let mesh = try await TestMesh.start([echo] + methods, limits: limits, group: serving)
        let bystander = Bystander(client: try await mesh.client(who), payload: payload)
        let tls = try await mesh.authority.client()
        let disturbance = try await bystander.disturbance(round: round) {
            while !Task.isCancelled {
                let peer = try await RawPeer.connect(port: mesh.port, tls: tls, group: attacking, reads: reads)
                await withTaskCancellationHandler {
                    // It fails when the server has had enough; then another one comes.
                    try? await flood(peer)
                } onCancel: {
                    peer.channel.close(promise: nil)
                }
                try? await peer.channel.close()
            }
        }
        Bystander.expectBearable(disturbance, name, memory: memory)
        if let logged { #expect(mesh.log.lines.contains { $0.contains(logged) }, "\(mesh.log.lines.suffix(3))") }
        await finally()
        await mesh.stop()
        try await serving.shutdownGracefully()
        try await attacking.shutdownGracefully()
    }
}
