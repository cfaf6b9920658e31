internal import Foundation
internal import Identity

/// Keeps the certificates of a development deployment's HTTPS alive: they last 24 hours, and are issued anew once half of that is over.
/// Mesh certificates are auth's business.
struct HTTPSCertificates {
    let folder: StateFolder

    func makeIssuer(_ root: CertificateAuthority) throws {
        if !Self.hasIssuer(folder) { try HTTPSIssuerFile(folder).write(try root.makeHTTPSIssuer()) }
    }

    static func hasIssuer(_ folder: StateFolder) -> Bool { HTTPSIssuerFile(folder).exists }

    func renewDue(now: Date = Date()) throws {
        for name in ServiceName.allCases where name.servesHTTPS {
            if Self.isDue(folder.tls(name) + "/https-cert.pem", folder.tls(name) + "/https-key.pem", now: now) { try replace(of: name, now: now) }
        }
    }

    /// Gives a running service another key and certificate, which it takes up by itself. There is no list of revoked HTTPS certificates: the one before ends
    /// within its 24 hours.
    func replace(of name: ServiceName, now: Date = Date()) throws {
        let issued = try HTTPSIssuerFile(folder).read().issueHTTPS(dnsNames: ["localhost", name.rawValue], ipAddresses: ["127.0.0.1"], now: now)
        try PrivateFiles.write(issued.privateKeyPEM, to: folder.tls(name) + "/https-key.pem")
        try PrivateFiles.write(issued.certificatePEM, to: folder.tls(name) + "/https-cert.pem")
    }

    /// Makes another issuer, signed by the offline root, and has every server take a certificate of it.
    func replaceIssuer(_ root: CertificateAuthority) throws {
        try HTTPSIssuerFile(folder).write(try root.makeHTTPSIssuer())
        for name in ServiceName.allCases where name.servesHTTPS { try replace(of: name) }
    }

    /// Missing, unreadable, without its key, or past half of its life.
    private static func isDue(_ certificate: String, _ key: String, now: Date) -> Bool {
        guard let facts = try? CertificateFacts(pem: PrivateFiles.readText(certificate)), let key = try? MeshKey(pem: PrivateFiles.readText(key)),
            facts.isFor(key)
        else { return true }
        return Int64(now.timeIntervalSince1970) >= facts.begins + (facts.ends - facts.begins) / 2
    }
}
