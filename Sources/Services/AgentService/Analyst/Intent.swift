internal import Trading

/// What the analyst takes an utterance to ask for.
enum Intent: Sendable, Equatable {
    case order(ProposeArguments)
    /// Something to trade was named, but not all that an order needs.
    case incompleteOrder(missing: [String])
    /// It speaks of buying or selling, and can't be read as exactly one order.
    case unclearOrder
    case analysis([Instrument], TimeSpan)
    case candles(Instrument, TimeSpan, count: UInt32)
    case price([Instrument])
    case portfolio
    case openOrders
    case help
    case unknown
}

/// Reads an utterance by fixed rules. Orders are read by the same grammar by which execution checks them.
struct IntentReader: Sendable {
    private let assets: AssetWords
    private let vocabulary: AssetVocabulary

    private static let trade: Set<String> = [
        "buy", "sell", "purchase", "acquire", "liquidate", "spend", "invest", "dump", "offload", "order",
    ]
    private static let owning: Set<String> = [
        "own", "portfolio", "balance", "balances", "holdings", "holding", "hold", "wallet", "funds", "assets", "positions", "account",
    ]
    private static let orders: Set<String> = ["orders", "pending", "outstanding"]
    private static let analysis: Set<String> = [
        "how", "how's", "doing", "going", "analysis", "analyse", "analyze", "trend", "trending", "rsi", "sma", "ema", "atr", "indicator",
        "indicators", "performance", "performed", "performing", "outlook", "volatility", "volatile", "moved", "move", "change", "changed",
        "high",
        "low", "up", "down", "look", "looking", "overbought", "oversold", "average", "should", "think", "happening", "technical",
    ]
    private static let price: Set<String> = [
        "price", "prices", "quote", "quotes", "cost", "costs", "rate", "worth", "trading", "ticker", "bid", "ask", "much",
    ]
    private static let help: Set<String> = ["help", "hi", "hello", "hey", "who", "commands"]

    /// Most markets that one answer is about.
    private static let maxMarkets = 3
    private static let candlesShown: UInt32 = 10
    private static let maxCandlesShown: UInt32 = 50

    init(_ instruments: [Instrument]) {
        assets = AssetWords(instruments: instruments)
        vocabulary = AssetVocabulary(instruments)
    }

    func intent(of text: String) -> Intent {
        let question = Question(text)
        let reading = UtteranceReading(of: OrderParaphrase.rewritten(text), vocabulary: vocabulary)
        if reading.side != nil { return OrderReader.intent(of: reading) }
        return looking(question) ?? (question.says(Self.trade) ? .unclearOrder : asking(question))
    }

    /// What belongs to the person.
    private func looking(_ question: Question) -> Intent? {
        if question.says(Self.orders), !question.says(["buy", "sell"]) { return .openOrders }
        if question.says("open", "order") { return .openOrders }
        if question.says(Self.owning) || question.says("i", "have") || question.says("i", "got") || question.says("am", "i") {
            return question.says(["buy", "sell"]) ? nil : .portfolio
        }
        return nil
    }

    /// What belongs to the market.
    private func asking(_ question: Question) -> Intent {
        let named = assets.markets(in: question)
        let span = TimeSpan(in: question)
        if question.says(["candle", "candles", "chart", "ohlc"]), let market = named.first {
            let count = question.words.compactMap(UInt32.init).first { (1...Self.maxCandlesShown).contains($0) }
            return .candles(market, span ?? .day, count: count ?? Self.candlesShown)
        }
        let markets = Array((named.isEmpty ? assets.instruments : named).prefix(Self.maxMarkets))
        let isAboutMarkets = !named.isEmpty || question.says(["market", "markets", "crypto", "prices"])
        if isAboutMarkets, question.says(Self.price), span == nil { return .price(markets) }
        if isAboutMarkets, question.says(Self.analysis) || span != nil { return .analysis(markets, span ?? .day) }
        if question.says(Self.help) || question.says("can", "you") { return .help }
        return isAboutMarkets ? .price(markets) : .unknown
    }
}
