internal import Crypto
internal import Secrets
internal import Synchronization

/// PINs that tokens have refused, in this process: none of them is tried again. Tokens lock after a few wrong tries, and a service that asks
/// for its keys again and again would have used them up within a second.
///
/// A new process knows of none; what keeps restarts from locking a token is its own word that one try is left (`PKCS11Session`).
final class RefusedPINs: Sendable {
    static let shared = RefusedPINs()

    /// No PIN is kept but its code under a key of this process.
    private let key = SymmetricKey(size: .bits256)
    /// By the token's label: one code a token, so that there are no more than tokens in the settings.
    private let codes = Mutex<[String: [UInt8]]>([:])

    /// - Throws: `denied` for the PIN that this token refused last.
    func check(_ pin: SecretBytes, of settings: PKCS11Settings) throws(SecretStoreError.Cause) {
        let code = code(of: pin)
        guard codes.withLock({ $0[settings.token] }) != code else {
            throw .denied(
                "the token '\(settings.token)' refused this PIN before; it is not tried again, since a token locks after a few wrong tries, until "
                    + "\(settings.pinFile) has another")
        }
    }

    func refused(_ pin: SecretBytes, of settings: PKCS11Settings) {
        let code = code(of: pin)
        codes.withLock { $0[settings.token] = code }
    }

    private func code(of pin: SecretBytes) -> [UInt8] {
        pin.withUnsafeBytes { Array(HMAC<SHA256>.authenticationCode(for: $0, using: key)) }
    }
}
