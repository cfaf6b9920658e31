public import Logging

/// Binance Spot over REST. Clients made from one another by `with(credential:)` share connections, clock and rate limit.
///
/// Every method throws `ExchangeError`, or `CancellationError` when its task is cancelled. Nothing that failed is sent again,
/// except once when the exchange refused a timestamp.
///
/// Source: binance-spot-api-docs, rest-api.md.
public final class BinanceClient: Sendable {
    let connection: ExchangeConnection
    private let credential: ExchangeCredential?
    /// What the exchange is: the live one answers every call that it documents.
    let kind: ExchangePlace.Kind

    public convenience init(_ place: ExchangePlace, rootsPath: String?, limits: ExchangeLimits = .default, logger: Logger) {
        self.init(baseURL: place.baseURL, kind: place.kind, rootsPath: rootsPath, limits: limits, logger: logger)
    }

    /// - Parameters:
    ///   - baseURL: `https://api.binance.com`, without `/api`.
    ///   - rootsPath: PEM file of the certificate authorities to trust; nil means the system's.
    ///   - credential: nil for market data only.
    public init(
        baseURL: String, kind: ExchangePlace.Kind = .sandbox, rootsPath: String? = nil, credential: ExchangeCredential? = nil,
        limits: ExchangeLimits = .default, logger: Logger
    ) {
        connection = ExchangeConnection(baseURL: baseURL, rootsPath: rootsPath, limits: limits, logger: logger)
        self.credential = credential
        self.kind = kind
    }

    private init(connection: ExchangeConnection, credential: ExchangeCredential?, kind: ExchangePlace.Kind) {
        self.connection = connection
        self.credential = credential
        self.kind = kind
    }

    /// The same exchange with another key.
    public func with(credential: ExchangeCredential?) -> BinanceClient {
        BinanceClient(connection: connection, credential: credential, kind: kind)
    }

    func answer<Answer: Decodable>(_ call: ExchangeCall, as type: Answer.Type = Answer.self) async throws -> Answer {
        try await connection.answer(call, credential: credential, as: type)
    }
}
