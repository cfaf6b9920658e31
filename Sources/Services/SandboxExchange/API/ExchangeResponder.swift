import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Storage

/// Takes a request of the exchange's API through the checks that all of them pass, in Binance's order:
/// weight, key, timestamp, signature, names of parameters; then the endpoint's own.
struct ExchangeResponder: Sendable {
    let exchange: SandboxExchange
    let endpoint: Endpoint

    /// Largest body taken, in bytes.
    private static let maximumBody = 16 << 10

    func respond(to request: Request, context: SandboxContext) async -> Response {
        var headers: [(String, String)] = []
        do {
            let answer = try await answer(request, context, &headers)
            if let count = answer.orderCount {
                headers += [("X-MBX-ORDER-COUNT-10S", "\(count.tenSeconds)"), ("X-MBX-ORDER-COUNT-1D", "\(count.day)")]
            }
            return try JSONResponse.make(answer.json, headers: headers)
        } catch let fault as ExchangeFault {
            return JSONResponse.make(fault, headers: headers)
        } catch {
            context.logger.error("request failed", metadata: ["path": "\(endpoint.path)", "error": "\(error)"])
            return JSONResponse.make(.unknown, headers: headers)
        }
    }

    private func answer(_ request: Request, _ context: SandboxContext, _ headers: inout [(String, String)]) async throws -> Endpoint.Answer
    {
        let sent = try SentParameters(query: Self.query(of: request), body: await Self.body(of: request))
        let used = try exchange.weights.withLockedValue {
            try $0.charge(endpoint.weight(sent.values), address: context.clientAddress, now: exchange.serverTime)
        }
        headers += [("X-MBX-USED-WEIGHT", "\(used)"), ("X-MBX-USED-WEIGHT-1M", "\(used)")]
        let reader = ParameterReader(values: sent.values)
        let key = endpoint.security == .open ? nil : try await authenticate(request, sent, reader, from: context.clientAddress)
        try endpoint.checkNames(sent.values)
        return try await endpoint.handle(Endpoint.Call(parameters: reader, key: key))
    }

    /// - Returns: the key that signed.
    private func authenticate(
        _ request: Request, _ sent: SentParameters, _ reader: ParameterReader, from address: String
    ) async throws -> APIKey {
        guard let name = HTTPField.Name("X-MBX-APIKEY"), let apiKey = request.headers[name], KeyVault.isWellFormed(apiKey) else {
            throw ExchangeFault.badKeyFormat
        }
        let key = try await exchange.database.readAll { try SandboxTransaction(db: $0).key(apiKey) }
        guard let key, endpoint.security != .trade || key.rights.canTrade, key.rights.addresses.isEmpty || key.rights.addresses.contains(address)
        else { throw ExchangeFault.rejectedKey }
        let timing = try RequestTiming(reader)
        let signature = try reader.required("signature")
        try timing.check(now: exchange.wallTime())
        guard try exchange.vault.isValid(signature, of: sent.signedPayload, by: key) else { throw ExchangeFault.badSignature }
        return key
    }

    /// As received: signatures cover the very bytes.
    private static func query(of request: Request) -> String {
        guard let path = request.head.path, let mark = path.firstIndex(of: "?") else { return "" }
        return String(path[path.index(after: mark)...])
    }

    private static func body(of request: Request) async throws -> String {
        do {
            return String(buffer: try await request.body.collect(upTo: maximumBody))
        } catch is NIOTooManyBytesError {
            throw ExchangeFault(status: 413, code: -1101, message: "Too many parameters sent for this endpoint.")
        }
    }
}

/// Answers as JSON.
enum JSONResponse {
    static func make(
        _ value: any Encodable, status: HTTPResponse.Status = .ok, headers: [(String, String)] = []
    ) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return make(bytes: Array(try encoder.encode(value)), status: status, headers: headers)
    }

    static func make(_ fault: ExchangeFault, headers: [(String, String)] = []) -> Response {
        struct Body: Encodable {
            let code: Int
            let msg: String
        }
        let retry = fault.retryAfter.map { [("Retry-After", "\($0)")] } ?? []
        let body = (try? JSONEncoder().encode(Body(code: fault.code, msg: fault.message))).map(Array.init) ?? []
        return make(bytes: body, status: HTTPResponse.Status(code: fault.status), headers: headers + retry)
    }

    private static func make(bytes: [UInt8], status: HTTPResponse.Status, headers: [(String, String)]) -> Response {
        var fields: HTTPFields = [.contentType: "application/json;charset=UTF-8"]
        for (name, value) in headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
