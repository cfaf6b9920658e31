internal import HTTPSKit
internal import HTTPTypes
internal import Hummingbird
internal import MeshTelemetry
internal import ServiceKit
internal import Synchronization
internal import Tracing

/// Makes each request a span of kind server, to which all calls made for it belong, and tells the client its trace.
///
/// A `traceparent` (W3C Trace Context Level 1) is taken up when there is exactly one and it is well formed; otherwise the request
/// begins a trace. `tracestate` goes along. `baggage` is not taken from outside. The answer's `traceresponse` (Level 2, section 3.4
/// of its draft) has the trace and this span, and whether it is recorded.
struct RequestTrace: RouterMiddleware {
    typealias Context = GatewayContext

    /// Requests recorded because their clients wish so by the sampled flag: all clients together, for the flag costs them nothing and
    /// a log line in each process. Beyond it a request that brings its own trace is served and not recorded.
    static let wishes = RateLimit(perMinute: 60, burst: 20)
    static let responseHeader = HTTPField.Name("traceresponse")

    private let tracer: any Tracer
    private let granted = Wishes(RequestTrace.wishes)
    private static let parentHeader = HTTPField.Name(TraceParent.headerName)
    private static let stateHeader = HTTPField.Name(TraceState.headerName)

    /// - Parameter tracer: the process's by default, so set that up first.
    init(tracer: any Tracer = InstrumentationSystem.tracer) {
        self.tracer = tracer
    }

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        let span = RequestSpan(request.method, in: outside(request.headers), tracer)
        do {
            var response = try await span.within { try await next(request, context) }
            span.describe(route: context.endpointPath, response.status, requestID: context.origin.requestID)
            if let name = Self.responseHeader { response.headers[name] = span.place?.header }
            response.body = span.ending(with: response.body)
            return response
        } catch {
            span.end(error)
            throw error
        }
    }

    private func outside(_ headers: HTTPFields) -> InstrumentationContext {
        var context = InstrumentationContext.topLevel
        guard let parent = Self.only(Self.parentHeader, headers).flatMap(TraceParent.init(_:)) else { return context }
        let states = Self.stateHeader.map { headers[values: $0] } ?? []
        let place = parent.sampled(parent.isSampled && granted.take())
        context.traceContext = TraceContext(parent: place, state: states.isEmpty ? nil : TraceState(states))
        return context
    }

    private static func only(_ name: HTTPField.Name?, _ headers: HTTPFields) -> String? {
        let values = name.map { headers[values: $0] } ?? []
        return values.count == 1 ? values.first : nil
    }
}

/// What is left of the rate.
private final class Wishes: Sendable {
    private let bucket: Mutex<TokenBucket>

    init(_ rate: RateLimit) {
        bucket = Mutex(TokenBucket(rate, now: .now))
    }

    func take() -> Bool { bucket.withLock { $0.take(now: .now) == nil } }
}
