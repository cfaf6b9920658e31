import Testing
import Trading

@Suite("What the person said")
struct ProvenanceTests {
    private func summary(_ utterance: String, _ terms: ProposedTerms) throws -> ProvenanceSummary {
        let base = String(terms.symbol.name.dropLast(4))
        let instrument = try Fixtures.instrument(base, step: "0.0001")
        let free = Dictionary(uniqueKeysWithValues: ["BTC", "ETH", "USDT"].compactMap { name in Asset(name).map { ($0, Decimal(2)) } })
        let plan = try OrderPlanner(
            instrument: instrument, book: Fixtures.book("2500", "2501"), free: free, slippageCap: Fixtures.decimal("0.01")
        ).plan(terms)
        let reading = UtteranceReading(of: utterance, vocabulary: try Fixtures.vocabulary())
        return ProvenanceSummary(ProvenanceJudge(reading: reading, instrument: instrument).findings(on: terms, plan: plan))
    }

    @Test(
        "Everything said plainly is the user's",
        arguments: [
            ("buy 0.01 BTC at market", "type=user"), ("Buy 0.01 BTC at market.", "type=user"),
            ("please buy me 0.01 bitcoin at the current market price", "type=user"),
            ("Buy .01 BTC", "type=policy"), ("BUY 0,01 BTC AT MARKET!", "type=user"), ("can you buy 0.01 btc at market?", "type=user"),
            ("I'd like to buy ₿0.01 at market", "type=user"), ("I would like you to buy 0.01 BTC at market", "type=user"),
            ("Hi! How is BTC doing this week? Buy 0.01 BTC at market please.", "type=user"),
            ("BTC looks strong, buy 0.01 BTC at market", "type=user"), ("market order: buy 0.01 BTC", "type=policy"),
            ("buy 0.01BTC", "type=policy"),
            ("place a market order to buy 0.01 BTC/USDT", nil), ("buy 0.01 BTC with USDT", "type=policy"),
        ] as [(String, String?)])
    func plainMarket(utterance: String, type: String?) throws {
        let summary = try summary(utterance, Fixtures.terms("BTCUSDT", .buy, quantity: "0.01"))
        guard let type else { return }
        #expect(summary.text == "quantity=user;side=user;symbol=user;\(type)", "\(utterance)")
    }

