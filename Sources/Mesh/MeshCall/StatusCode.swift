/// How a call ended: gRPC's codes, number for number.
public struct StatusCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// As it travels.
    public let rawValue: Int32

    /// Any number: a peer may send codes of its own.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// It went well.
    public static let ok = StatusCode(rawValue: 0)
    /// The caller gave it up, or the connection was closed.
    public static let cancelled = StatusCode(rawValue: 1)
    /// An error of another system, of which no more is known.
    public static let unknown = StatusCode(rawValue: 2)
    /// The request makes no sense, whatever the state of the service.
    public static let invalidArgument = StatusCode(rawValue: 3)
    /// Its time was over. It may have had its effect.
    public static let deadlineExceeded = StatusCode(rawValue: 4)
    /// What it names does not exist.
    public static let notFound = StatusCode(rawValue: 5)
    /// What it would make exists.
    public static let alreadyExists = StatusCode(rawValue: 6)
    /// The caller is known and may not.
    public static let permissionDenied = StatusCode(rawValue: 7)
    /// A limit, a quota or the memory for it is used up: later it may pass.
    public static let resourceExhausted = StatusCode(rawValue: 8)
    /// The service is not in the state that it needs: the same call will fail until that changes.
    public static let failedPrecondition = StatusCode(rawValue: 9)
    /// It lost against another: begin again from further up.
    public static let aborted = StatusCode(rawValue: 10)
    /// Beyond the end of what there is.
    public static let outOfRange = StatusCode(rawValue: 11)
    /// There is no such method here, or not of this kind.
    public static let unimplemented = StatusCode(rawValue: 12)
    /// The service is broken. Called `internalError` because `internal` is a keyword.
    public static let internalError = StatusCode(rawValue: 13)
    /// Not now: the peer cannot be reached or is stopping. Trying again may help.
    public static let unavailable = StatusCode(rawValue: 14)
    /// Data is lost or damaged for good.
    public static let dataLoss = StatusCode(rawValue: 15)
    /// Who calls is not proven.
    public static let unauthenticated = StatusCode(rawValue: 16)

    private static let names = [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
        "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
        "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ]

    /// gRPC's name (`NOT_FOUND`), or `CODE_99`.
    public var description: String {
        Self.names.indices.contains(Int(rawValue)) ? Self.names[Int(rawValue)] : "CODE_\(rawValue)"
    }
}
