import Testing

@testable import Exchange

@Suite("What an error of the exchange means")
struct ReplyClassifierTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var status: Int
        var code: Int?
        var order: ExchangeError.Kind
        var read: ExchangeError.Kind

        var testDescription: String { "HTTP \(status), code \(code.map(String.init) ?? "none")" }
    }

    static let cases = [
        Case(status: 400, code: -2010, order: .rejected, read: .rejected),
        Case(status: 400, code: -1013, order: .rejected, read: .rejected),
        Case(status: 400, code: -1021, order: .unavailable, read: .unavailable),
        Case(status: 400, code: -1022, order: .credentials, read: .credentials),
        Case(status: 401, code: -2015, order: .credentials, read: .credentials),
        Case(status: 400, code: -2014, order: .credentials, read: .credentials),
        Case(status: 429, code: -1003, order: .rateLimited, read: .rateLimited),
        Case(status: 418, code: nil, order: .rateLimited, read: .rateLimited),
        Case(status: 429, code: -1015, order: .rateLimited, read: .rateLimited),
        Case(status: 503, code: -1008, order: .unavailable, read: .unavailable),
        Case(status: 408, code: -1007, order: .unknownOutcome, read: .unavailable),
        Case(status: 400, code: -1000, order: .unknownOutcome, read: .unavailable),
        Case(status: 400, code: -1001, order: .unknownOutcome, read: .unavailable),
        Case(status: 400, code: -1006, order: .unknownOutcome, read: .unavailable),
        Case(status: 500, code: -1000, order: .unknownOutcome, read: .unavailable),
        Case(status: 502, code: nil, order: .unknownOutcome, read: .unavailable),
        Case(status: 403, code: nil, order: .unavailable, read: .unavailable),
        Case(status: 404, code: nil, order: .unknownOutcome, read: .unavailable),
    ]

    @Test("An order's outcome is unknown exactly when nobody refused it", arguments: cases)
    func kinds(_ example: Case) {
        let body = Array((example.code.map { #"{"code":\#($0),"msg":"text"}"# } ?? "<html>").utf8)
        let order = ReplyClassifier(mayHaveEffect: true, secrets: []).error(status: example.status, retryAfter: nil, body: body)
        let read = ReplyClassifier(mayHaveEffect: false, secrets: []).error(status: example.status, retryAfter: nil, body: body)
        #expect(order.kind == example.order)
        #expect(read.kind == example.read)
        #expect(order.code == example.code)
    }

    @Test("What the exchange echoes of key or signature is taken out, and long texts are cut")
    func secretsAreRemoved() {
        let body = Array(#"{"code":-1100,"msg":"bad KEY123 and SIG456 \#(String(repeating: "x", count: 1000))"}"#.utf8)
        let error = ReplyClassifier(mayHaveEffect: true, secrets: ["KEY123", "SIG456"]).error(status: 400, retryAfter: nil, body: body)
        #expect(!"\(error)".contains("KEY123") && !"\(error)".contains("SIG456"))
        #expect(error.message.count < 400)
    }
}
