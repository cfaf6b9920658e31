/// Why a stream is answered, or given up, without its handler: a gRPC status code and a text for the caller.
public struct StreamRejection: Hashable, Sendable {
    /// A gRPC status code.
    public var code: UInt32
    /// For the caller's eyes.
    public var message: String
    /// For programs to compare.
    public var reason: String

    init(_ code: UInt32, _ reason: String, _ message: String) {
        self.code = code
        self.reason = reason
        self.message = message
    }

    static let reusedID = StreamRejection(3, "STREAM_ID", "A stream id cannot be used again and must increase.")
    static let evenID = StreamRejection(3, "STREAM_ID", "A client's stream id must be odd.")
    static let streamClosed = StreamRejection(3, "STREAM_CLOSED", "The stream is no longer active.")
    static let unaryData = StreamRejection(3, "UNEXPECTED_DATA", "The method takes one message, which its Request brings.")
    static let dataAfterLast = StreamRejection(3, "UNEXPECTED_DATA", "The caller has said that it sends no more messages.")
    static let unexpectedData = StreamRejection(3, "UNEXPECTED_DATA", "The method gives one message, which its Response brings.")
    static let messageTooLong = StreamRejection(8, "MESSAGE_TOO_LONG", "The message is longer than this side takes.")
    static let tooManyStreams = StreamRejection(8, "TOO_MANY_STREAMS", "Too many calls are open on this connection.")
    static let assemblyFull = StreamRejection(8, "ASSEMBLY_FULL", "Too many unfinished long messages on this connection.")
    static let queueFull = StreamRejection(8, "QUEUE_FULL", "Too many messages wait unread on this stream.")
    static let connectionQueueFull = StreamRejection(8, "QUEUE_FULL", "Too many messages wait unread on this connection.")
    static let serverAssemblyFull = StreamRejection(8, "ASSEMBLY_FULL", "The server holds too many long messages.")
    static let serverQueueFull = StreamRejection(8, "QUEUE_FULL", "Too many messages wait unread at this server.")
    /// A Request in several frames finds no room on its connection, or none that its driver has given. It has not run, and its peer has
    /// broken no rule.
    public static let overloaded = StreamRejection(8, "OVERLOADED", "The server holds too many long requests.")
    /// The server takes no more calls.
    public static let draining = StreamRejection(14, "DRAINING", "This server is shutting down.")
}
