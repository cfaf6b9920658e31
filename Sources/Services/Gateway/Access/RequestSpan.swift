internal import HTTPTypes
internal import Hummingbird
internal import MeshTelemetry
internal import Tracing

/// The span of one request, named and described as OpenTelemetry's semantic conventions for HTTP have it. It lasts until the last byte
/// of the answer is written, or the answer is given up.
final class RequestSpan: Sendable {
    private let span: any Span
    private let method: String

    init(_ method: HTTPRequest.Method, in parent: InstrumentationContext, _ tracer: any Tracer) {
        // From a closed set, whatever clients send.
        self.method = [.get, .post, .put, .delete, .head, .options].contains(method) ? method.rawValue : "_OTHER"
        span = tracer.startAnySpan(self.method == "_OTHER" ? "HTTP" : self.method, context: parent, ofKind: .server)
    }

    // An answer without a body, or one whose client is gone, is never written.
    deinit { span.end() }

    /// nil without a tracer.
    var place: TraceParent? { span.context.traceContext?.parent }

    func within<T>(_ body: () async throws -> T) async rethrows -> T {
        try await InstrumentationContext.withValue(span.context, operation: body)
    }

    /// - Parameter route: never the path as sent, which may hold what doesn't belong in a log; nil for none.
    func describe(route: String?, _ status: HTTPResponse.Status, requestID: String) {
        if status.code >= 500 { span.setStatus(SpanStatus(code: .error)) }
        guard span.isRecording else { return }
        if let route { span.operationName = "\(method) \(route)" }
        span.updateAttributes { attributes in
            attributes["http.request.method"] = method
            attributes["http.route"] = route
            attributes["http.response.status_code"] = status.code
            attributes["request_id"] = requestID
        }
    }

    /// The body, after which the span ends. What writes it runs within the trace.
    func ending(with body: ResponseBody) -> ResponseBody {
        ResponseBody(contentLength: body.contentLength) { [self] writer in
            do {
                try await within { try await body.write(writer) }
                span.end()
            } catch {
                end(error)
                throw error
            }
        }
    }

    func end(_ error: any Error) {
        span.setStatus(SpanStatus(code: .error))
        if span.isRecording { span.updateAttributes { $0["error.type"] = String(reflecting: type(of: error)) } }
        span.end()
    }
}
