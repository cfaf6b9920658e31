internal import Crypto
internal import Identity
internal import Secrets

/// Makes the environment's root and what it signs at the beginning: the issuing key that goes to auth, and one for people's HTTPS.
/// What is there already is kept.
struct AuthorityMaker {
    /// The secret in which auth finds its first issuing key.
    static let issuingKeyName = "issuing-key"

    let folder: StateFolder
    let environment: String
    let secrets: DeploymentSecrets

    private var issuerCertificate: String { folder.tls(.auth) + "/issuer.pem" }

    func makeMissing() async throws {
        guard !PrivateFiles.exists(folder.pki + "/root.key.pem") else {
            throw DeploymentError("\(folder.path) was made by an earlier version, whose root signed services itself; choose another folder")
        }
        try HTTPSIssuerFile(folder).takeOver()
        guard !PrivateFiles.exists(issuerCertificate) || !PrivateFiles.exists(folder.rootCertificate) || !HTTPSCertificates.hasIssuer(folder)
        else { return }
        let root = try OfflineRoot(folder).readOrMake(environment: environment)
        try await makeIssuingKey(root)
        try HTTPSCertificates(folder: folder).makeIssuer(root)
    }

    /// auth takes the key into its own database at its first start; the certificate is made anew only with the key.
    private func makeIssuingKey(_ root: CertificateAuthority) async throws {
        guard !PrivateFiles.exists(issuerCertificate) else { return }
        let key = MeshKey()
        let certificate = try root.certifyIssuer(CertificateRequest(key: key, spiffeID: nil), environment: environment)
        let raw = key.raw.withUnsafeBytes { SecretBytes(copying: $0) }
        try await secrets.store(of: .auth).put(raw, as: Self.issuingKeyName, at: .current)
        try PrivateFiles.write(CertificateFacts.pem(chain: [certificate]), to: issuerCertificate)
    }

    /// Everybody's trust: the root's certificate.
    func distributeRoot() throws {
        let root = try PrivateFiles.readText(folder.rootCertificate)
        for place in ServiceName.allCases.map(folder.tls) + [folder.operatorTLS] { try PrivateFiles.write(root, to: place + "/roots.pem") }
    }
}
