/// The names by which people call assets.
public struct AssetVocabulary: Sendable {
    private let assetsByWord: [String: Set<Asset>]
    private let pairsByWord: [String: Symbol]
    /// Everything that may be traded.
    let instruments: [Instrument]

    private static let nicknames: [String: [String]] = [
        "BTC": ["bitcoin", "bitcoins", "xbt", "₿"], "ETH": ["ether", "ethers", "ethereum"], "SOL": ["solana"], "XRP": ["ripple"],
        "ADA": ["cardano"], "DOGE": ["dogecoin", "dogecoins"], "LTC": ["litecoin", "litecoins"], "DOT": ["polkadot"], "AVAX": ["avalanche"],
        "USDT": ["tether", "$", "usd", "dollar", "dollars", "bucks"], "USDC": ["$", "usd", "dollar", "dollars", "bucks"],
        "FDUSD": ["$", "usd", "dollar", "dollars", "bucks"], "EUR": ["€", "euro", "euros"],
    ]

    public init(_ instruments: [Instrument]) {
        var words: [String: Set<Asset>] = [:]
        var pairs: [String: Symbol] = [:]
        for asset in Set(instruments.flatMap { [$0.base, $0.quote] }) {
            for word in [asset.name.lowercased()] + (AssetVocabulary.nicknames[asset.name] ?? []) { words[word, default: []].insert(asset) }
        }
        for instrument in instruments {
            let (base, quote) = (instrument.base.name.lowercased(), instrument.quote.name.lowercased())
            for word in [instrument.symbol.name.lowercased(), "\(base)/\(quote)", "\(base)-\(quote)"] { pairs[word] = instrument.symbol }
        }
        assetsByWord = words
        pairsByWord = pairs
        self.instruments = instruments
    }

    /// The assets that a lower-case word may mean: `dollars` may be any of several.
    func assets(named word: String) -> Set<Asset>? { assetsByWord[word] }

    func pair(named word: String) -> Symbol? { pairsByWord[word] }

    /// The base assets among those that a word may mean.
    func isBase(_ assets: Set<Asset>) -> Bool {
        instruments.contains { assets.contains($0.base) }
    }

    func isQuote(_ assets: Set<Asset>) -> Bool {
        instruments.contains { assets.contains($0.quote) }
    }
}
