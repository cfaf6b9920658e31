public import Crypto
import FoundationEssentials

/// The text form in which an exchange takes an Ed25519 public key: SubjectPublicKeyInfo in PEM (RFC 8410 section 4).
public enum PublicKeyPEM {
    /// SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes }.
    private static let prefix: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]

    public static func encode(_ key: Curve25519.Signing.PublicKey) -> String {
        let der = Data(prefix + key.rawRepresentation)
        return "-----BEGIN PUBLIC KEY-----\n\(der.base64EncodedString())\n-----END PUBLIC KEY-----\n"
    }
}
