/// Reads an order sentence from left to right as phrases: each token belongs to one, or the sentence is not understood.
struct OrderPhrases {
    private let tokens: [UtteranceToken]
    private let vocabulary: AssetVocabulary
    private var position = 0
    private var sides: [Said<Side>] = []
    private var types: [Said<OrderType>] = []
    private var amounts: [Said<UtteranceReading.Amount>] = []
    private var prices: [Said<UtteranceReading.Price>] = []
    private var pairs: [Said<Symbol>] = []
    private var mentions: [Said<Set<Asset>>] = []

    private static let fillers: Set<String> = [
        "a", "an", "the", "my", "me", "i", "i'll", "you", "it", "please", "pls", "to", "let's", "lets", "go", "ahead", "and", "then", "now",
        "right", "immediately", "asap", "today", "just", "of", "for", "with", "in", "into", "from", "on", "at", "order", "place", "make",
        "put",
        "some", "worth", "hi", "hello", "hey", "ok", "okay", "yes", "thanks", "thank", "using", "holdings", "holding", "balance",
        "position",
        "coins", "coin", "spot", "wallet", "account", "good", "till", "cancelled", "gtc", "quickly", "execute", "submit",
    ]
    /// Understood only before one of these words: "I would like to buy" asks for the deed, "I would buy" does not.
    private static let fillersBefore: [String: Set<String>] = [
        "can": ["you"], "could": ["you"], "would": ["like"], "i'd": ["like"], "like": ["to", "you"], "want": ["to", "you"],
        "need": ["to", "you"],
    ]
    private static let marketWords: Set<String> = ["market", "current"]
    private static let above: Set<String> = ["above", "over"]
    private static let below: Set<String> = ["below", "under"]

    /// Nil when any word of the sentence is not understood.
    init?(_ tokens: [UtteranceToken], vocabulary: AssetVocabulary) {
        self.tokens = tokens
        self.vocabulary = vocabulary
        while position < tokens.count {
            guard phrase() else { return nil }
        }
    }

    private mutating func phrase() -> Bool {
        side() || offset() || limit() || market() || portion() || amount() || pair() || mention() || filler()
    }

    // MARK: - Looking at tokens

    private func word(_ ahead: Int = 0) -> String? {
        guard position + ahead < tokens.count, case .word(let word) = tokens[position + ahead].kind else { return nil }
        return word
    }

    private func number(_ ahead: Int) -> Decimal? {
        guard position + ahead < tokens.count else { return nil }
        switch tokens[position + ahead].kind {
        case .number(let value): return value
        case .word(let word): return SpokenNumber.word(word)
        default: return nil
        }
    }

    private func percent(_ ahead: Int) -> Decimal? {
        guard position + ahead < tokens.count, case .percent(let value) = tokens[position + ahead].kind else { return nil }
        return value
    }

    private func asset(_ ahead: Int) -> Set<Asset>? {
        guard position + ahead < tokens.count else { return nil }
        switch tokens[position + ahead].kind {
        case .word(let word): return vocabulary.assets(named: word)
        case .symbol(let sign): return vocabulary.assets(named: sign)
        default: return nil
        }
    }

    /// How many of `words` stand from `ahead` on.
    private func run(of words: Set<String>, from ahead: Int) -> Int {
        var count = 0
        while let word = word(ahead + count), words.contains(word) { count += 1 }
        return count
    }

    private mutating func take<Value>(_ count: Int, _ value: Value) -> Said<Value> {
        let words = tokens[position..<position + count].map(\.text).joined(separator: " ")
        position += count
        return Said(value, words: words)
    }

    /// `$100`, `100 USDT`, `100$`, `100`: the number, its asset if said, and how many tokens.
    private func money(_ ahead: Int) -> (value: Decimal, asset: Set<Asset>?, count: Int)? {
        if let sign = asset(ahead), case .symbol = tokens[position + ahead].kind, let value = number(ahead + 1) { return (value, sign, 2) }
        guard let value = number(ahead) else { return nil }
        let of = word(ahead + 1) == "of" && asset(ahead + 2) != nil ? 1 : 0
        return asset(ahead + 1 + of).map { (value, $0, 2 + of) } ?? (value, nil, 1)
    }

    // MARK: - Phrases

    private mutating func side() -> Bool {
        guard let word = word(), let side = SideWords.sides[word] else { return false }
        sides.append(take(1, side))
        return true
    }

    /// `at 2% above the market`
    private mutating func offset() -> Bool {
        let start = word() == "at" || isAtSign ? 1 : 0
        guard let part = percent(start), let direction = word(start + 1) else { return false }
        guard OrderPhrases.above.contains(direction) || OrderPhrases.below.contains(direction) else { return false }
        let rest = run(of: ["the", "current", "market", "spot", "price", "rate"], from: start + 2)
        guard rest > 0 else { return false }
        let said = take(start + 2 + rest, UtteranceReading.Price.offset(OrderPhrases.above.contains(direction) ? part : -part))
        prices.append(said)
        return true
    }

    private var isAtSign: Bool { position < tokens.count && tokens[position].kind == .symbol("@") }

