internal import FoundationEssentials
internal import Secrets

/// Access keys of an ECS task or an EKS pod (AWS SDKs and Tools Reference Guide, "Container credential provider").
struct AWSContainerEndpoint: Sendable {
    static let taskEndpoint = "http://169.254.170.2"
    private static let maximumTokenSize = 16384

    private let http: StoreHTTPClient
    private let path: String
    private let token: SecretBytes?
    private let limits: StoreLimits

    /// - Throws: `SecretStoreError.Cause`.
    init(_ settings: AWSSettings, limits: StoreLimits) throws {
        let relative = EnvironmentBlock.text("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
        let full = EnvironmentBlock.text("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        guard let text = relative.map({ (settings.credentialsEndpoint ?? Self.taskEndpoint) + $0 }) ?? full else {
            throw SecretStoreError.Cause.denied("this container has no AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or …_FULL_URI")
        }
        let (origin, path) = Self.split(text)
        let address = try StoreAddress(origin, plainHosts: StoreAddress.loopbackHosts.union(StoreAddress.metadataHosts))
        http = try StoreHTTPClient(address, rootsPath: nil, limits: limits)
        self.path = path
        token = EnvironmentBlock.take("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        self.limits = limits
    }

    /// The file that the platform keeps a token in.
    static var tokenFile: String? { EnvironmentBlock.text("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") }

    func credential() async throws -> AWSCredential {
        var request = StoreHTTPClient.Request(path: path)
        // Read each time: the platform renews it.
        let file = PrivateFile(trust: .containerMount, mayBeReadByOthers: true)
        let token = try Self.tokenFile.map { SecretText.line(try file.read(path: $0, atMost: Self.maximumTokenSize)) } ?? token
        if let token { request.headers.append(("Authorization", token.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })) }
        let sent = request
        let reply = try await limits.repeating {
            let reply = try await http.send(sent)
            guard reply.status < 500 else { throw SecretStoreError.Cause.unavailable("the container's endpoint answered \(reply.status)") }
            return reply
        }
        guard reply.isSuccess else { throw SecretStoreError.Cause.denied("the container's endpoint answered \(reply.status)") }
        return try AWSCredentialReply.credential(reply.body)
    }

    private static func split(_ text: String) -> (origin: String, path: String) {
        // scheme, nothing, authority, and what comes after the third slash.
        let parts = text.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return (parts.prefix(3).joined(separator: "/"), "/" + (parts.count > 3 ? parts[3] : ""))
    }
}
