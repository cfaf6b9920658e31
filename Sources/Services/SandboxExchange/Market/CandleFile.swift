import FoundationEssentials
import Trading

/// A file of candles in the columns of Binance's public kline files, with or without its header row.
struct CandleFile: Sendable {
    enum Failure: Error, Equatable, CustomStringConvertible {
        case unreadable(String)
        case malformed(line: Int, String)
        case empty

        var description: String {
            switch self {
            case .unreadable(let path): "candle file \(path) cannot be read"
            case .malformed(let line, let reason): "candle file, line \(line): \(reason)"
            case .empty: "candle file has no candles"
            }
        }
    }

    /// Largest file taken, in bytes: a year of minutes is about 60 MB.
    private static let maximumBytes = 256 << 20

    let candles: [Candle]
    let interval: CandleInterval

    init(path: String) throws {
        guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int, size <= Self.maximumBytes,
            let text = FileManager.default.contents(atPath: path)
        else { throw Failure.unreadable(path) }
        try self.init(bytes: Array(text))
    }

    init(bytes: [UInt8]) throws {
        var candles: [Candle] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let row = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            let isHeader = index == 0 && row.first.map { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
            if row.isEmpty || isHeader { continue }
            let candle = try Self.candle(row, line: index + 1)
            if let last = candles.last, candle.openTime <= last.openTime {
                throw Failure.malformed(line: index + 1, "open times must ascend")
            }
            candles.append(candle)
        }
        guard let first = candles.first else { throw Failure.empty }
        interval = try Self.interval(of: first)
        self.candles = candles
    }

    private static func interval(of candle: Candle) throws -> CandleInterval {
        let length = candle.closeTime - candle.openTime + 1
        guard let interval = CandleInterval.allCases.first(where: { $0.milliseconds == length }) else {
            throw Failure.malformed(line: 1, "no candle interval is \(length) ms long")
        }
        return interval
    }

    private static func candle(_ row: ArraySlice<UInt8>, line: Int) throws -> Candle {
        let fields = row.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        guard fields.count >= 11 else { throw Failure.malformed(line: line, "11 or 12 columns expected") }
        func number(_ index: Int) throws -> Decimal {
            guard let value = try? Decimal(plain: fields[index]), !value.isNegative else {
                throw Failure.malformed(line: line, "column \(index + 1) is not a decimal")
            }
            return value
        }
        func time(_ index: Int) throws -> Int64 {
            guard let value = Int64(fields[index]) else { throw Failure.malformed(line: line, "column \(index + 1) is not a time") }
            // Files since 2025 count microseconds.
            return value >= 100_000_000_000_000 ? value / 1000 : value
        }
        let candle = Candle(
            openTime: try time(0), open: try number(1), high: try number(2), low: try number(3), close: try number(4),
            volume: try number(5), closeTime: try time(6), quoteVolume: try number(7), trades: Int64(fields[8]) ?? 0,
            takerBuyVolume: try number(9), takerBuyQuoteVolume: try number(10))
        guard candle.low <= min(candle.open, candle.close), candle.high >= max(candle.open, candle.close), candle.low.isPositive else {
            throw Failure.malformed(line: line, "low, open, close and high do not fit")
        }
        return candle
    }
}
