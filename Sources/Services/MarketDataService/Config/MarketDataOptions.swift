/// The service's own part of its settings.
struct MarketDataOptions: Decodable, Sendable {
    struct Exchange: Decodable, Sendable {
        /// `https://api.binance.com`, without `/api`.
        var baseURL: String
        /// PEM file of the certificate authorities to trust; the system's when absent.
        var rootsPath: String?
    }

    var exchange: Exchange
}
