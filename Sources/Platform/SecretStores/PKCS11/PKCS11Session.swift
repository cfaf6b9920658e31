internal import CPKCS11
internal import Secrets

/// A session of a logged-in user with one token. Blocks; used by one thread at a time.
struct PKCS11Session {
    enum KeyClass {
        case publicKey, privateKey, secretKey

        var number: CK_ULONG {
            switch self {
            case .publicKey: CK_ULONG(CKO_PUBLIC_KEY)
            case .privateKey: CK_ULONG(CKO_PRIVATE_KEY)
            case .secretKey: CK_ULONG(CKO_SECRET_KEY)
            }
        }
    }

    private static let maximumSlots = 64
    /// Bytes of the longest attribute or answer that is read.
    static let maximumAnswer = 8192

    let functions: UnsafePointer<CK_FUNCTION_LIST>
    let handle: CK_SESSION_HANDLE

    /// Loads the module, which stays loaded, and logs in.
    ///
    /// - Parameter writes: whether keys are to be made and destroyed.
    /// - Throws: `PKCS11Failure`, `SecretStoreError.Cause`.
    init(_ settings: PKCS11Settings, writes: Bool = false) throws {
        functions = try Self.load(settings.module)
        let slot = try Self.slot(of: settings.token, functions)
        var handle = CK_SESSION_HANDLE()
        let flags = CK_FLAGS(writes ? CKF_SERIAL_SESSION | CKF_RW_SESSION : CKF_SERIAL_SESSION)
        try PKCS11Failure.check("C_OpenSession", functions.pointee.C_OpenSession?(slot, flags, nil, nil, &handle))
        self.handle = handle
        do {
            try logIn(try SecretText.line(PrivateFile().read(path: settings.pinFile, atMost: 256)), settings, slot)
        } catch {
            close()
            throw error
        }
    }

    func close() {
        _ = functions.pointee.C_CloseSession?(handle)
    }

