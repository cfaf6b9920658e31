internal import COpenSSL

/// Decides inside the handshake whether the peer is one of us, so that no application byte reaches or leaves it before.
enum PeerVerification {
    /// Takes the place of OpenSSL's own verification. Returns 1 to accept.
    static let callback: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { store, argument in
        guard let store, let argument, let connection = TLSConnection.of(store) else { return 0 }
        let context = Unmanaged<LoadedContext>.fromOpaque(argument).takeUnretainedValue()
        do throws(PeerRefusal) {
            guard let trust = context.configuration.trust else { throw .invalidChain("no rules for peers") }
            let peer = try verify(store, trust)
            if let revoked = context.revocations.refusal(of: peer) {
                X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REVOKED)
                throw revoked
            }
            connection.peer = peer
            return 1
        } catch {
            connection.refusal = error
            // Its own error decides the alert that the peer sees; an accepted chain with a wrong leaf becomes bad_certificate.
            if X509_STORE_CTX_get_error(store) == X509_V_OK { X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED) }
            return 0
        }
    }

    private static func verify(_ store: OpaquePointer, _ trust: TLSConfiguration.Trust) throws(PeerRefusal) -> VerifiedPeer {
        guard let leaf = X509_STORE_CTX_get0_cert(store) else { throw .noCertificate }
        if X509_verify_cert(store) != 1 { throw chainRefusal(store, leaf, trust) }
        let identity = try LeafRules.identity(leaf, trust)
        return VerifiedPeer(
            identity: identity, serial: serial(leaf), issuers: issuers(store), certificateEnds: CertificateTime.seconds(X509_get0_notAfter(leaf)))
    }

    /// Of the certificates above the leaf in the chain that was verified.
    private static func issuers(_ store: OpaquePointer) -> [CertificateSerial] {
        let count = shim_X509_STORE_CTX_chain_count(store)
        return (1..<max(1, count)).compactMap { shim_X509_STORE_CTX_chain_at(store, $0) }.map(serial)
    }

    private static func serial(_ leaf: OpaquePointer) -> CertificateSerial {
        let number = X509_get0_serialNumber(leaf)
        let bytes = UnsafeBufferPointer(start: ASN1_STRING_get0_data(number), count: max(0, Int(ASN1_STRING_length(number))))
        return CertificateSerial(bytes: bytes)
    }

    private static func chainRefusal(_ store: OpaquePointer, _ leaf: OpaquePointer, _ trust: TLSConfiguration.Trust) -> PeerRefusal {
        let code = X509_STORE_CTX_get_error(store)
        let culprit = X509_STORE_CTX_get_current_cert(store) ?? leaf
        switch code {
        case X509_V_ERR_CERT_HAS_EXPIRED: return .expired(notAfter: CertificateTime.text(X509_get0_notAfter(culprit)))
        case X509_V_ERR_CERT_NOT_YET_VALID: return .notYetValid(notBefore: CertificateTime.text(X509_get0_notBefore(culprit)))
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return .selfSigned
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return foreignDomain(leaf, trust) ?? .unknownRoot
        case X509_V_ERR_INVALID_PURPOSE: return leafRefusal(leaf, trust) ?? .invalidChain(text(code))
        default: return .invalidChain(text(code))
        }
    }

    /// A stranger's certificate that names another environment is most likely an honest mistake, and the log is to say which.
    private static func foreignDomain(_ leaf: OpaquePointer, _ trust: TLSConfiguration.Trust) -> PeerRefusal? {
        do throws(PeerRefusal) {
            let claimed = try LeafRules.identity(leaf).trustDomain
            return claimed == trust.trustDomain ? nil : .wrongTrustDomain(expected: trust.trustDomain, found: claimed)
        } catch {
            return nil
        }
    }

    /// OpenSSL calls several faults of a leaf "unsuitable certificate purpose"; our own rules name them apart.
    private static func leafRefusal(_ leaf: OpaquePointer, _ trust: TLSConfiguration.Trust) -> PeerRefusal? {
        do throws(PeerRefusal) {
            _ = try LeafRules.identity(leaf, trust)
            return nil
        } catch {
            return error
        }
    }

    private static func text(_ code: Int32) -> String {
        X509_verify_cert_error_string(Int(code)).map { String(cString: $0) } ?? "error \(code)"
    }
}

/// Who a peer proved to be.
struct VerifiedPeer: Sendable {
    let identity: SPIFFEIdentity
    let serial: CertificateSerial
    let issuers: [CertificateSerial]
    /// Seconds since 1970.
    let certificateEnds: Int64
}
