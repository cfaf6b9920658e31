internal import Synchronization

/// A wrapping key that can be replaced while its users run: read again when a file turns out to be wrapped under another.
public struct ReloadingWrappingKey: WrappingKey {
    private let load: @Sendable () throws -> [any WrappingKey]
    private let known: Known

    private final class Known: Sendable {
        let keys: Mutex<[any WrappingKey]>
        init(_ keys: [any WrappingKey]) { self.keys = Mutex(keys) }
    }

    /// - Parameter load: the key in use first, and the one that is about to be, if there is one.
    /// - Throws: what `load` throws; `SecretStoreError.Cause.unusable` for no key.
    public init(_ load: @escaping @Sendable () throws -> [any WrappingKey]) throws {
        let keys = try load()
        guard !keys.isEmpty else { throw SecretStoreError.Cause.unusable("there is no wrapping key") }
        self.load = load
        known = Known(keys)
    }

    public func wrap(_ dataKey: SecretBytes) async throws -> WrappedKey {
        guard let key = known.keys.withLock({ $0.first }) else { throw SecretStoreError.Cause.unusable("there is no wrapping key") }
        return try await key.wrap(dataKey)
    }

    public func unwrap(_ wrapped: WrappedKey) async throws -> SecretBytes {
        do {
            return try await Self.unwrap(wrapped, known.keys.withLock { $0 })
        } catch let cause as SecretStoreError.Cause where cause.isWrongKey {
            let keys = try load()
            let dataKey = try await Self.unwrap(wrapped, keys)
            known.keys.withLock { $0 = keys }
            return dataKey
        }
    }

    /// The error of the first, where none of them is the one.
    private static func unwrap(_ wrapped: WrappedKey, _ keys: [any WrappingKey]) async throws -> SecretBytes {
        var first: (any Error)?
        for key in keys {
            do {
                return try await key.unwrap(wrapped)
            } catch let cause as SecretStoreError.Cause where cause.isWrongKey {
                first = first ?? cause
            }
        }
        throw first ?? SecretStoreError.Cause.unusable("there is no wrapping key")
    }
}
