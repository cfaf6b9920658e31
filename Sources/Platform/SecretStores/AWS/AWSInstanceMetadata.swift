internal import Secrets

/// Access keys of an EC2 instance's role, from its metadata service, version 2 (Amazon EC2 User Guide, "Use the Instance Metadata Service").
/// Version 1, which any request forgery could read, is not tried.
struct AWSInstanceMetadata: Sendable {
    static let endpoint = "http://169.254.169.254"
    private static let tokenSeconds = 300
    private static let rolePath = "/latest/meta-data/iam/security-credentials/"
    private static let maximumRoleLength = 128

    private let http: StoreHTTPClient
    private let limits: StoreLimits

    /// - Throws: `SecretStoreError.Cause`.
    init(_ settings: AWSSettings, limits: StoreLimits) throws {
        let address = try StoreAddress(
            settings.credentialsEndpoint ?? Self.endpoint, plainHosts: StoreAddress.loopbackHosts.union(StoreAddress.metadataHosts))
        http = try StoreHTTPClient(address, rootsPath: nil, limits: limits)
        self.limits = limits
    }

    func credential() async throws -> AWSCredential {
        let seconds = ("X-aws-ec2-metadata-token-ttl-seconds", String(Self.tokenSeconds))
        let token = String(decoding: try await ask("PUT", "/latest/api/token", [seconds]), as: UTF8.self)
        let session = [("X-aws-ec2-metadata-token", token)]
        let role = String(decoding: try await ask("GET", Self.rolePath, session), as: UTF8.self)
        // One role an instance; the name goes into a path.
        guard (1...Self.maximumRoleLength).contains(role.utf8.count), role.utf8.allSatisfy({ Self.isAllowed($0) }) else {
            throw SecretStoreError.Cause.denied("the instance has no role")
        }
        return try AWSCredentialReply.credential(try await ask("GET", Self.rolePath + role, session))
    }

    private func ask(_ method: String, _ path: String, _ headers: [(String, String)]) async throws -> [UInt8] {
        let reply = try await limits.repeating {
            let reply = try await http.send(.init(method: method, path: path, headers: headers.map { (name: $0.0, value: $0.1) }))
            guard reply.status < 500 else { throw SecretStoreError.Cause.unavailable("the metadata service answered \(reply.status)") }
            return reply
        }
        guard reply.isSuccess else { throw SecretStoreError.Cause.denied("the metadata service answered \(reply.status)") }
        return reply.body
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "+=,.@-_".utf8.contains(byte)
        }
    }
}
