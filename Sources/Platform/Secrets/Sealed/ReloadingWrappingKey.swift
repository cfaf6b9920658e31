internal import Synchronization

/// A wrapping key that can be replaced while its users run: read again when a file turns out to be wrapped under another.
struct ReloadingWrappingKey: WrappingKey {
    private let load: @Sendable () throws -> [MemoryWrappingKey]
    private let known: Known

    private final class Known: Sendable {
        let keys: Mutex<[MemoryWrappingKey]>
        init(_ keys: [MemoryWrappingKey]) { self.keys = Mutex(keys) }
    }

    /// - Parameter load: the key in use first, and the one that is about to be, if there is one.
    /// - Throws: what `load` throws.
    init(_ load: @escaping @Sendable () throws -> [MemoryWrappingKey]) throws {
        self.load = load
        known = Known(try load())
    }

    /// Under the key in use now: the one that was read last may be gone from the disk.
    func wrap(_ dataKey: SecretBytes) throws -> WrappedKey {
        guard let key = try load().first else { throw SecretStoreError.Cause.unusable("there is no wrapping key") }
        return try key.wrap(dataKey)
    }

    func unwrap(_ wrapped: WrappedKey) throws -> SecretBytes {
        do {
            return try Self.unwrap(wrapped, known.keys.withLock { $0 })
        } catch let cause as SecretStoreError.Cause where cause.isWrongKey {
            let keys = try load()
            let dataKey = try Self.unwrap(wrapped, keys)
            known.keys.withLock { $0 = keys }
            return dataKey
        }
    }

    /// The error of the first, where none of them is the one.
    private static func unwrap(_ wrapped: WrappedKey, _ keys: [MemoryWrappingKey]) throws -> SecretBytes {
        var first: (any Error)?
        for key in keys {
            do {
                return try key.unwrap(wrapped)
            } catch let cause as SecretStoreError.Cause where cause.isWrongKey {
                first = first ?? cause
            }
        }
        throw first ?? SecretStoreError.Cause.unusable("there is no wrapping key")
    }
}
