internal import Foundation
internal import Identity
internal import SwiftASN1
internal import X509

/// Keeps a development deployment's certificates alive: they last 24 hours, and are issued anew once half of that is over.
struct CertificateKeeper {
    static let lifetime = Duration.seconds(24 * 3600)
    /// Left to a certificate below which it is replaced, in seconds.
    static let renewBelow: TimeInterval = 12 * 3600

    let folder: StateFolder
    let root: CertificateAuthority
    let environment: String

    func renewDue(now: Date = Date()) throws {
        for name in ServiceName.allCases {
            let tls = folder.tls(name)
            if name.isMeshMember { try renewMesh(name.rawValue, in: tls, now: now) }
            if name.servesHTTPS { try renewHTTPS(name.rawValue, in: tls, now: now) }
            try PrivateFiles.write(root.certificatePEM, to: tls + "/roots.pem")
        }
        try renewMesh("operator", in: folder.operatorTLS, now: now)
        try PrivateFiles.write(root.certificatePEM, to: folder.operatorTLS + "/roots.pem")
    }

    private func renewMesh(_ service: String, in tls: String, now: Date) throws {
        guard isDue(tls + "/cert.pem", now: now) else { return }
        let issued = try root.issue(
            service: service, environment: environment, dnsNames: [service, "localhost"], ipAddresses: ["127.0.0.1"],
            lifetime: Self.lifetime, now: now)
        try write(issued, certificate: tls + "/cert.pem", key: tls + "/key.pem")
    }

    private func renewHTTPS(_ service: String, in tls: String, now: Date) throws {
        guard isDue(tls + "/https-cert.pem", now: now) else { return }
        let issued = try root.issueHTTPS(
            dnsNames: ["localhost", service], ipAddresses: ["127.0.0.1"], lifetime: Self.lifetime, now: now)
        try write(issued, certificate: tls + "/https-cert.pem", key: tls + "/https-key.pem")
    }

    private func write(_ issued: IssuedCertificate, certificate: String, key: String) throws {
        try PrivateFiles.write(issued.privateKeyPEM, to: key)
        try PrivateFiles.write(issued.certificatePEM, to: certificate)
    }

    /// Missing, unreadable, of another root, or near its end.
    private func isDue(_ path: String, now: Date) -> Bool {
        guard let text = try? PrivateFiles.readText(path), let certificate = try? Certificate(pemEncoded: text),
            let authority = try? Certificate(pemEncoded: root.certificatePEM)
        else { return true }
        guard authority.publicKey.isValidSignature(certificate.signature, for: certificate) else { return true }
        return certificate.notValidAfter.timeIntervalSince(now) < Self.renewBelow
    }
}
