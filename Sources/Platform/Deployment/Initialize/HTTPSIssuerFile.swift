internal import Foundation
internal import Identity

/// The key that signs people's HTTPS certificates on this machine, and its certificate: one file, so that one rename replaces both, and whoever
/// reads it, whenever somebody died, has a pair that fits.
struct HTTPSIssuerFile {
    private let path: String
    /// Earlier versions had the pair in two files.
    private let before: (key: String, certificate: String)

    init(_ folder: StateFolder) {
        path = folder.httpsIssuer
        before = ("\(folder.pki)/https-issuer.key.pem", "\(folder.pki)/https-issuer.crt.pem")
    }

    var exists: Bool { PrivateFiles.exists(path) }

    /// - Throws: `CertificateAuthority.Failure` for a file that holds no pair; file errors.
    func read() throws -> CertificateAuthority {
        let text = try PrivateFiles.readText(path)
        return try CertificateAuthority(certificatePEM: Self.block("CERTIFICATE", of: text), privateKeyPEM: Self.block("PRIVATE KEY", of: text))
    }

    func write(_ issuer: CertificateAuthority) throws {
        try PrivateFiles.write([issuer.certificatePEM, issuer.privateKeyPEM].map { $0.hasSuffix("\n") ? $0 : $0 + "\n" }.joined(), to: path)
        for file in [before.key, before.certificate] { unlink(file) }
    }

    /// Takes over what an earlier version made, if it fits.
    func takeOver() throws {
        guard !exists, let key = try? PrivateFiles.readText(before.key), let certificate = try? PrivateFiles.readText(before.certificate),
            let issuer = try? CertificateAuthority(certificatePEM: certificate, privateKeyPEM: key)
        else { return }
        try write(issuer)
    }

    /// The first PEM block of a kind; empty where there is none.
    private static func block(_ kind: String, of text: String) -> String {
        let (begin, end) = ("-----BEGIN \(kind)-----", "-----END \(kind)-----")
        guard let from = text.range(of: begin), let to = text.range(of: end, range: from.upperBound..<text.endIndex) else { return "" }
        return String(text[from.lowerBound..<to.upperBound]) + "\n"
    }
}
