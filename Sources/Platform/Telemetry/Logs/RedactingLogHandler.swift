public import Logging
internal import Redaction

/// Takes secrets out of each event before another handler writes it: for programs whose lines people read.
public struct RedactingLogHandler: LogHandler {
    private var next: any LogHandler

    public init(_ next: any LogHandler) {
        self.next = next
    }

    public var metadata: Logger.Metadata {
        get { next.metadata }
        set { next.metadata = newValue }
    }

    public var metadataProvider: Logger.MetadataProvider? {
        get { next.metadataProvider }
        set { next.metadataProvider = newValue }
    }

    public var logLevel: Logger.Level {
        get { next.logLevel }
        set { next.logLevel = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { next[metadataKey: key] }
        set { next[metadataKey: key] = newValue }
    }

    public func log(event: LogEvent) {
        var event = event
        event.message = "\(Redactor.redact(event.message.description))"
        event.metadata = event.metadata?.reduce(into: [:]) { facts, fact in
            facts[fact.key] = .string(Redactor.isSecretName(fact.key) ? Redactor.mark : Redactor.redact(fact.value.description))
        }
        if let error = event.error {
            event.metadata = (event.metadata ?? [:]).merging(["error": .string(Redactor.redact("\(error)"))]) { $1 }
            event.error = nil
        }
        next.log(event: event)
    }
}
