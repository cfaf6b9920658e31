import Exchange
import MeshCall
import ServiceAPI

/// Reads the book tickers of all streams in one request at a time and hands each stream the changes of its symbols.
actor TickerHub {
    private let exchange: ExchangeReader
    private let limits: MarketDataLimits
    /// Milliseconds since 1970.
    private let now: @Sendable () -> Int64
    private var streams: [Int: TickerMailbox] = [:]
    private var nextID = 0
    private var lastSuccess = ContinuousClock.now

    init(exchange: ExchangeReader, limits: MarketDataLimits, now: @escaping @Sendable () -> Int64) {
        self.exchange = exchange
        self.limits = limits
        self.now = now
    }

    /// - Throws: `RPCError` RESOURCE_EXHAUSTED when there are too many streams or symbols.
    func subscribe(to symbols: Set<String>) throws -> (id: Int, mailbox: TickerMailbox) {
        let watched = streams.values.reduce(into: symbols) { $0.formUnion($1.symbols) }
        guard streams.count < limits.maximumStreams, watched.count <= limits.maximumStreamedSymbols else {
            throw RPCError(.resourceExhausted, "Too many ticker streams are open.", reason: "TOO_MANY_STREAMS")
        }
        if streams.isEmpty { lastSuccess = .now }
        nextID += 1
        let mailbox = TickerMailbox(symbols: symbols)
        streams[nextID] = mailbox
        return (nextID, mailbox)
    }

    func unsubscribe(_ id: Int) {
        streams[id] = nil
    }

    /// Reads at each interval while anybody listens; until cancelled.
    func run() async throws {
        while true {
            try await Task.sleep(for: limits.pollInterval)
            if !streams.isEmpty { await poll() }
        }
    }

    private func poll() async {
        let symbols = streams.values.reduce(into: Set<String>()) { $0.formUnion($1.symbols) }.sorted()
        do {
            let tickers = try await exchange.read { try await $0.bookTickers(symbols: symbols) }
            lastSuccess = .now
            let time = now()
            for ticker in tickers.map({ MarketDataV1.BookTicker($0, time: time) }) {
                for mailbox in streams.values { mailbox.put(ticker) }
            }
        } catch {
            guard ContinuousClock.now - lastSuccess > limits.staleAfter else { return }
            let end = RPCError(.unavailable, "The exchange cannot be reached.", reason: "EXCHANGE_UNAVAILABLE", cause: error)
            for mailbox in streams.values { mailbox.fail(end) }
        }
    }
}
