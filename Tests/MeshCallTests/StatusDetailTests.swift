@testable import MeshCall
import MeshMessages
import TestSupport
import Testing

@Suite("Details of a status")
struct StatusDetailTests {
    private let error = RPCError(.failedPrecondition, "Not yet.", reason: "TOO_EARLY", retryAfter: .seconds(1))

    /// Fails with the error, over a connection in this process.
    private func received(_ error: RPCError) async -> RPCError? {
        let server = TestService.server([TestService.unary("Fail") { _, _ in throw error }])
        return await failure { try await server.channel(as: TestService.gateway).call("Fail") }
    }

    @Test("A handler's own message reaches its caller, beside reason and time to wait")
    func own() async throws {
        var error = error
        error.details = [try StatusDetail(MeshV1.HealthCheckResponse(status: .notServing, reason: "closed"))]
        let got = try #require(await received(error))
        #expect(got.reason == "TOO_EARLY" && got.retryAfter == .seconds(1))
        #expect(got.details == error.details)
        #expect(try got.details.first?.message(as: MeshV1.HealthCheckResponse.self)?.reason == "closed")
        #expect(try got.details.first?.message(as: MeshV1.RetryInfo.self) == nil)
    }

    @Test("Too many, or too long ones, are left out on both sides")
    func bounded() async throws {
        let short = StatusDetail(typeURL: "type.googleapis.com/a.B", value: [1])
        let long = StatusDetail(typeURL: "type.googleapis.com/a.B", value: Array(repeating: 1, count: StatusDetail.maximumBytes))
        var error = error
        error.details = Array(repeating: short, count: 20)
        #expect(await received(error)?.details.count == StatusDetail.maximumCount)
        error.details = [short, long, short]
        #expect(await received(error)?.details == [short])

        let sent = Array(repeating: MeshV1.AnyMessage(typeUrl: short.typeURL, value: short.value), count: 20)
        let status = MeshV1.Status(code: 9, message: "", details: sent)
        #expect(RPCError(status, trailers: [:])?.details.count == StatusDetail.maximumCount)
    }
}
