internal import COpenSSL

/// The X509-SVID rules for a leaf (X509-SVID specification, sections 2, 4.1, 4.3 and 5.2), and ours about trust domain and name.
enum LeafRules {
    static func identity(_ leaf: OpaquePointer, _ trust: TLSConfiguration.Trust) throws(PeerRefusal) -> SPIFFEIdentity {
        let identity = try identity(leaf)
        guard identity.trustDomain == trust.trustDomain else {
            throw .wrongTrustDomain(expected: trust.trustDomain, found: identity.trustDomain)
        }
        if let expected = trust.expectedName, expected != identity.name {
            throw .unexpectedName(expected: expected, found: identity.name)
        }
        return identity
    }

    /// The rules that hold whoever looks.
    static func identity(_ leaf: OpaquePointer) throws(PeerRefusal) -> SPIFFEIdentity {
        let flags = X509_get_extension_flags(leaf)
        guard flags & UInt32(EXFLAG_INVALID) == 0 else { throw .invalidChain("malformed extension") }
        guard flags & UInt32(EXFLAG_CA) == 0 else { throw .certificateAuthority }
        try checkKeyUsage(leaf)
        try checkExtendedKeyUsage(leaf)
        return try SPIFFEIdentity(uri: onlyURI(leaf))
    }

    private static func checkKeyUsage(_ leaf: OpaquePointer) throws(PeerRefusal) {
        let position = X509_get_ext_by_NID(leaf, NID_key_usage, -1)
        guard position >= 0, let found = X509_get_ext(leaf, position) else { throw .keyUsage("is absent") }
        guard X509_EXTENSION_get_critical(found) == 1 else { throw .keyUsage("is not critical") }
        let usage = X509_get_key_usage(leaf)
        guard usage & UInt32(KU_DIGITAL_SIGNATURE) != 0 else { throw .keyUsage("lacks digitalSignature") }
        guard usage & UInt32(KU_KEY_CERT_SIGN | KU_CRL_SIGN) == 0 else {
            throw .keyUsage("allows signing certificates or revocation lists")
        }
    }

    private static func checkExtendedKeyUsage(_ leaf: OpaquePointer) throws(PeerRefusal) {
        guard X509_get_extension_flags(leaf) & UInt32(EXFLAG_XKUSAGE) != 0 else { return }
        let both = UInt32(XKU_SSL_SERVER | XKU_SSL_CLIENT)
        guard X509_get_extended_key_usage(leaf) & both == both else { throw .extendedKeyUsage }
    }

    private static func onlyURI(_ leaf: OpaquePointer) throws(PeerRefusal) -> String {
        var found: Int32 = 0
        guard let names = shim_X509_subject_alt_names(leaf, &found) else {
            ERR_clear_error()
            throw found == -1 ? .noURI : .invalidChain("malformed subject alternative names")
        }
        defer { GENERAL_NAMES_free(names) }
        var uris: [String] = []
        for index in 0..<shim_GENERAL_NAMES_count(names) {
            var length: Int32 = 0
            guard let bytes = shim_GENERAL_NAMES_uri(names, index, &length) else { continue }
            uris.append(String(decoding: UnsafeBufferPointer(start: bytes, count: Int(length)), as: UTF8.self))
        }
        guard let uri = uris.first else { throw .noURI }
        guard uris.count == 1 else { throw .severalURIs(uris.count) }
        return uri
    }
}
