/// What a model's server sends for one question, piece by piece: each piece is a TLS record and an HTTP chunk of its own.
public struct Reply: Sendable {
    public enum End: Sendable {
        /// As HTTP has it.
        case proper
        /// The connection ends in the middle.
        case closes
        /// Nothing more comes, and the connection stays.
        case silence
        /// The last piece, again and again.
        case endless
    }

    public var status: Int
    public var headers: [(String, String)]
    /// nil: not even a head is sent.
    public var pieces: [[UInt8]]?
    public var end: End

    public init(status: Int = 200, headers: [(String, String)] = [("content-type", "text/event-stream")], pieces: [[UInt8]]?, end: End = .proper) {
        self.status = status
        self.headers = headers
        self.pieces = pieces
        self.end = end
    }

    public static func status(_ status: Int, _ headers: [(String, String)] = []) -> Reply {
        Reply(status: status, headers: headers, pieces: [])
    }

    public static let silence = Reply(pieces: nil, end: .silence)

    /// A stream of these events, in pieces of so many bytes.
    public static func events(_ events: [String], pieceBytes: Int = 1 << 20, end: End = .proper) -> Reply {
        let bytes = events.flatMap { Array("data: \($0)\n\n".utf8) }
        let pieces = stride(from: 0, to: bytes.count, by: pieceBytes).map { Array(bytes[$0..<min($0 + pieceBytes, bytes.count)]) }
        return Reply(pieces: pieces, end: end)
    }
}
