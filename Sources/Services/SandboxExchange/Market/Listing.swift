import FoundationEssentials
import Storage

/// The symbols on offer and where their prices come from.
struct Listing: Sendable {
    enum Failure: Error, CustomStringConvertible {
        case badFileName(String)
        case badSpeed(Int64)

        var description: String {
            switch self {
            case .badFileName(let name): "\(name): a candle file's name begins with its symbol, as in BTCUSDT-1m-2022-01.csv"
            case .badSpeed(let speed): "speed \(speed) is not within 0 and \(MarketClock.maximumSpeed)"
            }
        }
    }

    let markets: [String: Market]
    /// What market time depends on; nil when it is wall time.
    private let recording: (name: String, start: Int64, speed: Int64)?

    private static let week: Int64 = 604_800_000

    init(_ configuration: SandboxConfiguration) throws {
        guard let path = configuration.candles else {
            (markets, recording) = (Self.generated(seed: configuration.seed, beginning: GeneratedCandles.beginning), nil)
            return
        }
        guard (0...MarketClock.maximumSpeed).contains(configuration.speed) else { throw Failure.badSpeed(configuration.speed) }
        let name = URL(filePath: path).lastPathComponent
        guard let symbol = name.split(separator: "-").first, let rules = SymbolRules.named(String(symbol)) else {
            throw Failure.badFileName(name)
        }
        let source = RecordedCandles(try CandleFile(path: path))
        var markets = Self.generated(seed: configuration.seed, beginning: source.span.lowerBound)
        markets[rules.symbol] = Market(rules: rules, source: source)
        self.markets = markets
        let length = source.span.upperBound - source.span.lowerBound
        let start = configuration.start ?? source.span.lowerBound + min(Self.week, length / 2)
        recording = ("\(name) from \(start) at \(configuration.speed)", start, configuration.speed)
    }

    private static func generated(seed: UInt64, beginning: Int64) -> [String: Market] {
        let rules = SymbolRules.listed.compactMap(SymbolRules.named)
        return Dictionary(
            rules.map { ($0.symbol, Market(rules: $0, source: GeneratedCandles(rules: $0, seed: seed, beginning: beginning))) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The market's clock: after a restart it goes on as if it had not stopped.
    func clock(wall: Int64, database: ServiceDatabase) async throws -> MarketClock {
        guard let recording else { return .live }
        let fresh = MarketClock(wallAnchor: wall, marketAnchor: recording.start, speed: recording.speed)
        return try await database.write { db in
            try SandboxTransaction(db: db).clock(of: recording.name, fresh: fresh)
        }
    }
}