    private static func load(_ path: String) throws -> UnsafePointer<CK_FUNCTION_LIST> {
        guard path.hasPrefix("/") else { throw SecretStoreError.Cause.unusable("pkcs11.module '\(path)' is not an absolute path") }
        var reason: UnsafePointer<CChar>?
        guard let functions = cp_pkcs11_load(path, &reason) else {
            throw SecretStoreError.Cause.unusable("\(path) cannot be loaded: \(reason.map { String(cString: $0) } ?? "no reason given")")
        }
        var arguments = CK_C_INITIALIZE_ARGS()
        arguments.flags = CK_FLAGS(CKF_OS_LOCKING_OK)
        try PKCS11Failure.check("C_Initialize", functions.pointee.C_Initialize?(&arguments), or: CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return functions
    }

    private static func slot(of token: String, _ functions: UnsafePointer<CK_FUNCTION_LIST>) throws -> CK_SLOT_ID {
        var slots = [CK_SLOT_ID](repeating: 0, count: maximumSlots)
        var count = CK_ULONG(maximumSlots)
        try PKCS11Failure.check("C_GetSlotList", functions.pointee.C_GetSlotList?(1, &slots, &count))
        for slot in slots.prefix(Int(clamping: count)) {
            var info = CK_TOKEN_INFO()
            guard functions.pointee.C_GetTokenInfo?(slot, &info) == CK_RV(CKR_OK) else { continue }
            let label = withUnsafeBytes(of: info.label) { String(decoding: $0, as: UTF8.self) }
            if label.prefix(while: { $0 != "\0" }).trimmingBlanks == token { return slot }
        }
        throw SecretStoreError.Cause.unavailable("no token '\(token)' is present")
    }

    /// The login holds for all sessions of this process with the token. A PIN that the token refused is not tried again.
    private func logIn(_ pin: SecretBytes, _ settings: PKCS11Settings, _ slot: CK_SLOT_ID) throws {
        try RefusedPINs.shared.check(pin, of: settings)
        var info = CK_TOKEN_INFO()
        try PKCS11Failure.check("C_GetTokenInfo", functions.pointee.C_GetTokenInfo?(slot, &info))
        guard info.flags & CK_FLAGS(CKF_USER_PIN_FINAL_TRY) == 0 else {
            throw SecretStoreError.Cause.denied(
                "one more wrong PIN locks the token '\(settings.token)': no program uses up the last try. Log in with the device's own tool, "
                    + "and put that PIN into \(settings.pinFile)")
        }
        let code = pin.withUnsafeBytes { pin in
            functions.pointee.C_Login?(handle, CK_ULONG(CKU_USER), pin.bindMemory(to: UInt8.self).baseAddress, CK_ULONG(pin.count))
        }
        // Where somebody is logged in already, the PIN is not looked at.
        if code == CK_RV(CKR_OK) { RefusedPINs.shared.accepted(of: settings) }
        if let code, PKCS11Failure(function: "C_Login", code: code).isOfPIN { RefusedPINs.shared.refused(pin, of: settings) }
        try PKCS11Failure.check("C_Login", code, or: CKR_USER_ALREADY_LOGGED_IN)
    }

    // MARK: - Keys

    /// The key with this label.
    ///
    /// - Throws: `notFound` for none, `conflict` for several.
    func key(_ label: String, _ keyClass: KeyClass) throws -> CK_OBJECT_HANDLE {
        var kind = keyClass.number
        var name = Array(label.utf8)
        return try name.withUnsafeMutableBytes { name in
            try withUnsafeMutableBytes(of: &kind) { kind in
                try find([
                    CK_ATTRIBUTE(type: CK_ULONG(CKA_CLASS), value: kind.baseAddress, length: CK_ULONG(kind.count)),
                    CK_ATTRIBUTE(type: CK_ULONG(CKA_LABEL), value: name.baseAddress, length: CK_ULONG(name.count)),
                ])
            }
        }
    }

    private func find(_ attributes: [CK_ATTRIBUTE]) throws -> CK_OBJECT_HANDLE {
        try PKCS11Failure.check("C_FindObjectsInit", functions.pointee.C_FindObjectsInit?(handle, attributes, CK_ULONG(attributes.count)))
        defer { _ = functions.pointee.C_FindObjectsFinal?(handle) }
        var found = [CK_OBJECT_HANDLE](repeating: 0, count: 2)
        var count = CK_ULONG()
        try PKCS11Failure.check("C_FindObjects", functions.pointee.C_FindObjects?(handle, &found, 2, &count))
        guard count > 0 else {
            try checkLoggedIn()
            throw SecretStoreError.Cause.notFound
        }
        guard count == 1 else { throw SecretStoreError.Cause.conflict("two keys bear this label") }
        return found[0]
    }

    /// Who is not logged in sees no private key, and is told that there is none.
    ///
    /// - Throws: a `PKCS11Failure` after which a new session logs in.
    private func checkLoggedIn() throws {
        var info = CK_SESSION_INFO()
        try PKCS11Failure.check("C_GetSessionInfo", functions.pointee.C_GetSessionInfo?(handle, &info))
        guard [CKS_RO_USER_FUNCTIONS, CKS_RW_USER_FUNCTIONS].contains(Int(clamping: info.state)) else {
            throw PKCS11Failure(function: "C_GetSessionInfo", code: UInt(CKR_USER_NOT_LOGGED_IN))
        }
    }

    func attribute(_ type: Int, of object: CK_OBJECT_HANDLE) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.maximumAnswer)
        let length = try bytes.withUnsafeMutableBytes { buffer in
            var attribute = CK_ATTRIBUTE(type: CK_ULONG(type), value: buffer.baseAddress, length: CK_ULONG(buffer.count))
            try PKCS11Failure.check("C_GetAttributeValue", functions.pointee.C_GetAttributeValue?(handle, object, &attribute, 1))
            return min(Int(clamping: attribute.length), buffer.count)
        }
        return Array(bytes.prefix(length))
    }

    func number(_ type: Int, of object: CK_OBJECT_HANDLE) throws -> Int {
        let bytes = try attribute(type, of: object)
        guard bytes.count == MemoryLayout<CK_ULONG>.size else { throw SecretStoreError.Cause.unusable("the key's attributes are not understood") }
        return Int(clamping: bytes.withUnsafeBytes { $0.loadUnaligned(as: CK_ULONG.self) })
    }
}

extension StringProtocol {
    fileprivate var trimmingBlanks: String {
        String(reversed().drop { $0 == " " }.reversed())
    }
}
