import NIOConcurrencyHelpers

/// Keeps closed long candles, which take thousands of short ones to put together.
final class CandleCache: Sendable {
    private struct Key: Hashable {
        let length: CandleInterval
        let openTime: Int64
    }

    /// Emptied when full: what is asked for again comes back soon.
    private static let capacity = 20_000
    private let candles = NIOLockedValueBox<[Key: Candle]>([:])

    /// - Parameter make: nil results are not kept.
    func candle(openTime: Int64, length: CandleInterval, _ make: () throws -> Candle?) rethrows -> Candle? {
        let key = Key(length: length, openTime: openTime)
        if let kept = candles.withLockedValue({ $0[key] }) { return kept }
        guard let made = try make() else { return nil }
        candles.withLockedValue { candles in
            if candles.count >= Self.capacity { candles = [:] }
            candles[key] = made
        }
        return made
    }
}
