import Exchange
import Synchronization

/// Candles from the store where they are complete, else from the exchange.
///
/// A candle is taken for closed when the exchange has shown a later one; the clock is not asked, since a replayed market is in the past.
/// Only closed candles are stored.
final class CandleDesk: Sendable {
    private let exchange: ExchangeReader
    private let store: CandleStore
    private let limits: MarketDataLimits
    private let newest: CachedReader<CandleRequest.Newest, [Kline]>
    private let flight = SingleFlight<CandleRequest, [Kline]>()
    /// Open time of the last candle seen of each series, which may still be open.
    private let heads = Mutex<[CandleSeries: Int64]>([:])

    init(exchange: ExchangeReader, store: CandleStore, limits: MarketDataLimits) {
        self.exchange = exchange
        self.store = store
        self.limits = limits
        newest = CachedReader(
            freshFor: limits.candlesFreshFor, staleAfter: limits.candlesFreshFor, capacity: limits.cacheCapacity
        ) { key in
            try await exchange.read {
                try await $0.klines(
                    symbol: key.series.symbol, interval: key.series.interval, start: nil, end: key.end, limit: key.limit)
            }
        }
    }

    /// Oldest first: the first ones from `start`, else the last ones up to `end`.
    ///
    /// - Throws: `RPCError`, storage errors.
    func candles(_ request: CandleRequest) async throws -> [Kline] {
        guard request.start != nil else { return try await lastCandles(request.series, end: request.end, limit: request.limit) }
        return try await flight.value(for: request) { [self] in try await firstCandles(request) }
    }

    private func lastCandles(_ series: CandleSeries, end: Int64?, limit: Int) async throws -> [Kline] {
        let candles = try await newest.value(for: .init(series: series, end: end, limit: limit))
        guard let first = candles.first, let last = candles.last else { return [] }
        if end == nil { raiseHead(of: series, to: last.openTime) }
        try await keep(candles, of: series, within: first.openTime...last.openTime)
        return candles
    }

    private func firstCandles(_ request: CandleRequest) async throws -> [Kline] {
        let step = request.series.interval.milliseconds
        let newest = try await lastCandles(request.series, end: nil, limit: 1).last
        guard let newest, let start = request.start else { return [] }
        let end = min(request.end ?? newest.openTime, newest.openTime) / step * step
        var next = (start + step - 1) / step * step
        var found: [Kline] = []
        var requests = 0
        while next <= end, found.count < request.limit, requests < limits.maximumCandleRequests {
            let window = next...min(end, next + Int64(CandleRequest.maximumLimit - 1) * step)
            requests += try await fill(window, of: request.series)
            found += try await store.candles(of: request.series, in: window, limit: request.limit - found.count)
            next = window.upperBound + step
        }
        // The newest one may be open: it is shown as it is now, never stored.
        if end == newest.openTime, next > end, found.count < request.limit, found.last?.openTime != newest.openTime { found.append(newest) }
        return found
    }

    /// Fetches what the store lacks of a window of at most a thousand candles.
    ///
    /// - Returns: how many requests that took, at least 1.
    private func fill(_ window: ClosedRange<Int64>, of series: CandleSeries) async throws -> Int {
        let gaps = try await store.spans(of: series).gaps(in: window, step: series.interval.milliseconds)
        for gap in gaps.prefix(limits.maximumCandleRequests) {
            let candles = try await exchange.read {
                try await $0.klines(
                    symbol: series.symbol, interval: series.interval, start: gap.lowerBound, end: gap.upperBound,
                    limit: CandleRequest.maximumLimit)
            }
            try await keep(candles, of: series, within: gap)
        }
        return max(1, gaps.count)
    }

    /// Stores the closed ones of candles that are all there are in `range`.
    private func keep(_ candles: [Kline], of series: CandleSeries, within range: ClosedRange<Int64>) async throws {
        let step = series.interval.milliseconds
        let head = max(heads.withLock { $0[series] } ?? 0, candles.last?.openTime ?? 0)
        let last = min(range.upperBound, head - step)
        guard range.lowerBound <= last else { return }
        let span = range.lowerBound...last
        guard try await !store.spans(of: series).gaps(in: span, step: step).isEmpty else { return }
        try await store.add(candles.filter { span.contains($0.openTime) }, to: series, complete: span)
    }

    private func raiseHead(of series: CandleSeries, to time: Int64) {
        heads.withLock { $0[series] = max($0[series] ?? 0, time) }
    }
}

extension CandleRequest {
    /// The last candles up to a time.
    struct Newest: Hashable, Sendable {
        let series: CandleSeries
        let end: Int64?
        let limit: Int
    }
}
