/// A unary call and the connection it goes by: what nearly every call is, made without the steps that only a few need.
public struct PlacedCall: Sendable {
    package let call: ClientCall
    package let use: any ConnectionUse
    package let waitsForReady: Bool
    private let connection: ClientConnection

    package init(_ call: ClientCall, on connection: ClientConnection, use: any ConnectionUse, waitsForReady: Bool) {
        self.call = call
        self.use = use
        self.waitsForReady = waitsForReady
        self.connection = connection
    }

    /// Makes the call.
    ///
    /// - Throws: what `CallChannel.unary(after:of:)` wants to know.
    public func reply() async throws -> UnaryReply {
        let reply = try await connection.unary(call)
        use.answered()
        return reply
    }
}

/// Counts the calls of a connection.
package protocol ConnectionUse: AnyObject, Sendable {
    /// A call that was placed has had a good answer.
    func answered()
}
