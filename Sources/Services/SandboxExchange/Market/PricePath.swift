import Trading

/// How the price moves within one candle, in 60 beats: from open to the nearer extreme of a rise or fall, to the other one, to close.
struct PricePath: Sendable {
    static let beats = 60

    let candle: Candle
    let tickSize: Decimal

    /// Beats at which the path turns, and the prices there. Both extremes are reached.
    private var turns: [(beat: Int, price: Decimal)] {
        let rises = candle.close >= candle.open
        return [(0, candle.open), (20, rises ? candle.low : candle.high), (40, rises ? candle.high : candle.low), (59, candle.close)]
    }

    /// - Parameter beat: 0 to 59; beyond it the close.
    func price(beat: Int) throws -> Decimal {
        guard beat < Self.beats - 1 else { return candle.close }
        let turns = turns
        let next = turns.firstIndex { $0.beat > beat } ?? turns.count - 1
        let (from, to) = (turns[next - 1], turns[next])
        let moved = try (to.price - from.price).multiplied(
            by: Decimal(Int64(beat - from.beat)), rounding: .down
        ).divided(by: Decimal(Int64(to.beat - from.beat)), scale: 8, rounding: .down)
        let price = try (from.price + moved).roundedDown(toStep: tickSize)
        return min(max(price, candle.low), candle.high)
    }

    /// The beat that `time` falls in.
    func beat(at time: Int64) -> Int {
        let length = candle.closeTime - candle.openTime + 1
        let position = max(0, min(time - candle.openTime, length - 1))
        return Int(position * Int64(Self.beats) / length)
    }

    /// When a beat begins.
    func time(ofBeat beat: Int) -> Int64 {
        let length = candle.closeTime - candle.openTime + 1
        return candle.openTime + (Int64(beat) * length + Int64(Self.beats) - 1) / Int64(Self.beats)
    }
}
