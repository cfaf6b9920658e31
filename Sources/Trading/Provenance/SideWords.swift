/// The words that ask for an order.
enum SideWords {
    /// Spending is buying with what is spent.
    private static let spend = "spend"

    static let sides: [String: Side] = [
        "buy": .buy, "purchase": .buy, "acquire": .buy, spend: .buy, "sell": .sell, "liquidate": .sell,
    ]

    /// Whether the amounts go with the word: who spends bitcoin does not buy it, so what is spent must be quote currency.
    static func fits(_ word: String, amounts: [UtteranceReading.Amount], _ vocabulary: AssetVocabulary) -> Bool {
        word.lowercased() != spend
            || amounts.allSatisfy {
                switch $0 {
                case .quantity: false
                case .quoteQuantity: true
                case .portion(_, let asset): asset.map { vocabulary.isQuote($0) && !vocabulary.isBase($0) } ?? false
                }
            }
    }
}
