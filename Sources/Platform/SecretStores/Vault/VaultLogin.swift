internal import Cryptography
internal import FoundationEssentials
internal import Glibc
internal import OutboundHTTP
internal import Secrets
internal import Synchronization

/// Gets a token for this service.
struct VaultLogin: Sendable {
    let settings: VaultSettings
    let client: VaultClient
    let limits: StoreLimits
    private let unwrapped = Unwrapped()

    /// Bytes of a role's secret id or of a wrapping token.
    private static let maximumCredentialSize = 4096

    /// A secret id that came wrapped is kept: it cannot be had again.
    private final class Unwrapped: Sendable {
        struct Content {
            var secretID: SecretBytes?
            /// SHA-256 of the token that it came in: another one in the file is a new delivery.
            var token: [UInt8] = []
            /// Of a token that was sent to be opened and to which no answer came.
            var unanswered: [UInt8] = []
        }

        let content = Mutex(Content())
    }

    init(settings: VaultSettings, client: VaultClient, limits: StoreLimits) {
        self.settings = settings
        self.client = client
        self.limits = limits
    }

    /// - Throws: `SecretStoreError.Cause`: `unwrapRefused` is an alarm, not a nuisance.
    func run() async throws -> VaultAuth {
        let auth =
            switch (settings.login.appRole, settings.login.certificate) {
            case (let role?, nil): try await logIn(role)
            case (nil, let certificate?): try await logIn(certificate)
            default: throw SecretStoreError.Cause.unusable("login needs one of appRole and certificate")
            }
        guard let auth else { throw SecretStoreError.Cause.unavailable("its answer to the login has no token") }
        return auth
    }

    private func logIn(_ role: VaultSettings.AppRole) async throws -> VaultAuth? {
        struct Body: Encodable, Sendable { var role_id, secret_id: String }
        let mount = try StorePath.checked(role.mount ?? "approle", "login.appRole.mount")
        let secretID = try await secretID(role, mount)
        let body = Body(role_id: role.roleID, secret_id: secretID.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
        do {
            let call = VaultClient.Call(method: "POST", path: "auth/\(mount)/login", body: body)
            return try await client.answer(call, token: nil, as: VaultNothing.self).auth
        } catch SecretStoreError.Cause.unusable(let why) {
            // Vault answers 400 to credentials that it does not know.
            throw SecretStoreError.Cause.denied(why)
        }
    }

    private func logIn(_ certificate: VaultSettings.Certificate) async throws -> VaultAuth? {
        struct Body: Encodable, Sendable { var name: String }
        let mount = try StorePath.checked(certificate.mount ?? "cert", "login.certificate.mount")
        let http = try StoreHTTPClient(
            try StoreAddress(settings.address), rootsPath: settings.rootsPath,
            certificate: .init(chainPath: certificate.certificatePath, keyPath: certificate.privateKeyPath), limits: limits)
        let client = VaultClient(http: http, namespace: settings.namespace, limits: limits)
        do {
            let call = VaultClient.Call(method: "POST", path: "auth/\(mount)/login", body: Body(name: certificate.role))
            return try await client.answer(call, token: nil, as: VaultNothing.self).auth
        } catch SecretStoreError.Cause.unusable(let why) {
            throw SecretStoreError.Cause.denied(why)
        }
    }

    // MARK: - The role's secret id

    private func secretID(_ role: VaultSettings.AppRole, _ mount: String) async throws -> SecretBytes {
        switch (role.secretIDFile, role.wrappedSecretIDFile) {
        case (let path?, nil): return try credential(path)
        case (nil, let path?):
            let known = unwrapped.content.withLock { $0 }
            if let secretID = known.secretID, access(path, F_OK) != 0 { return secretID }
            let token = try credential(path)
            let digest = token.withUnsafeBytes { Hashing.sha256(Array($0)) }
            if let secretID = known.secretID, known.token == digest { return secretID }
            let secretID = try await unwrap(token, digest, expecting: "auth/\(mount)/role/\(role.role)/secret-id")
            unwrapped.content.withLock { $0 = .init(secretID: secretID, token: digest) }
            // It is of no more use, except to be taken for an alarm at the next start. The folder may well be read-only; and another may have been
            // delivered meanwhile.
            if (try? credential(path)) == token { unlink(path) }
            return secretID
        default: throw SecretStoreError.Cause.unusable("login.appRole needs one of secretIDFile and wrappedSecretIDFile")
        }
    }

    private func credential(_ path: String) throws -> SecretBytes {
        do {
            return SecretText.line(try PrivateFile().read(path: path, atMost: Self.maximumCredentialSize))
        } catch .notFound {
            throw SecretStoreError.Cause.denied("the credential file \(path) does not exist")
        }
    }

    /// Opens a response-wrapping token, once it is known to wrap what it should: anybody could write a token of his own into the file.
    private func unwrap(_ token: SecretBytes, _ digest: [UInt8], expecting path: String) async throws -> SecretBytes {
        do {
            try await check(token, wraps: path)
            return try await opened(token, digest)
        } catch SecretStoreError.Cause.unusable(let why), SecretStoreError.Cause.denied(let why) {
            let isOurs = unwrapped.content.withLock { $0.unanswered == digest }
            throw SecretStoreError.Cause.unwrapRefused(
                isOurs ? "\(why); this process has sent it to be opened before and got no answer, which may be why. Deliver a new one" : why)
        }
    }

    private func check(_ token: SecretBytes, wraps path: String) async throws {
        struct Lookup: Decodable, Sendable { var creation_path: String }
        struct Token: Encodable, Sendable { var token: String }
        let body = Token(token: token.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
        let lookup = VaultClient.Call(method: "POST", path: "sys/wrapping/lookup", body: body)
        let found = try await client.answer(lookup, token: nil, as: Lookup.self).data?.creation_path
        guard found == path else { throw SecretStoreError.Cause.unwrapRefused("the token wraps \(found ?? "nothing"), not \(path)") }
    }

    private func opened(_ token: SecretBytes, _ digest: [UInt8]) async throws -> SecretBytes {
        struct SecretID: Decodable, Sendable { var secret_id: String }
        // It can be opened once: not begun where there may be too little time to hear what was in it.
        if let end = StoreOperation.end, end - .now < limits.attempt { throw SecretStoreError.Cause.unavailable("too little time is left to open the token") }
        let call = VaultClient.Call<VaultNothing>(method: "POST", path: "sys/wrapping/unwrap", body: nil, isRepeatable: false)
        let answer: VaultReply<SecretID>
        do {
            answer = try await client.answer(call, token: token, as: SecretID.self)
        } catch let cause as SecretStoreError.Cause where cause.isTransient {
            unwrapped.content.withLock { $0.unanswered = digest }
            throw cause
        }
        guard let secretID = answer.data else {
            throw SecretStoreError.Cause.unwrapRefused("the token wraps nothing")
        }
        return SecretBytes(copying: Array(secretID.secret_id.utf8))
    }
}
