internal import Instrumentation
public import Logging

extension Logger.MetadataProvider {
    /// Adds `trace_id` and `span_id` to every line that is written while a call with a trace is served. For `LoggingSystem.bootstrap`.
    public static let meshTrace = Logger.MetadataProvider {
        guard let parent = ServiceContext.current?.traceContext?.parent else { return [:] }
        return ["trace_id": "\(parent.traceIDText)", "span_id": "\(parent.spanIDText)"]
    }
}
