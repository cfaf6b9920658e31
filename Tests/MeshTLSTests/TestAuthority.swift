import COpenSSL
import Foundation
import MeshTLS

/// Makes certificates, good and bad, in a folder of its own that goes away with it.
final class TestAuthority: Sendable {
    static let trustDomain = "test.cryptopulse.internal"

    /// What is wrong with a leaf; nothing by default.
    struct Leaf: Sendable {
        var uris = ["spiffe://\(TestAuthority.trustDomain)/agent"]
        var dns: [String] = []
        var startsIn: Int = -60
        var endsIn: Int = 3600
        var keyUsage: String? = "critical,digitalSignature"
        var extendedKeyUsage: String? = "serverAuth,clientAuth"
        var isAuthority = false
        var selfSigned = false
        var curve = "P-256"
        /// As OpenSSL writes them: `permitted;URI:test.cryptopulse.internal`.
        var nameConstraints: String?

        static func named(_ name: String) -> Leaf { Leaf(uris: ["spiffe://\(TestAuthority.trustDomain)/\(name)"]) }
    }

    struct Failed: Error { let step: String }

    let folder: URL
    let rootsPath: String
    private let root: Pair

    // Written once, then only read.
    fileprivate struct Pair: @unchecked Sendable {
        let certificate: OpaquePointer
        let key: OpaquePointer
    }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "mesh-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var leaf = Leaf(uris: [], keyUsage: "critical,keyCertSign,cRLSign", extendedKeyUsage: nil)
        leaf.isAuthority = true
        leaf.selfSigned = true
        root = try Self.make(leaf, signedBy: nil)
        rootsPath = folder.appending(path: "roots.pem").path
        try Self.writeCertificate(root.certificate, to: rootsPath)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
        X509_free(root.certificate)
        EVP_PKEY_free(root.key)
    }

    /// Files for a mesh endpoint.
    func credentials(_ leaf: Leaf = Leaf(), roots: String? = nil) throws -> MeshTLSCredentials {
        let pair = try Self.make(leaf, signedBy: leaf.selfSigned ? nil : root)
        defer {
            X509_free(pair.certificate)
            EVP_PKEY_free(pair.key)
        }
        let stem = UUID().uuidString
        let credentials = MeshTLSCredentials(
            certificateChainPath: folder.appending(path: "\(stem).crt.pem").path,
            privateKeyPath: folder.appending(path: "\(stem).key.pem").path, trustRootsPath: roots ?? rootsPath)
        try Self.writeCertificate(pair.certificate, to: credentials.certificateChainPath)
        try Self.writeKey(pair.key, to: credentials.privateKeyPath)
        return credentials
    }

    /// A key between the root and its leaves, with the serial number of its certificate.
    final class Issuer: Sendable {
        let serial: CertificateSerial
        fileprivate let pair: Pair

        fileprivate init(_ pair: Pair) {
            self.pair = pair
            let number = X509_get0_serialNumber(pair.certificate)
            serial = CertificateSerial(
                bytes: UnsafeBufferPointer(start: ASN1_STRING_get0_data(number), count: Int(ASN1_STRING_length(number))))
        }

        deinit {
            X509_free(pair.certificate)
            EVP_PKEY_free(pair.key)
        }
    }

    func issuer(nameConstraints: String? = nil) throws -> Issuer {
        var leaf = Leaf(uris: [], keyUsage: "critical,keyCertSign", extendedKeyUsage: nil)
        leaf.isAuthority = true
        leaf.nameConstraints = nameConstraints
        return Issuer(try Self.make(leaf, signedBy: root))
    }

    /// Files of a leaf that `issuer` signed, its certificate beside it.
    func credentials(_ leaf: Leaf, by issuer: Issuer) throws -> MeshTLSCredentials {
        let pair = try Self.make(leaf, signedBy: issuer.pair)
        defer {
            X509_free(pair.certificate)
            EVP_PKEY_free(pair.key)
        }
        let stem = folder.appending(path: UUID().uuidString).path
        try Self.writeCertificate(pair.certificate, to: stem + ".crt.pem")
        try Self.writeCertificate(issuer.pair.certificate, to: stem + ".issuer.pem")
        let chain = try ["crt", "issuer"].map { try String(contentsOfFile: "\(stem).\($0).pem", encoding: .utf8) }.joined()
        try chain.write(toFile: stem + ".crt.pem", atomically: true, encoding: .utf8)
        try Self.writeKey(pair.key, to: stem + ".key.pem")
        return MeshTLSCredentials(certificateChainPath: stem + ".crt.pem", privateKeyPath: stem + ".key.pem", trustRootsPath: rootsPath)
    }

    func server(_ leaf: Leaf = .named("execution"), baseline: Bool = false, limits: TLSLimits = .default) throws -> MeshTLSContext {
        try .meshServer(credentials(leaf), trustDomain: Self.trustDomain, allowsBaseline: baseline, limits: limits)
    }

    func client(_ leaf: Leaf = .named("agent"), expecting: String? = nil, limits: TLSLimits = .default) throws -> MeshTLSContext {
        try .meshClient(credentials(leaf), trustDomain: Self.trustDomain, expecting: expecting, limits: limits)
    }

    // MARK: X.509

    private static func check(_ result: Int32, _ step: String) throws {
        guard result > 0 else { throw Failed(step: step) }
    }

    private static func make(_ leaf: Leaf, signedBy issuer: Pair?) throws -> Pair {
        let key = try makeKey(leaf.curve)
        guard let certificate = X509_new() else { throw Failed(step: "X509_new") }
        try check(X509_set_version(certificate, 2), "version")
        try check(ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), Int64.random(in: 1...Int64.max)), "serial")
        X509_gmtime_adj(X509_getm_notBefore(certificate), leaf.startsIn)
        X509_gmtime_adj(X509_getm_notAfter(certificate), leaf.endsIn)
        // OpenSSL takes a certificate whose subject is its issuer's for self-signed.
        let subject = leaf.isAuthority && issuer == nil ? "root \(UUID().uuidString)" : "leaf \(UUID().uuidString)"
        try check(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, subject, -1, -1, 0), "subject")
        try check(X509_set_issuer_name(certificate, X509_get_subject_name(issuer?.certificate ?? certificate)), "issuer")
        try check(X509_set_pubkey(certificate, key), "public key")
        try addExtensions(leaf, to: certificate)
        try check(X509_sign(certificate, issuer?.key ?? key, leaf.curve == "ED25519" && issuer == nil ? nil : EVP_sha256()), "sign")
        return Pair(certificate: certificate, key: key)
    }

    private static func makeKey(_ curve: String) throws -> OpaquePointer {
        let kind = curve == "ED25519" ? curve : "EC"
        guard let context = EVP_PKEY_CTX_new_from_name(nil, kind, nil) else { throw Failed(step: "key context") }
        defer { EVP_PKEY_CTX_free(context) }
        try check(EVP_PKEY_keygen_init(context), "key generation")
        if kind == "EC" { try check(EVP_PKEY_CTX_set_group_name(context, curve), "curve") }
        var key: OpaquePointer?
        try check(EVP_PKEY_generate(context, &key), "key")
        guard let key else { throw Failed(step: "key") }
        return key
    }

    private static func addExtensions(_ leaf: Leaf, to certificate: OpaquePointer) throws {
        if leaf.isAuthority { try add(NID_basic_constraints, "critical,CA:TRUE", certificate) }
        if let constraints = leaf.nameConstraints { try add(NID_name_constraints, "critical," + constraints, certificate) }
        if let usage = leaf.keyUsage { try add(NID_key_usage, usage, certificate) }
        if let usage = leaf.extendedKeyUsage { try add(NID_ext_key_usage, usage, certificate) }
        let names = leaf.uris.map { "URI:\($0)" } + leaf.dns.map { "DNS:\($0)" }
        if !names.isEmpty { try add(NID_subject_alt_name, names.joined(separator: ","), certificate) }
    }

    private static func add(_ kind: Int32, _ value: String, _ certificate: OpaquePointer) throws {
        var context = X509V3_CTX()
        X509V3_set_ctx(&context, certificate, certificate, nil, nil, 0)
        guard let made = X509V3_EXT_conf_nid(nil, &context, kind, value) else { throw Failed(step: "extension \(value)") }
        defer { X509_EXTENSION_free(made) }
        try check(X509_add_ext(certificate, made, -1), "extension \(value)")
    }

    // MARK: Files

    private static func writeCertificate(_ certificate: OpaquePointer, to path: String) throws {
        let bio = BIO_new_file(path, "w")
        defer { BIO_free(bio) }
        try check(PEM_write_bio_X509(bio, certificate), "write certificate")
    }

    private static func writeKey(_ key: OpaquePointer, to path: String) throws {
        let bio = BIO_new_file(path, "w")
        let written = PEM_write_bio_PKCS8PrivateKey(bio, key, nil, nil, 0, nil, nil)
        BIO_free(bio)
        try check(written, "write key")
        try setMode(0o600, of: path)
    }

    static func setMode(_ mode: Int, of path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }
}
