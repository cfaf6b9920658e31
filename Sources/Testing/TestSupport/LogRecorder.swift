public import Logging
internal import Synchronization

/// Collects log lines, with what the process would add to them.
public final class LogRecorder: Sendable {
    private let recorded = Mutex<[String]>([])
    private let level: Logger.Level
    private let provider: Logger.MetadataProvider?

    public init(level: Logger.Level = .trace, provider: Logger.MetadataProvider? = nil) {
        self.level = level
        self.provider = provider
    }

    public var lines: [String] { recorded.withLock { $0 } }

    public var logger: Logger {
        Logger(label: "test") { _ in Handler(recorder: self, metadataProvider: provider, logLevel: level) }
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?
        var logLevel: Logger.Level

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
            let fields = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            recorder.recorded.withLock { $0.append("\(event.level) \(event.message) \(fields)") }
        }
    }
}
