import HTTPTypes

/// One method of the API: what it costs, who may call it, what it takes and what it does.
struct Endpoint: Sendable {
    enum Security: Sendable {
        /// NONE.
        case open
        /// USER_DATA: signed by any key of the account.
        case userData
        /// TRADE: signed by a key that may trade.
        case trade
    }

    /// What a handler works with.
    struct Call: Sendable {
        let parameters: ParameterReader
        /// Whose signature it bears; nil for an open endpoint.
        let key: APIKey?

        /// The key's account; 0 for an open endpoint.
        var account: Int64 { key?.account ?? 0 }
    }

    struct Answer: Sendable {
        let json: any Encodable & Sendable
        var orderCount: OrderMeter.Count?
    }

    let method: HTTPRequest.Method
    let path: String
    let security: Security
    /// Request weight, from the parameters as sent.
    let weight: @Sendable ([String: String]) -> Int
    /// Names that it takes, beside those of signing.
    let parameters: Set<String>
    let handle: @Sendable (Call) async throws -> Answer

    private static let signingParameters: Set<String> = ["timestamp", "recvWindow", "signature"]

    /// - Throws: -1101 or -1104 when a parameter was sent that nobody reads.
    func checkNames(_ sent: [String: String]) throws {
        let known = security == .open ? parameters : parameters.union(Self.signingParameters)
        let unread = sent.keys.filter { !known.contains($0) }.count
        guard unread > 0 else { return }
        let read = sent.count - unread
        throw security == .open
            ? ExchangeFault.tooMany(expected: read, received: sent.count) : ExchangeFault.unread(read: read, sent: sent.count)
    }
}
