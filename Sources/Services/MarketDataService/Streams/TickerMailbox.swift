import ServiceAPI
import Synchronization

/// What waits for one slow reader: the latest ticker of each of its symbols and no more. For one reader.
final class TickerMailbox: Sendable {
    let symbols: Set<String>
    private let state = Mutex(State())
    private let signal: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    private struct State {
        var waiting: [String: MarketDataV1.BookTicker] = [:]
        var last: [String: MarketDataV1.BookTicker] = [:]
        var failure: (any Error)?
    }

    init(symbols: Set<String>) {
        self.symbols = symbols
        (signal, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Keeps the ticker if it is of one of the symbols and its prices or quantities differ from the last one.
    func put(_ ticker: MarketDataV1.BookTicker) {
        guard symbols.contains(ticker.symbol) else { return }
        let isNews = state.withLock { state in
            if let last = state.last[ticker.symbol], last.shows(ticker) { return false }
            state.last[ticker.symbol] = ticker
            state.waiting[ticker.symbol] = ticker
            return true
        }
        if isNews { wake.yield() }
    }

    /// Ends the reader with an error.
    func fail(_ error: any Error) {
        state.withLock { $0.failure = error }
        wake.yield()
    }

    /// The tickers that came since the last call, waiting for the first; nil when the reader's task is cancelled.
    func next() async throws -> [MarketDataV1.BookTicker]? {
        for await _ in signal {
            let (tickers, failure) = state.withLock { state in
                defer { state.waiting = [:] }
                return (state.waiting.values.sorted { $0.symbol < $1.symbol }, state.failure)
            }
            if let failure { throw failure }
            if !tickers.isEmpty { return tickers }
        }
        return nil
    }
}

extension MarketDataV1.BookTicker {
    /// Everything but the time is the same.
    fileprivate func shows(_ other: MarketDataV1.BookTicker) -> Bool {
        var other = other
        other.timeMs = timeMs
        return self == other
    }
}