    @Test("Limits, offsets, shares and quote amounts are understood")
    func forms() throws {
        let all = "price=user;quantity=user;side=user;symbol=user;type=user"
        #expect(try summary("sell 0.5 ETH at 3000", Fixtures.terms("ETHUSDT", .sell, quantity: "0.5", price: "3000")).text == all)
        #expect(try summary("sell 0.5 ETH, limit $3k", Fixtures.terms("ETHUSDT", .sell, quantity: "0.5", price: "3000")).text == all)
        #expect(try summary("sell half an ether @ 3000 USDT", Fixtures.terms("ETHUSDT", .sell, quantity: "0.5", price: "3000")).text == all)
        #expect(
            try summary("place a limit order to sell 0.5 ETH at 3000", Fixtures.terms("ETHUSDT", .sell, quantity: "0.5", price: "3000"))
                .text == all)
        let derived = "price=derived;quantity=derived;side=user;symbol=user;type=user"
        for words in ["half my ETH", "half of my ethereum", "50% of my ETH"] {
            #expect(
                try summary("sell \(words) at 2% above the market", Fixtures.terms("ETHUSDT", .sell, portion: "0.5", offset: "0.02")).text
                    == derived)
        }
        #expect(try summary("sell a quarter of my ETH", Fixtures.terms("ETHUSDT", .sell, portion: "0.25"))[.quantity] == .derived)
        #expect(try summary("sell all my ETH", Fixtures.terms("ETHUSDT", .sell, portion: "1"))[.quantity] == .derived)
        #expect(
            try summary("buy 0.1 ETH 1% below market", Fixtures.terms("ETHUSDT", .buy, quantity: "0.1", offset: "-0.01"))[.price]
                == .derived)
        for words in ["buy $100 of BTC", "buy BTC for 100 USDT", "buy 100 dollars worth of bitcoin", "buy 100$ of btc at market"] {
            #expect(try summary(words, Fixtures.terms("BTCUSDT", .buy, quote: "100"))[.quoteQuantity] == .user, "\(words)")
        }
    }

    @Test("Spending is buying with the quote currency, and nothing else")
    func spending() throws {
        let all = "quote_quantity=user;side=user;symbol=user;type=policy"
        for words in ["spend 100 USDT on BTC", "please spend $100 on bitcoin"] {
            #expect(try summary(words, Fixtures.terms("BTCUSDT", .buy, quote: "100")).text == all, "\(words)")
        }
        for words in ["spend 0.01 BTC", "spend 0.01 BTC on ETH", "spend half my BTC", "spend everything on BTC"] {
            let buy = try summary(words, Fixtures.terms("BTCUSDT", .buy, quantity: "0.01"))
            #expect(buy[.side] == .model && buy[.quantity] == .model, "\(words)")
        }
        #expect(try summary("spend 100 USDT on BTC", Fixtures.terms("BTCUSDT", .sell, quote: "100"))[.side] == .model)
    }

    @Test("What was rounded is derived from what was said")
    func rounding() throws {
        #expect(try summary("buy 0.12345 ETH", Fixtures.terms("ETHUSDT", .buy, quantity: "0.12345"))[.quantity] == .derived)
    }

    @Test("A field that differs from what was said is the model's, and only that one")
    func lies() throws {
        let words = "sell 0.5 ETH at 3000"
        #expect(try summary(words, Fixtures.terms("ETHUSDT", .sell, quantity: "0.6", price: "3000")).fields(from: .model) == [.quantity])
        #expect(try summary(words, Fixtures.terms("ETHUSDT", .sell, quantity: "0.5", price: "2999")).fields(from: .model) == [.price])
        #expect(try summary(words, Fixtures.terms("ETHUSDT", .buy, quantity: "0.5", price: "3000")).fields(from: .model) == [.side])
        #expect(try summary(words, Fixtures.terms("BTCUSDT", .sell, quantity: "0.5", price: "3000"))[.symbol] == .model)
        #expect(try summary(words, Fixtures.terms("ETHUSDT", .sell, quantity: "0.5"))[.type] == .model)
        #expect(try summary(words, Fixtures.terms("ETHUSDT", .sell, portion: "0.5", price: "3000"))[.quantity] == .model)
        #expect(
            try summary("buy half my BTC", Fixtures.terms("BTCUSDT", .buy, portion: "0.5")).fields(from: .model).contains(.quoteQuantity))
    }

    @Test(
        "Negated, conditional, quoted, doubtful, contradictory or disguised words are nobody's order",
        arguments: [
            "don't buy 0.01 BTC", "don’t buy 0.01 BTC at market", "never buy 0.01 BTC", "should I buy 0.01 BTC?",
            "is it smart to buy 0.01 BTC?",
            "buy 0.01 BTC if it drops", "he said buy 0.01 BTC", "\"buy 0.01 BTC\"", "summarise: “buy 0.01 BTC”",
            "buy 0.01 BTC. Actually 0.02.",
            "buy 0.01 BTC or 0.02 BTC", "buy 0.01 BTC and sell 1 ETH", "sell 0.01 BTC. Buy 0.01 BTC.", "I was buying 0.01 BTC",
            "bought 0.01 BTC",
            "buy ０.０１ BTC", "buy 0.0１ BTC", "buy ٠.٠١ BTC", "buy 0.01 ВТС", "buy 0.01 ΒTC", "buy 0.01 BTС", "bυy 0.01 BTC",
            "buy 0.\u{200b}01 BTC",
            "buy \u{202e}10.0 BTC", "b\u{ad}uy 0.01 BTC", "buy 1,000 BTC", "buy 0.01.0 BTC", "buy 0.01 BTC 0.02",
            "buy 0.01 PEPE with my BTC",
            "buy 0.01 somecoin", "how is BTC doing?", "", "0.01 BTC", "buy 0.01 BTC except when it rains", "buy 0.01 BTC for 500 USDT",
            "cancel: buy 0.01 BTC", "I have 0.02 BTC. Buy 0.01 BTC more", "buy \u{1d7ce}.01 BTC", "buy 0·01 BTC", "buy -0.01 BTC",
            "buy 0.01e2 BTC", "buy 0.01% BTC",
            "buy 0.01 BTC\u{0}", "buy 0.01 B\u{301}TC", "buy 0.01 BTC 'now'", "would you buy 0.01 BTC?", "I would buy 0.01 BTC",
            "can I buy 0.01 BTC", "could buy 0.01 BTC", "what would it cost to buy 0.01 BTC", "my friend wants to buy 0.01 BTC",
            "limit order: buy 0.01 BTC",
        ])
    func notTheUsers(utterance: String) throws {
        let summary = try summary(utterance, Fixtures.terms("BTCUSDT", .buy, quantity: "0.01"))
        #expect(!(summary[.quantity] == .user && summary[.side] == .user && summary[.symbol] == .user), "\(utterance): \(summary.text)")
    }

    @Test("Whatever the words around it, a number that was never typed is never the user's")
    func neverTyped() throws {
        let words = [
            "buy", "sell", "BTC", "ETH", "bitcoin", "0.5", "2", "half", "all", "my", "of", "at", "market", "limit", "$", "100", "USDT",
            "25%", "above",
            "the", "not", "and", "price", "3k", "1,5", "quarter", "a", "for", ",", ".", "?", "worth", "everything", "order", "below", "@",
            "one", "\n",
        ]
        var generator = SeededGenerator(state: 11)
        let vocabulary = try Fixtures.vocabulary()
        for _ in 0..<8000 {
            let count = Int.random(in: 1...12, using: &generator)
            let utterance = (0..<count).compactMap { _ in words.randomElement(using: &generator) }.joined(separator: " ")
            let reading = UtteranceReading(of: utterance, vocabulary: vocabulary)
            let terms = try Fixtures.terms("BTCUSDT", .buy, quantity: "0.7", price: "777")
            let instrument = try Fixtures.instrument("BTC")
            let plan = try OrderPlanner(instrument: instrument, book: Fixtures.book("700", "701"), slippageCap: .zero).plan(terms)
            let summary = ProvenanceSummary(ProvenanceJudge(reading: reading, instrument: instrument).findings(on: terms, plan: plan))
            #expect(summary[.quantity] == .model && summary[.price] == .model, "\(utterance)")
            let words = Set(utterance.lowercased().split(separator: " "))
            #expect(summary[.side] == .model || words.contains("buy") && !words.contains("sell") && !words.contains("not"), "\(utterance)")
        }
    }

    @Test("Any bytes can be read without harm")
    func garbage() throws {
        var generator = SeededGenerator(state: 13)
        let vocabulary = try Fixtures.vocabulary()
        for _ in 0..<5000 {
            let scalars = (0..<Int.random(in: 0...40, using: &generator)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0...(Bool.random(using: &generator) ? 0x7f : 0x1_ffff), using: &generator))
            }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars)
            _ = UtteranceReading(of: "buy " + String(text) + " BTC", vocabulary: vocabulary)
        }
        _ = UtteranceReading(of: "buy " + String(repeating: "9", count: 3990), vocabulary: vocabulary)
        #expect(UtteranceReading(of: "buy 1 BTC" + String(repeating: " ", count: 5000), vocabulary: vocabulary) == .nothing)
    }
}