    /// `at 42000`, `@ $42k`, `limit 42000 USDT`, `limit price of 42000`, `limit order`
    private mutating func limit() -> Bool {
        let lead = run(of: ["with", "a", "the", "at", "limit", "price", "order", "of"], from: 0) + (isAtSign ? 1 : 0)
        let says = (0..<lead).compactMap { word($0) }
        let saysLimit = says.contains("limit")
        guard saysLimit || isAtSign || says.contains("at") || says.contains("price") else { return false }
        if let price = money(lead), price.asset.map(vocabulary.isQuote) ?? true {
            prices.append(take(lead + price.count, .limit(price.value, in: price.asset)))
            if saysLimit, let said = prices.last { types.append(Said(.limit, words: said.words)) }
            return true
        }
        guard saysLimit else { return false }
        types.append(take(lead, .limit))
        return true
    }

    /// `at market`, `market order`, `at the current price`
    private mutating func market() -> Bool {
        let lead = run(of: ["at", "the", "a", "with"], from: 0)
        let count = run(of: ["market", "current", "price", "rate", "order", "spot"], from: lead)
        let says = (lead..<lead + count).compactMap { word($0) }
        guard says.contains(where: OrderPhrases.marketWords.contains) else { return false }
        types.append(take(lead + count, .market))
        return true
    }

    /// `half my ETH`, `25% of my bitcoin`, `a quarter of the ETH`, `all my BTC`, `everything`
    private mutating func portion() -> Bool {
        let article = word() == "a" || word() == "one" ? 1 : 0
        guard let part = part(article) else { return false }
        let links = run(of: ["of", "my", "the", "entire", "whole", "our"], from: article + 1)
        if part == OrderPhrases.half, article == 0, ["a", "an"].contains(word(1)), let base = asset(2), vocabulary.isBase(base) {
            amounts.append(take(3, .quantity(part, of: base)))
            mentions.append(Said(base, words: amounts[amounts.count - 1].words))
            return true
        }
        let asset = asset(article + 1 + links)
        // A share of nothing named, or of "a" coin, is not a share of what the person has.
        guard asset != nil || word(article) == "everything" else { return false }
        amounts.append(take(article + 1 + links + (asset == nil ? 0 : 1), .portion(part, of: asset)))
        if let asset, let words = amounts.last?.words { mentions.append(Said(asset, words: words)) }
        return true
    }

    private static let half = try? Decimal(canonical: "0.5")

    private func part(_ ahead: Int) -> Decimal? {
        if let percent = percent(ahead) { return percent }
        switch word(ahead) {
        case "half": return OrderPhrases.half
        case "quarter": return try? Decimal(canonical: "0.25")
        case "all", "everything", "entire", "whole": return .one
        default: return nil
        }
    }

    /// `0.01 BTC`, `₿0.5`, `$100 worth`, `100 USDT`
    private mutating func amount() -> Bool {
        guard let money = money(0), let asset = money.asset else { return false }
        let isBase = vocabulary.isBase(asset)
        guard isBase != vocabulary.isQuote(asset) else { return false }
        amounts.append(take(money.count, isBase ? .quantity(money.value, of: asset) : .quoteQuantity(money.value, in: asset)))
        if let words = amounts.last?.words { mentions.append(Said(asset, words: words)) }
        return true
    }

    private mutating func pair() -> Bool {
        guard let word = word(), let symbol = vocabulary.pair(named: word) else { return false }
        pairs.append(take(1, symbol))
        return true
    }

    private mutating func mention() -> Bool {
        guard let asset = asset(0) else { return false }
        mentions.append(take(1, asset))
        return true
    }

    private mutating func filler() -> Bool {
        guard let first = word() else { return false }
        guard OrderPhrases.fillers.contains(first) || word(1).map({ OrderPhrases.fillersBefore[first]?.contains($0) == true }) == true
        else {
            return false
        }
        position += 1
        return true
    }

    // MARK: - What they come to

    /// Each field that exactly one phrase decides.
    var reading: UtteranceReading {
        var reading = UtteranceReading.nothing
        guard let side = OrderPhrases.only(sides), SideWords.fits(side.words, amounts: amounts.map(\.value), vocabulary) else {
            return reading
        }
        reading.side = side
        reading.symbol = symbol
        reading.amount = OrderPhrases.only(amounts)
        reading.price = OrderPhrases.only(prices)
        reading.type = type
        reading.leavesTypeOpen = types.isEmpty && prices.isEmpty
        return reading
    }

    private static func only<Value>(_ said: [Said<Value>]) -> Said<Value>? {
        said.count == 1 ? said.first : nil
    }

    private var type: Said<OrderType>? {
        // Naming one price asks for a limit.
        let priced = prices.map { Said(OrderType.limit, words: $0.words) }
        let all = types + priced
        return prices.count < 2 && Set(all.map(\.value)).count == 1 ? all.first : nil
    }

    /// The only instrument that has all the assets named, its base among them.
    private var symbol: Said<Symbol>? {
        let currencies = prices.compactMap { if case .limit(_, let asset) = $0.value { asset } else { nil } }
        let named = mentions.map(\.value) + currencies
        let fitting = vocabulary.instruments.filter { instrument in
            named.allSatisfy { $0.contains(instrument.base) || $0.contains(instrument.quote) }
                && pairs.allSatisfy { $0.value == instrument.symbol }
                && (!pairs.isEmpty || mentions.contains { $0.value.contains(instrument.base) })
        }
        guard fitting.count == 1, let only = fitting.first else { return nil }
        let words = pairs.first?.words ?? mentions.first { $0.value.contains(only.base) }?.words
        return words.map { Said(only.symbol, words: $0) }
    }
}
