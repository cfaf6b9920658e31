internal import Trading

/// The words by which people call the assets of the markets that the analyst knows.
struct AssetWords: Sendable {
    private static let nicknames: [String: String] = [
        "bitcoin": "BTC", "bitcoins": "BTC", "xbt": "BTC", "ether": "ETH", "ethers": "ETH", "ethereum": "ETH", "solana": "SOL",
        "ripple": "XRP", "cardano": "ADA", "dogecoin": "DOGE", "litecoin": "LTC", "polkadot": "DOT", "avalanche": "AVAX",
    ]

    let instruments: [Instrument]

    /// The markets that a question names, in its order, each once.
    func markets(in question: Question) -> [Instrument] {
        var found: [Instrument] = []
        for word in question.words {
            guard let market = market(named: word), !found.contains(market) else { continue }
            found.append(market)
        }
        return found
    }

    private func market(named word: String) -> Instrument? {
        let name = (AssetWords.nicknames[word] ?? word).uppercased()
        return instruments.first { market in
            let pair = [
                market.base.name + market.quote.name, market.base.name + "/" + market.quote.name,
                market.base.name + "-" + market.quote.name,
            ]
            return market.base.name == name || pair.contains(name)
        }
    }

    /// The market of a base asset.
    func market(of base: String) -> Instrument? {
        instruments.first { $0.base.name == base }
    }
}
