internal import Exchange
internal import MeshCall
internal import Synchronization

/// Signs as long as what it signs may be sent, which is looked at once there is a signature: a store or a device may take seconds for one, and a key
/// that is revoked meanwhile sends nothing more.
struct WatchedSigner: RequestSigner {
    /// What stood in the way; a class, since whoever sends has a copy of the signer.
    final class Watch: Sendable {
        private let found = Mutex<RPCError?>(nil)

        var refusal: RPCError? { found.withLock { $0 } }
        fileprivate func keep(_ refusal: RPCError) { found.withLock { $0 = refusal } }
    }

    let signer: any RequestSigner
    let watch: Watch
    /// Why it may not be sent; nil when it may.
    let refusal: @Sendable () async throws -> RPCError?

    var place: String { signer.place }

    func signature(of payload: [UInt8]) async throws -> String {
        let signature = try await signer.signature(of: payload)
        if let refusal = try await refusal() {
            watch.keep(refusal)
            throw refusal
        }
        return signature
    }
}
