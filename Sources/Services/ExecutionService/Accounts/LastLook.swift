internal import MeshCall
internal import Synchronization

/// Looks once more whether an order may leave, when all that is left to do is to send it: its signature, and the way to the exchange, may have taken
/// seconds, and a key that is revoked meanwhile sends nothing more. A class, since whoever sends has a copy of the reference.
final class LastLook: Sendable {
    private let found = Mutex<RPCError?>(nil)
    private let obstacle: @Sendable () async throws -> RPCError?

    /// - Parameter obstacle: why it may not be sent; nil when it may.
    init(_ obstacle: @escaping @Sendable () async throws -> RPCError?) {
        self.obstacle = obstacle
    }

    /// What stood in the way.
    var refusal: RPCError? { found.withLock { $0 } }

    /// - Throws: when it may not be sent, and when that is not known.
    func callAsFunction() async throws {
        guard let refusal = try await obstacle() else { return }
        found.withLock { $0 = refusal }
        throw refusal
    }
}
