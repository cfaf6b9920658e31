import COpenSSL
@testable import MeshTLS

/// DER into the rules for a peer's leaf, and text into SPIFFE identities: whatever is accepted says exactly what the identity says.
enum CertificateFuzzer {
    private static let trust = TLSConfiguration.Trust(rootsPath: "", trustDomain: "test.cryptopulse.internal", expectedName: nil)

    static func run(_ bytes: UnsafeRawBufferPointer) {
        text(String(decoding: bytes, as: UTF8.self))
        certificate(bytes)
    }

    private static func text(_ text: String) {
        guard let identity = try? SPIFFEIdentity(uri: text) else { return }
        require(identity.uri.utf8.elementsEqual(text.utf8), "\(printable(text)) is read as \(identity.uri)")
        require(identity.uri.utf8.allSatisfy { (0x21...0x7e).contains($0) }, "an identity that a log line cannot carry")
        require(!identity.name.contains("/") && identity.name != "." && identity.name != "..", "a name of more than one component")
        require(identity.trustDomain == identity.trustDomain.lowercased(), "a trust domain in capitals")
    }

    private static func certificate(_ bytes: UnsafeRawBufferPointer) {
        var position = bytes.bindMemory(to: UInt8.self).baseAddress
        guard let leaf = d2i_X509(nil, &position, bytes.count) else { return ERR_clear_error() }
        defer {
            X509_free(leaf)
            ERR_clear_error()
        }
        guard let identity = try? LeafRules.identity(leaf, trust) else { return }
        require(identity.trustDomain == trust.trustDomain, "a leaf of another trust domain is accepted")
        require(X509_get_extension_flags(leaf) & UInt32(EXFLAG_CA) == 0, "a certificate authority is accepted as a leaf")
        require(bytes.contains(Array(identity.uri.utf8)), "\(identity.uri) does not stand in the certificate")
        text(identity.uri)
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func contains(_ part: [UInt8]) -> Bool {
        guard count >= part.count else { return false }
        return (0...count - part.count).contains { self[$0..<$0 + part.count].elementsEqual(part) }
    }
}
