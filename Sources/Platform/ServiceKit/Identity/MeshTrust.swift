internal import Logging
public import MeshTLS
internal import Synchronization

/// The mesh's TLS contexts of one process: what is revoked, and when certificate files are to be read again, is told to all of them.
///
/// The list outlives the process in a file, so that a service refuses from its start those whom it refused before.
public final class MeshTrust: Sendable {
    private struct State {
        var contexts: [MeshTLSContext] = []
        var list: RevocationList
    }

    private let file: RevocationFile
    private let logger: Logger
    private let state: Mutex<State>

    /// - Throws: what the file throws: without it a service would let in until auth answers whom it refused before.
    init(_ settings: ServiceSettings, logger: Logger) throws {
        file = RevocationFile(path: settings.dataFolder + "/revocations.json")
        self.logger = logger
        state = Mutex(State(list: try file.read() ?? .empty))
    }

    /// Holds this context against the list from now on.
    public func watch(_ tls: MeshTLSContext) {
        let list = state.withLock { state in
            state.contexts.append(tls)
            return state.list
        }
        tls.replaceRevocations(with: list)
    }

    public var revocations: RevocationList { state.withLock { $0.list } }

    /// Takes a newer list: live connections of peers that are on it close at once.
    ///
    /// - Returns: false, and nothing happens, when `list` is not newer than the one held.
    @discardableResult
    public func replaceRevocations(with list: RevocationList) -> Bool {
        let contexts = state.withLock { state -> [MeshTLSContext]? in
            guard list.version > state.list.version else { return nil }
            state.list = list
            return state.contexts
        }
        guard let contexts else { return false }
        for tls in contexts { tls.replaceRevocations(with: list) }
        keep(list)
        return true
    }

    private func keep(_ list: RevocationList) {
        do {
            try file.write(list)
        } catch {
            logger.error("revocations not kept", metadata: ["why": "\(error)"])
        }
    }

    /// Has new certificate files used at once.
    public func reloadCertificates() {
        for tls in state.withLock({ $0.contexts }) {
            do {
                try tls.reloadIfChanged()
            } catch {
                logger.warning("certificates not read again", metadata: ["why": "\(error)"])
            }
        }
    }
}
