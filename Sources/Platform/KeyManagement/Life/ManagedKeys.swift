public import MeshCall

/// The keys of one kind that a process holds. Errors are `RPCError`, fit to be shown to an operator.
public protocol ManagedKeys: Sendable {
    var kind: KeyKind { get }

    /// - Parameters:
    ///   - gone: those that are gone too.
    ///   - limit: at most so many, those in use first.
    func records(gone: Bool, limit: Int) async throws -> [KeyRecord]

    /// Puts a new key in the place of an active one; where only somebody else can, asks for it.
    ///
    /// - Parameter id: nil for the only active one.
    func rotate(_ id: String?, _ change: KeyChange) async throws -> KeyOutcome

    /// From the return on the key is used for nothing more. The same again changes nothing.
    func revoke(_ id: String, _ change: KeyChange) async throws -> KeyOutcome

    /// Follows what happens to the keys elsewhere and as time goes, until cancelled.
    func follow() async throws
}

extension ManagedKeys {
    public func follow() async throws {}
}

/// What came of a change.
public struct KeyOutcome: Sendable {
    public var key: KeyRecord
    /// What happens next, or happened beside, in words.
    public var notes: [String]

    public init(_ key: KeyRecord, notes: [String] = []) {
        self.key = key
        self.notes = notes
    }
}

extension RPCError {
    public static let unknownKey = RPCError(.notFound, "There is no such key.", reason: "UNKNOWN_KEY")

    /// - Parameter why: what is in the way and what to do, a sentence.
    public static func keyPrecondition(_ why: String, _ reason: String, cause: (any Error)? = nil) -> RPCError {
        RPCError(.failedPrecondition, why, reason: reason, cause: cause)
    }
}
