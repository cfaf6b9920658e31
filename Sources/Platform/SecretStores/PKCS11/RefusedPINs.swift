internal import Crypto
internal import Secrets
internal import Synchronization

/// PINs that tokens have refused: none of them is tried again. Tokens lock after a few wrong tries, and a service that asks for its keys again
/// and again, or is started again and again, would have used them up at once.
final class RefusedPINs: Sendable {
    static let shared = RefusedPINs()

    private struct State {
        /// By the token's label: one code a token, so that there are no more than tokens in the settings.
        var codes: [String: [UInt8]] = [:]
        /// Of this process and those before; nil: those before are not known.
        var record: RefusedPINRecord?
        /// Why the record is not what it should be.
        var unwritten: String?

        mutating func write(_ body: (inout RefusedPINRecord) throws -> Void) {
            guard var changed = record else { return }
            unwritten = nil
            do { try body(&changed) } catch { unwritten = "\(error)" }
            record = changed
        }
    }

    /// No PIN is kept but its code under a key of this process.
    private let key = SymmetricKey(size: .bits256)
    private let state = Mutex(State())

    /// From here on refusals outlive the process.
    ///
    /// - Throws: `SecretStoreError.Cause`: what is there cannot be read; refusals are kept all the same.
    func keep(in folder: String) throws {
        var record = RefusedPINRecord(folder: folder)
        defer { state.withLock { $0.record = record } }
        try record.read()
    }

    /// - Throws: `denied` for the PIN that this token refused last.
    func check(_ pin: SecretBytes, of settings: PKCS11Settings) throws {
        let (code, token) = (code(of: pin), settings.token)
        let (known, record, unwritten) = state.withLock { ($0.codes[token], $0.record, $0.unwritten) }
        guard try known == code || record?.has(pin, of: token) ?? false else { return }
        state.withLock { $0.codes[token] = code }
        throw SecretStoreError.Cause.denied(
            "the token '\(token)' refused this PIN before; it is not tried again, since a token locks after a few wrong tries, until "
                + "\(settings.pinFile) has another" + (record.map { ", or \($0.path) is removed and the service started anew" } ?? "")
                + (unwritten.map { "; a new process would try it, as this could not be written down: \($0)" } ?? ""))
    }

    /// Where it cannot be written down, it is known to this process, and the next `check` says so.
    func refused(_ pin: SecretBytes, of settings: PKCS11Settings) {
        let code = code(of: pin), entry = Result { try RefusedPINRecord.entry(of: pin) }
        state.withLock { state in
            state.codes[settings.token] = code
            state.write { try $0.put(entry.get(), of: settings.token) }
        }
    }

    /// The token took a PIN: what it refused before is of the past.
    func accepted(of settings: PKCS11Settings) {
        state.withLock { state in
            state.codes[settings.token] = nil
            state.write { try $0.remove(settings.token) }
        }
    }

    private func code(of pin: SecretBytes) -> [UInt8] {
        pin.withUnsafeBytes { Array(HMAC<SHA256>.authenticationCode(for: $0, using: key)) }
    }
}

extension PKCS11Settings {
    /// Has PINs that a token refuses remembered by the processes after this one, in a private folder of the service.
    ///
    /// - Throws: `SecretStoreError.Cause`: what is there cannot be read; this process's refusals are kept all the same.
    public static func rememberRefusedPINs(in folder: String) throws {
        try RefusedPINs.shared.keep(in: folder)
    }
}
