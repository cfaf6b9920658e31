/// Where a key is in its life. It goes forward only.
public enum KeyState: String, Sendable, CaseIterable {
    /// Made; nothing is done with it yet.
    case pending
    /// In use.
    case active
    /// Nothing new is done with it; what was done with it still counts.
    case retiring
    /// Used for nothing, and erased where this process can erase it.
    case gone
}

/// What may be known of a key: everything but the key.
public struct KeyRecord: Sendable, Equatable {
    /// Unique within its kind.
    public var id: String
    public var state: KeyState
    /// The person whose key it is; nil for the service's own.
    public var user: String?
    /// Seconds since 1970, as are all below.
    public var createdAt: Int64
    public var activatedAt: Int64?
    public var retiredAt: Int64?
    public var goneAt: Int64?
    /// Why somebody was asked to rotate it before its time.
    public var rotationRequested: String?
    /// Where it lies when this process only has it sign; nil: here.
    public var store: String?

    public init(
        id: String, state: KeyState, user: String? = nil, createdAt: Int64, activatedAt: Int64? = nil, retiredAt: Int64? = nil,
        goneAt: Int64? = nil, rotationRequested: String? = nil, store: String? = nil
    ) {
        self.id = id
        self.state = state
        self.user = user
        self.createdAt = createdAt
        self.activatedAt = activatedAt
        self.retiredAt = retiredAt
        self.goneAt = goneAt
        self.rotationRequested = rotationRequested
        self.store = store
    }
}

extension KeyRecord {
    /// A key's id for logs and audit records. Of a long one its beginning: the redactor takes the whole for a key, and nothing would say which key it was.
    public static func logged(_ id: String) -> String {
        id.utf8.count > longestLogged ? String(id.prefix(beginning)) : id
    }

    /// A UUID's length.
    private static let longestLogged = 36
    private static let beginning = 16
}
