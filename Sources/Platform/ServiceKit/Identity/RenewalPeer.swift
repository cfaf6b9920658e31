internal import MeshCall
internal import Synchronization

/// The channel to auth, which there is only once there is a certificate.
final class RenewalPeer: Sendable {
    private let auth = Mutex<(any CallChannel)?>(nil)

    func set(_ channel: any CallChannel) {
        auth.withLock { $0 = channel }
    }

    /// - Throws: `StartUpError.settings` where the settings name no auth.
    func channel() throws -> any CallChannel {
        guard let channel = auth.withLock({ $0 }) else { throw StartUpError.settings("peers.auth is missing") }
        return channel
    }
}
