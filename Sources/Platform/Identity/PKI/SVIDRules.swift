internal import SwiftASN1
internal import X509

/// The X509-SVID rules (SPIFFE X509-SVID specification, sections 2 to 5) that an issuer holds each leaf to before it hands it out.
/// `MeshTLS` holds every peer to them again.
enum SVIDRules {
    /// A leaf that must not leave the issuer: which rule it breaks.
    struct Violation: Error, Equatable {
        let rule: String
    }

    static func check(_ leaf: Certificate, spiffeID: String) throws {
        let uris = try (leaf.extensions.subjectAlternativeNames ?? SubjectAlternativeNames()).compactMap { name -> String? in
            if case .uniformResourceIdentifier(let uri) = name { uri } else { nil }
        }
        try require(uris == [spiffeID], "exactly one URI name, the SPIFFE id")
        try require(hasPath(spiffeID), "a SPIFFE id with a path")
        try require(leaf.extensions.basicConstraints ?? .notCertificateAuthority == .notCertificateAuthority, "cA is false")
        let usage = leaf.extensions[oid: .X509ExtensionID.keyUsage]
        try require(usage?.critical == true, "key usage is critical")
        let bits = try leaf.extensions.keyUsage
        try require(bits?.digitalSignature == true && bits?.keyCertSign == false && bits?.cRLSign == false, "key usage signs messages only")
        let purposes = try leaf.extensions.extendedKeyUsage.map(Array.init) ?? [.serverAuth, .clientAuth]
        try require(purposes.contains(.serverAuth) && purposes.contains(.clientAuth), "good as server and as client")
    }

    private static func hasPath(_ spiffeID: String) -> Bool {
        let scheme = "spiffe://"
        guard spiffeID.hasPrefix(scheme) else { return false }
        let parts = spiffeID.dropFirst(scheme.count).split(separator: "/", omittingEmptySubsequences: false)
        return parts.count > 1 && parts.allSatisfy { !$0.isEmpty }
    }

    private static func require(_ holds: Bool, _ rule: String) throws {
        guard holds else { throw Violation(rule: rule) }
    }
}
