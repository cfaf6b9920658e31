internal import Crypto
internal import Cryptography
internal import Secrets

/// AWS Signature Version 4 in the `Authorization` header (AWS IAM User Guide, "Create a signed AWS API request"), for requests whose path
/// needs no escaping and that have no query.
struct SignatureV4 {
    static let algorithm = "AWS4-HMAC-SHA256"

    let region: String
    let service: String

    struct Request {
        var method: String
        var path: String
        /// All are signed. Names in lower case, each once; `host` among them.
        var headers: [String: String]
        var body: [UInt8]
    }

    /// - Parameters:
    ///   - seconds: now, since 1970.
    /// - Returns: the headers to send: those given, `x-amz-date`, `x-amz-security-token` if there is one, and `authorization`.
    func sign(_ request: Request, _ credential: AWSCredential, at seconds: Int64) -> [String: String] {
        let time = AWSTime(seconds)
        var headers = request.headers
        headers["x-amz-date"] = time.stamp
        headers["x-amz-security-token"] = credential.sessionToken.map { token in token.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
        let scope = "\(time.date)/\(region)/\(service)/aws4_request"
        let names = headers.keys.sorted()
        let canonical = Self.canonical(request, headers, names)
        let toSign = "\(Self.algorithm)\n\(time.stamp)\n\(scope)\n\(Hex.encode(Hashing.sha256(Array(canonical.utf8))))"
        let signature = Hex.encode(Hashing.hmacSHA256(Array(toSign.utf8), key: key(credential, time.date)))
        headers["authorization"] =
            "\(Self.algorithm) Credential=\(credential.accessKeyID)/\(scope), SignedHeaders=\(names.joined(separator: ";")), Signature=\(signature)"
        return headers
    }

    private static func canonical(_ request: Request, _ headers: [String: String], _ names: [String]) -> String {
        let lines = names.map { "\($0):\(collapsed(headers[$0] ?? ""))\n" }.joined()
        return [
            request.method, request.path, "", lines, names.joined(separator: ";"), Hex.encode(Hashing.sha256(request.body)),
        ].joined(separator: "\n")
    }

    /// Runs of spaces count as one, those at the ends as none.
    private static func collapsed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }

    private func key(_ credential: AWSCredential, _ date: String) -> SymmetricKey {
        var start = Array("AWS4".utf8) + credential.secretAccessKey.withUnsafeBytes(Array.init)
        defer { start.withUnsafeMutableBytes(SecretBytes.wipe) }
        return [date, region, service, "aws4_request"].reduce(SymmetricKey(data: start)) { key, part in
            SymmetricKey(data: Hashing.hmacSHA256(Array(part.utf8), key: key))
        }
    }
}
