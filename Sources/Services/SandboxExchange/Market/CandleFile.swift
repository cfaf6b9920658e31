import FoundationEssentials
import Trading

/// A file of candles in the columns of Binance's public kline files, with or without its header row.
///
/// Reading finds the rows and their open times; a row's numbers are read when it is asked for.
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
    /// Most trades that a candle may count: beyond any market, and far from where sums and products of counts overflow.
    private static let maximumTrades: Int64 = 1_000_000_000_000
    fileprivate static let columns = 11

    let interval: CandleInterval
    /// Open times of the first and the last row.
    let span: ClosedRange<Int64>
    private let bytes: [UInt8]
    private let rows: [Int64: Range<Int>]

    init(path: String) throws {
        guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int, size <= Self.maximumBytes,
            let text = FileManager.default.contents(atPath: path)
        else { throw Failure.unreadable(path) }
        try self.init(bytes: Array(text))
    }

    init(bytes: [UInt8]) throws {
        var index = RowIndex()
        try bytes.withUnsafeBufferPointer { try index.read($0) }
        guard let first = index.times.first, let last = index.times.last, let row = index.rows[first] else { throw Failure.empty }
        interval = try Self.interval(of: try Self.candle(bytes[row], line: 1))
        (self.bytes, rows, span) = (bytes, index.rows, first...last)
    }

    /// Nil when there is no row of this open time.
    ///
    /// - Throws: `Failure.malformed` for a row whose prices do not fit each other.
    func candle(openTime: Int64) throws -> Candle? {
        guard let row = rows[openTime] else { return nil }
        return try Self.candle(bytes[row], line: 0)
    }

    private static func interval(of candle: Candle) throws -> CandleInterval {
        let length = candle.closeTime - candle.openTime + 1
        guard let interval = CandleInterval.allCases.first(where: { $0.milliseconds == length }) else {
            throw Failure.malformed(line: 1, "no candle interval is \(length) ms long")
        }
        return interval
    }

    /// Files since 2025 count microseconds.
    fileprivate static func time(_ text: String, line: Int) throws -> Int64 {
        guard let value = Int64(text) else { throw Failure.malformed(line: line, "\(text) is not a time") }
        return value >= 100_000_000_000_000 ? value / 1000 : value
    }

    private static func candle(_ row: ArraySlice<UInt8>, line: Int) throws -> Candle {
        let fields = row.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        func number(_ index: Int) throws -> Decimal {
            guard let value = try? Decimal(plain: fields[index]), !value.isNegative else {
                throw Failure.malformed(line: line, "column \(index + 1) is not a decimal")
            }
            return value
        }
        guard let trades = Int64(fields[8]), 0...maximumTrades ~= trades else {
            throw Failure.malformed(line: line, "column 9 is not a number of trades")
        }
        let candle = Candle(
            openTime: try time(fields[0], line: line), open: try number(1), high: try number(2), low: try number(3), close: try number(4),
            volume: try number(5), closeTime: try time(fields[6], line: line), quoteVolume: try number(7), trades: trades,
            takerBuyVolume: try number(9), takerBuyQuoteVolume: try number(10))
        guard candle.low <= min(candle.open, candle.close), candle.high >= max(candle.open, candle.close), candle.low.isPositive else {
            throw Failure.malformed(line: line, "low, open, close and high do not fit")
        }
        return candle
    }
}

/// Finds the rows in one pass over the bytes.
private struct RowIndex {
    var rows: [Int64: Range<Int>] = [:]
    var times: [Int64] = []
    private var line = 1
    private var start = 0
    private var commas = 0
    private var firstComma = 0
    private var isNumeric = true

    mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws {
        var position = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\n"): try finish(at: position, bytes)
            case UInt8(ascii: ","):
                if commas == 0 { firstComma = position }
                commas += 1
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "\r"): break
            default: isNumeric = false
            }
            position += 1
        }
        try finish(at: position, bytes)
    }

    private mutating func finish(at position: Int, _ bytes: UnsafeBufferPointer<UInt8>) throws {
        let end = position > start && bytes[position - 1] == UInt8(ascii: "\r") ? position - 1 : position
        let isHeader = line == 1 && !isNumeric
        if end > start, !isHeader { try add(start..<end, bytes) }
        (start, commas, isNumeric) = (position + 1, 0, true)
        line += 1
    }

    private mutating func add(_ row: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) throws {
        guard commas + 1 >= CandleFile.columns else {
            throw CandleFile.Failure.malformed(line: line, "\(CandleFile.columns) or 12 columns expected")
        }
        guard isNumeric else { throw CandleFile.Failure.malformed(line: line, "only numbers expected") }
        let time = try CandleFile.time(String(decoding: bytes[row.lowerBound..<firstComma], as: UTF8.self), line: line)
        guard time > times.last ?? -1 else { throw CandleFile.Failure.malformed(line: line, "open times must ascend") }
        rows[time] = row
        times.append(time)
    }
}
