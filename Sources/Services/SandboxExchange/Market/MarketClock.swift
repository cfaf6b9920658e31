/// Maps wall time to market time: the time in which prices, orders and trades live.
///
/// With generated prices the two are the same. A recorded market is in the past, so its time starts where the recording does and
/// runs on at `speed`; the exchange's own clock (`serverTime`, request timestamps, rate limits) stays wall time, because clients
/// sign with it. Both are milliseconds since 1970.
struct MarketClock: Sendable, Equatable {
    let wallAnchor: Int64
    let marketAnchor: Int64
    /// Market milliseconds per wall millisecond; 0 holds the market still.
    let speed: Int64

    static let maximumSpeed: Int64 = 1_000_000

    /// Market time is wall time.
    static let live = MarketClock(wallAnchor: 0, marketAnchor: 0, speed: 1)

    func marketTime(wall: Int64) -> Int64 {
        let elapsed = (wall - wallAnchor).multipliedReportingOverflow(by: speed)
        let (time, overflow) = marketAnchor.addingReportingOverflow(elapsed.partialValue)
        return elapsed.overflow || overflow ? .max : time
    }
}
