/// Why a connection ends: the code and text of a GOAWAY frame. Codes are HTTP/2's where it has one (RFC 9113, section 7).
public struct ConnectionFailure: Error, Hashable, Sendable {
    /// What GOAWAY says.
    public var code: GoAwayCode
    /// For the peer's log and ours: names rules and numbers, never contents.
    public var reason: String

    public init(_ code: GoAwayCode, _ reason: String) {
        self.code = code
        self.reason = reason
    }
}

/// Why a connection ends; the numbers are HTTP/2's (RFC 9113 section 7).
public struct GoAwayCode: RawRepresentable, Hashable, Sendable {
    /// As it stands in the frame.
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// An orderly end.
    public static let noError = GoAwayCode(rawValue: 0)
    /// A rule of the wire was broken.
    public static let protocolError = GoAwayCode(rawValue: 1)
    /// This side failed.
    public static let internalError = GoAwayCode(rawValue: 2)
    /// More Data than a window allows.
    public static let flowControlError = GoAwayCode(rawValue: 3)
    /// Something that had to come did not come in time.
    public static let timeout = GoAwayCode(rawValue: 4)
    /// A frame on a stream that has ended.
    public static let streamClosed = GoAwayCode(rawValue: 5)
    /// A frame longer than its type may be.
    public static let frameSizeError = GoAwayCode(rawValue: 6)
    /// The peer costs more than it should: floods of cancels, pings or free frames.
    public static let enhanceYourCalm = GoAwayCode(rawValue: 11)

    /// The peer broke a rule, or did what is allowed too often.
    package var isPeersFault: Bool {
        switch self {
        case .protocolError, .flowControlError, .streamClosed, .frameSizeError, .enhanceYourCalm: true
        default: false
        }
    }
}
