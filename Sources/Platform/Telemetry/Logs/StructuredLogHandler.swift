internal import Glibc
public import Logging

/// Writes each event to standard error as one JSON object in one line, with secrets taken out.
public struct StructuredLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level
    private let label: String
    private let write: @Sendable ([UInt8]) -> Void

    /// - Parameters:
    ///   - label: the service's name.
    ///   - write: takes one whole line; standard error by default.
    public init(label: String, level: Logger.Level = .info, write: @escaping @Sendable ([UInt8]) -> Void = Self.toStandardError) {
        self.label = label
        logLevel = level
        self.write = write
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var facts = metadata
        if let provided = metadataProvider?.get() { facts.merge(provided) { $1 } }
        if let own = event.metadata { facts.merge(own) { $1 } }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        write(LogLine(event, label: label, metadata: facts, time: now).bytes)
    }

    /// One write for each line, so that lines of several threads don't mix. A log that can't be written is lost: nobody is left to tell.
    public static let toStandardError: @Sendable ([UInt8]) -> Void = { line in
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
