/// A unary call and the connection it goes by: what nearly every call is, made without the steps that only a few need. It counts as one of the connection's
/// calls until it has been made.
public struct PlacedCall: ~Copyable, Sendable {
    private let call: ClientCall
    private let connection: ClientConnection
    private let use: any ConnectionUse
    private let repeater: any CallRepeater
    private let waitsForReady: Bool

    package init(_ call: ClientCall, on connection: ClientConnection, use: any ConnectionUse, repeater: any CallRepeater, waitsForReady: Bool) {
        self.call = call
        self.connection = connection
        self.use = use
        self.repeater = repeater
        self.waitsForReady = waitsForReady
    }

    /// Makes the call.
    ///
    /// - Throws: `RPCError`.
    public consuming func reply() async throws -> UnaryReply {
        do {
            let reply = try await connection.unary(call)
            use.answered()
            return reply
        } catch {
            return try await repeater.unary(call, after: error, on: use, waitsForReady: waitsForReady)
        }
    }
}

/// Counts the calls of one connection.
package protocol ConnectionUse: AnyObject, Sendable {
    /// A call on it has had a good answer.
    func answered()
}

/// Decides what becomes of calls that have failed.
package protocol CallRepeater: AnyObject, Sendable {
    /// The answer to another attempt, if there may be one.
    ///
    /// - Throws: `RPCError`.
    func unary(_ call: ClientCall, after error: any Error, on use: any ConnectionUse, waitsForReady: Bool) async throws -> UnaryReply
}
