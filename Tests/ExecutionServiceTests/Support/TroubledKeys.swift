import Secrets

/// A real store, with trouble on the way to it.
struct TroubledKeys: RemoteKeyStore {
    let inner: any RemoteKeyStore
    let kind: String
    let place: String
    /// Before each signature, with a key of the user.
    let beforeSigning: @Sendable (_ user: String) async throws -> Void
    /// Once a key has been made.
    let afterMaking: @Sendable () async throws -> Void
    /// Before each destruction.
    let beforeDestroying: @Sendable () async throws -> Void

    /// - Parameters:
    ///   - kind: what it says that it is; nil means the truth.
    ///   - place: the same.
    init(
        inner: any RemoteKeyStore, kind: String? = nil, place: String? = nil, beforeSigning: @escaping @Sendable (_ user: String) async throws -> Void = { _ in },
        afterMaking: @escaping @Sendable () async throws -> Void = {}, beforeDestroying: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.inner = inner
        self.kind = kind ?? inner.kind
        self.place = place ?? inner.place
        self.beforeSigning = beforeSigning
        self.afterMaking = afterMaking
        self.beforeDestroying = beforeDestroying
    }

    func make(_ name: RemoteKeyName) async throws -> any RemoteSigner {
        let signer = try await inner.make(name)
        try await afterMaking()
        return signer
    }

    func signer(_ name: RemoteKeyName) throws -> any RemoteSigner {
        Signer(inner: try inner.signer(name)) { try await beforeSigning(name.user) }
    }

    func destroy(_ name: RemoteKeyName) async throws -> Bool {
        try await beforeDestroying()
        return try await inner.destroy(name)
    }

    private struct Signer: RemoteSigner {
        let inner: any RemoteSigner
        let before: @Sendable () async throws -> Void

        func publicKey() async throws -> [UInt8] { try await inner.publicKey() }

        func signature(of message: [UInt8]) async throws -> [UInt8] {
            try await before()
            return try await inner.signature(of: message)
        }
    }
}
