internal import Crypto
internal import Cryptography
internal import FoundationEssentials
internal import Synchronization

/// A wrapping key stretched from a passphrase by Argon2id. The salt stands beside what it wraps; a key once stretched is kept.
public final class PassphraseWrappingKey: WrappingKey {
    /// Bytes of the shortest passphrase: length is what stands against guessing a stolen file.
    public static let minimumSize = 12

    private let passphrase: SecretBytes
    private let cost: WrappedKey.Cost
    private let stretched = Mutex<(WrappedKey.Stretching, MemoryWrappingKey)?>(nil)

    /// - Throws: `SecretStoreError.Cause.unusable` for one that is too short.
    public convenience init(_ passphrase: SecretBytes) throws {
        try self.init(passphrase, cost: .recommended)
    }

    package init(_ passphrase: SecretBytes, cost: WrappedKey.Cost) throws {
        guard passphrase.count >= Self.minimumSize else {
            throw SecretStoreError.Cause.unusable("a passphrase has at least \(Self.minimumSize) bytes")
        }
        self.passphrase = passphrase
        self.cost = cost
    }

    public func wrap(_ dataKey: SecretBytes) async throws -> WrappedKey {
        let stretching = WrappedKey.Stretching(salt: Data(SecureRandom.bytes(PassphraseKey.saltSize)), cost)
        var wrapped = try await key(stretching).wrap(dataKey)
        wrapped.stretching = stretching
        return wrapped
    }

    public func unwrap(_ wrapped: WrappedKey) async throws -> SecretBytes {
        guard let stretching = wrapped.stretching else {
            throw SecretStoreError.Cause.unusable("it is sealed under a key, and a passphrase is given")
        }
        return try await key(stretching).unwrap(wrapped)
    }

    private func key(_ stretching: WrappedKey.Stretching) async throws -> MemoryWrappingKey {
        if let (known, key) = stretched.withLock({ $0 }), known == stretching { return key }
        let key = try MemoryWrappingKey(try await stretch(stretching))
        stretched.withLock { $0 = (stretching, key) }
        return key
    }

    private func stretch(_ stretching: WrappedKey.Stretching) async throws -> SecretBytes {
        do {
            let key = try await PassphraseKey.derive(
                from: passphrase.withUnsafeBytes(Array.init), salt: Array(stretching.salt), stretching.cost.parameters)
            return key.withUnsafeBytes { SecretBytes(copying: $0) }
        } catch PassphraseKey.Failure.unusableParameters {
            throw SecretStoreError.Cause.unusable("its Argon2id parameters are out of bounds")
        } catch is PassphraseKey.Failure {
            throw SecretStoreError.Cause.unavailable("no memory or no turn for Argon2id")
        }
    }
}

extension WrappedKey {
    /// What one Argon2id run costs.
    package struct Cost: Sendable {
        let parameters: PasswordHashParameters

        package static let recommended = Cost(PassphraseKey.recommended)

        init(_ parameters: PasswordHashParameters) {
            self.parameters = parameters
        }

        package init(memoryKiB: UInt32, passes: UInt32) {
            parameters = PasswordHashParameters(memoryKiB: memoryKiB, passes: passes, lanes: 1)
        }
    }
}

extension WrappedKey.Stretching {
    fileprivate init(salt: Data, _ cost: WrappedKey.Cost) {
        let parameters = cost.parameters
        self.init(salt: salt, memoryKiB: parameters.memoryKiB, passes: parameters.passes, lanes: parameters.lanes)
    }

    fileprivate var cost: WrappedKey.Cost {
        WrappedKey.Cost(PasswordHashParameters(memoryKiB: memoryKiB, passes: passes, lanes: lanes))
    }
}
