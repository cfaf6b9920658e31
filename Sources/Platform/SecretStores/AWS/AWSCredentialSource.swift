internal import FoundationEssentials
internal import Secrets

/// Where access keys come from. Fetched ones are kept until shortly before their end.
actor AWSCredentialSource {
    private let fetch: @Sendable () async throws -> AWSCredential
    private var known: AWSCredential?
    private var fetching: Task<AWSCredential, any Error>?

    init(_ fetch: @escaping @Sendable () async throws -> AWSCredential) {
        self.fetch = fetch
    }

    /// - Throws: `SecretStoreError.Cause`.
    func credential(at now: Int64) async throws -> AWSCredential {
        if let known, known.isUsable(at: now) { return known }
        if let fetching { return try await StoreOperation.shared(fetching) }
        let task = StoreOperation.share { try await self.fetchOnce() }
        fetching = task
        return try await StoreOperation.shared(task)
    }

    private func fetchOnce() async throws -> AWSCredential {
        defer { fetching = nil }
        let fetched = try await fetch()
        known = fetched
        return fetched
    }

    /// The next request fetches anew: this one was refused.
    func forget() {
        known = nil
    }
}

extension AWSCredentialSource {
    /// - Throws: `SecretStoreError.Cause`.
    init(_ settings: AWSSettings, limits: StoreLimits) throws {
        switch settings.credentials {
        case .environment:
            let credential = try AWSEnvironment.credential()
            self.init { credential }
        case .container:
            let endpoint = try AWSContainerEndpoint(settings, limits: limits)
            self.init { try await endpoint.credential() }
        case .instance:
            let metadata = try AWSInstanceMetadata(settings, limits: limits)
            self.init { try await metadata.credential() }
        }
    }
}

enum AWSEnvironment {
    /// Takes the variables out of the environment.
    ///
    /// - Throws: `denied` when there are none.
    static func credential() throws(SecretStoreError.Cause) -> AWSCredential {
        let id = EnvironmentBlock.take("AWS_ACCESS_KEY_ID")
        let secret = EnvironmentBlock.take("AWS_SECRET_ACCESS_KEY")
        let token = EnvironmentBlock.take("AWS_SESSION_TOKEN")
        guard let id, let secret else { throw .denied("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set") }
        return AWSCredential(
            accessKeyID: id.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }, secretAccessKey: secret, sessionToken: token, expires: nil)
    }
}

/// What the container's endpoint and the instance's metadata service answer.
struct AWSCredentialReply: Decodable {
    var AccessKeyId: String
    var SecretAccessKey: String
    var Token: String?
    var Expiration: String?

    static func credential(_ body: [UInt8]) throws(SecretStoreError.Cause) -> AWSCredential {
        guard let reply = try? JSONDecoder().decode(AWSCredentialReply.self, from: Data(body)) else {
            throw .unavailable("the answer with the access key was not understood")
        }
        return AWSCredential(
            accessKeyID: reply.AccessKeyId, secretAccessKey: SecretBytes(copying: Array(reply.SecretAccessKey.utf8)),
            sessionToken: reply.Token.flatMap { $0.isEmpty ? nil : SecretBytes(copying: Array($0.utf8)) },
            expires: reply.Expiration.flatMap(RFC3339.date).map { Int64($0.timeIntervalSince1970) })
    }
}
