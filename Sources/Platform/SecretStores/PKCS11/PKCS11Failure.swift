internal import CPKCS11
internal import Secrets

/// A call of the device that did not answer CKR_OK.
struct PKCS11Failure: Error, Equatable {
    let function: String
    let code: UInt

    /// Whether a new session may do better: the device was taken out or restarted.
    var losesSession: Bool {
        [
            CKR_SESSION_CLOSED, CKR_SESSION_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN, CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT, CKR_DEVICE_ERROR,
            CKR_CRYPTOKI_NOT_INITIALIZED,
        ].contains(Int(clamping: code))
    }

    /// Whether the token did not like the PIN: the same one again would only bring it nearer to its lock.
    var isOfPIN: Bool {
        [CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE, CKR_PIN_LOCKED].contains(Int(clamping: code))
    }

    var cause: SecretStoreError.Cause {
        let words = "\(function) failed with CKR 0x\(String(code, radix: 16))"
        switch Int(clamping: code) {
        case CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE:
            return .denied("the PIN is wrong, and is not tried again until the PIN file has another (\(words))")
        case CKR_PIN_LOCKED: return .denied("the PIN is locked (\(words))")
        case CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE: return .tampered("the device does not open it (\(words))")
        default: return .unavailable(words)
        }
    }

    static func check(_ function: String, _ code: CK_RV?, or allowed: Int...) throws(PKCS11Failure) {
        guard let code else { throw PKCS11Failure(function: function, code: UInt(CKR_FUNCTION_FAILED)) }
        guard code == UInt(CKR_OK) || allowed.contains(Int(clamping: code)) else { throw PKCS11Failure(function: function, code: code) }
    }
}
