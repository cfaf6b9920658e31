/// One request to the exchange before it is signed.
struct ExchangeCall: Sendable {
    enum Security: Sendable {
        /// NONE: market data.
        case open
        /// TRADE and USER_DATA: key, timestamp and signature.
        case signed
    }

    var method = "GET"
    var path: String
    /// Binance's request weight.
    var weight: Int
    var security = Security.open
    var parameters = RequestParameters()
    /// Orders come out of the part of the budget that reads leave alone.
    var isTrading = false

    /// Whether something could have happened at the exchange although no answer came.
    var mayHaveEffect: Bool { method != "GET" }

    static let serverTime = ExchangeCall(path: "/api/v3/time", weight: 1)

    init(_ method: String = "GET", path: String, weight: Int, security: Security = .open, isTrading: Bool = false) {
        self.method = method
        self.path = path
        self.weight = weight
        self.security = security
        self.isTrading = isTrading
    }

    func with(_ name: String, _ value: String?) -> ExchangeCall {
        var call = self
        call.parameters.append(name, value)
        return call
    }

    func with(_ name: String, _ value: Int64?) -> ExchangeCall {
        with(name, value.map { String($0) })
    }
}
