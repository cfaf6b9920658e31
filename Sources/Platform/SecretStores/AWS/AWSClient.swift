internal import FoundationEssentials
internal import Secrets

/// One request to AWS Secrets Manager: the JSON 1.1 protocol, signed.
struct AWSClient: Sendable {
    static let service = "secretsmanager"

    private let http: StoreHTTPClient
    private let address: StoreAddress
    private let signature: SignatureV4
    private let source: AWSCredentialSource
    private let limits: StoreLimits
    private let now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }

    /// - Throws: `SecretStoreError.Cause`.
    init(_ settings: AWSSettings, limits: StoreLimits) throws {
        guard (1...64).contains(settings.region.utf8.count),
            settings.region.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || UnicodeScalar($0).properties.isAlphabetic || (0x30...0x39).contains($0) })
        else { throw SecretStoreError.Cause.unusable("'\(settings.region)' is no region") }
        address = try StoreAddress(settings.endpoint ?? "https://\(Self.service).\(settings.region).amazonaws.com")
        http = try StoreHTTPClient(address, rootsPath: settings.rootsPath, limits: limits)
        signature = SignatureV4(region: settings.region, service: Self.service)
        source = try AWSCredentialSource(settings, limits: limits)
        self.limits = limits
    }

    /// Repeats while there is no answer. Every action used here may be repeated: a new version bears a token of its own.
    ///
    /// - Throws: `SecretStoreError.Cause`, `CancellationError`.
    func call<Body: Encodable & Sendable, Answer: Decodable>(_ action: String, _ body: Body, as type: Answer.Type) async throws -> Answer {
        let encoded = Array(try JSONEncoder().encode(body))
        let reply = try await limits.repeating {
            let reply = try await send(action, encoded)
            let failure = reply.isSuccess ? nil : AWSFailure.cause(reply)
            if let failure, failure.isTransient { throw failure }
            return reply
        }
        guard reply.isSuccess else {
            let cause = AWSFailure.cause(reply)
            // A key that was replaced meanwhile: the next request fetches the new one.
            if case .denied = cause { await source.forget() }
            throw cause
        }
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(reply.body))
        } catch {
            throw SecretStoreError.Cause.unavailable("its answer was not understood")
        }
    }

    private func send(_ action: String, _ body: [UInt8]) async throws -> StoreHTTPClient.Reply {
        let time = now()
        let unsigned = SignatureV4.Request(
            method: "POST", path: "/",
            headers: [
                "host": address.authority, "content-type": "application/x-amz-json-1.1", "x-amz-target": "secretsmanager.\(action)",
            ], body: body)
        let headers = signature.sign(unsigned, try await source.credential(at: time), at: time)
        return try await http.send(
            .init(method: "POST", path: "/", headers: headers.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }, body: body))
    }
}

enum AWSFailure {
    private struct Body: Decodable {
        var __type: String?
        var message: String?
        var Message: String?
    }

    /// What an error answer means (AWS Secrets Manager API Reference, "Common Errors"). Its words name the secret, never the value.
    static func cause(_ reply: StoreHTTPClient.Reply) -> SecretStoreError.Cause {
        let body = try? JSONDecoder().decode(Body.self, from: Data(reply.body))
        let type = body?.__type.flatMap { $0.split(separator: "#").last }.map(String.init) ?? "status \(reply.status)"
        let words = "\(type): \(String((body?.message ?? body?.Message ?? "").prefix(200)))"
        switch type {
        case "ResourceNotFoundException": return .notFound
        case "AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException",
            "IncompleteSignature", "ExpiredTokenException", "SignatureDoesNotMatch", "MissingAuthenticationToken", "AuthFailure":
            return .denied(words)
        case "ThrottlingException", "RequestLimitExceeded", "InternalServiceError", "ServiceUnavailable": return .unavailable(words)
        case "ResourceExistsException": return .conflict(words)
        case "LimitExceededException": return .limit(words)
        default:
            if reply.status >= 500 || reply.status == 429 { return .unavailable(words) }
            return [401, 403].contains(reply.status) ? .denied(words) : .unusable(words)
        }
    }
}
