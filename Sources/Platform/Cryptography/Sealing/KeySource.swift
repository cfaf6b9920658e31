public import Crypto

/// A key that is asked for at each use, so that whoever holds it can change it or take it away.
public struct KeySource: Sendable {
    private let current: @Sendable () throws -> SymmetricKey

    /// - Parameter current: throws while there is none.
    public init(_ current: @escaping @Sendable () throws -> SymmetricKey) {
        self.current = current
    }

    /// One key for good.
    public init(_ key: SymmetricKey) {
        self.init { key }
    }

    /// - Throws: what the holder says about why there is none.
    public func key() throws -> SymmetricKey { try current() }
}
