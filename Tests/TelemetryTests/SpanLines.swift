import Foundation
import Logging
import Synchronization
@testable import Telemetry

/// A tracer and what it wrote, through the handler that every service has.
final class SpanLines: Sendable {
    private let written = Mutex<[[UInt8]]>([])

    func tracer(_ ratio: Double = 1, level: Logger.Level = .info) throws -> LogTracer {
        try LogTracer(log: SpanLog(logger(level)), sampling: Self.sampling(ratio))
    }

    func logger(_ level: Logger.Level = .info) -> Logger {
        Logger(label: "test") { StructuredLogHandler(label: $0, level: level) { line in self.written.withLock { $0.append(line) } } }
    }

    static func sampling(_ ratio: Double) throws -> SamplingRatio {
        struct NoRatio: Error {}
        guard let sampling = SamplingRatio(ratio) else { throw NoRatio() }
        return sampling
    }

    /// Every line, once the tracer has written what has ended.
    func all(of tracer: LogTracer) throws -> [[String: String]] {
        tracer.forceFlush()
        return try written.withLock { try $0.map { try JSONDecoder().decode([String: String].self, from: Data($0)) } }
    }
}
