internal import Instrumentation
internal import MeshCall
internal import Tracing

/// The span of one call, named and described as OpenTelemetry's semantic conventions for RPC have it.
struct CallSpan: Sendable {
    private let span: any Span
    /// The span's context, with its place in the trace where the tracer speaks W3C Trace Context.
    let context: ServiceContext

    /// `rpc.system`. No well-known one fits; the codes are gRPC's, number for number, and stand under gRPC's attribute.
    static let system = "cryptopulse_mesh"

    /// - Parameter peer: the other side's name, as its certificate says.
    init(_ method: MethodDescriptor, _ kind: SpanKind, peer: String, in parent: ServiceContext, with instruments: Instruments) {
        span = instruments.tracer.startAnySpan("\(method.service)/\(method.name)", context: parent, ofKind: kind)
        var context = span.context
        var written = Metadata()
        instruments.inject(context, into: &written)
        if let trace = TraceHeaders(written).traceContext { context.traceContext = trace }
        self.context = context
        guard span.isRecording else { return }
        span.updateAttributes { attributes in
            attributes["rpc.system"] = Self.system
            attributes["rpc.service"] = method.service
            attributes["rpc.method"] = method.name
            attributes["peer.service"] = peer
        }
    }

    func add(_ attribute: String, _ value: some SpanAttributeConvertible) {
        guard span.isRecording else { return }
        span.updateAttributes { $0[attribute] = value.toSpanAttribute() }
    }

    /// - Parameter isError: what is an error differs between the two sides, see `CallOutcome`.
    func end(_ outcome: CallOutcome, isError: Bool) {
        if span.isRecording {
            span.updateAttributes { attributes in
                attributes["rpc.grpc.status_code"] = Int64(outcome.code.rawValue)
                if outcome.code != .ok { attributes["error.type"] = outcome.code.description }
            }
        }
        if isError { span.setStatus(SpanStatus(code: .error, message: outcome.message)) }
        span.end()
    }
}
