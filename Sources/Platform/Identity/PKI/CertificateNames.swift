internal import Glibc
internal import SwiftASN1
internal import X509

/// Checks names before they enter a certificate.
enum CertificateNames {
    static func subject(commonName: String) throws -> DistinguishedName {
        try DistinguishedName {
            OrganizationName("CryptoPulse")
            CommonName(commonName)
        }
    }

    /// A service's or environment's name: lower-case letters, digits and inner hyphens, at most 63 (a DNS label).
    static func checkedLabel(_ name: String) throws -> String {
        let allowed = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
            default: false
            }
        }
        guard allowed, (1...63).contains(name.utf8.count), !name.hasPrefix("-"), !name.hasSuffix("-") else {
            throw CertificateAuthority.Failure.invalidName(name)
        }
        return name
    }

    static func alternativeNames(uris: [String], dnsNames: [String], ipAddresses: [String]) throws -> [GeneralName] {
        try uris.map { .uniformResourceIdentifier($0) } + dnsNames.map { .dnsName($0) }
            + ipAddresses.map { .ipAddress(ASN1OctetString(contentBytes: try addressBytes($0)[...])) }
    }

    /// 4 or 16 bytes in network order.
    private static func addressBytes(_ text: String) throws -> [UInt8] {
        for (family, size) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: size)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        throw CertificateAuthority.Failure.invalidName(text)
    }
}
