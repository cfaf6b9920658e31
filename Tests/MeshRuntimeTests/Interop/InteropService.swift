import MeshCall
import MeshMessages
import TestSupport

/// The service of proto/interop as gRPC's interop description has it.
struct InteropService: InteropV1.TestHandler {
    /// Metadata that the server sends back, before and after its messages.
    static let initialKey = "x-grpc-test-echo-initial"
    static let trailingKey = "x-grpc-test-echo-trailing-bin"

    /// Raised when a streaming handler begins: a call that is given up before it does has none.
    let began = Signal()
    /// Raised by a streaming handler whose caller has given its call up.
    let cancelled = Signal()

    func emptyCall(_ request: InteropV1.Empty, context: ServerContext) async throws -> InteropV1.Empty {
        echoMetadata(context)
        return InteropV1.Empty()
    }

    func unaryCall(_ request: InteropV1.SimpleRequest, context: ServerContext) async throws -> InteropV1.SimpleResponse {
        echoMetadata(context)
        try Self.fail(request.responseStatus)
        if let payload = request.payload, request.responseSize == 0 { return InteropV1.SimpleResponse(payload: payload) }
        return InteropV1.SimpleResponse(payload: .zeros(request.responseSize))
    }

    func streamingOutputCall(
        _ request: InteropV1.StreamingOutputCallRequest, to writer: ResponseWriter<InteropV1.StreamingOutputCallResponse>,
        context: ServerContext
    ) async throws {
        echoMetadata(context)
        for parameters in request.responseParameters {
            try await writer.send(InteropV1.StreamingOutputCallResponse(payload: .zeros(parameters.size)))
        }
        try Self.fail(request.responseStatus)
    }

    func streamingInputCall(
        _ requests: RequestStream<InteropV1.StreamingInputCallRequest>, context: ServerContext
    ) async throws -> InteropV1.StreamingInputCallResponse {
        echoMetadata(context)
        var response = InteropV1.StreamingInputCallResponse()
        try await noticing {
            for try await request in requests {
                response.aggregatedPayloadSize += Int32(request.payload?.body.count ?? 0)
                response.messages += 1
            }
        }
        return response
    }

    func fullDuplexCall(
        _ requests: RequestStream<InteropV1.StreamingOutputCallRequest>, to writer: ResponseWriter<InteropV1.StreamingOutputCallResponse>,
        context: ServerContext
    ) async throws {
        echoMetadata(context)
        try await noticing {
            for try await request in requests {
                try Self.fail(request.responseStatus)
                for parameters in request.responseParameters {
                    try await writer.send(InteropV1.StreamingOutputCallResponse(payload: .zeros(parameters.size)))
                }
            }
        }
    }

    private nonisolated(nonsending) func noticing(_ body: nonisolated(nonsending) () async throws -> Void) async throws {
        began.raise()
        do {
            try await body()
        } catch let error as RPCError where error.code == .cancelled {
            cancelled.raise()
            throw error
        }
    }

    private func echoMetadata(_ context: ServerContext) {
        if let value = context.metadata[Self.initialKey] { context.response.initial = [Self.initialKey: value] }
        if let value = context.metadata[Self.trailingKey] { context.response.trailing = [Self.trailingKey: value] }
    }

    private static func fail(_ status: InteropV1.EchoStatus?) throws {
        guard let status, status.code != 0 else { return }
        throw RPCError(StatusCode(rawValue: status.code), status.message)
    }
}

extension InteropV1.Payload {
    static func zeros(_ count: Int32) -> InteropV1.Payload {
        InteropV1.Payload(body: [UInt8](repeating: 0, count: max(0, Int(count))))
    }
}
