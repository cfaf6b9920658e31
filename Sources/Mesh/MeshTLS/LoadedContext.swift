internal import COpenSSL

/// An SSL_CTX with what its callbacks need. Immutable once made, so it may be used from every event loop;
/// SSL_CTX counts references and locks by itself.
final class LoadedContext: @unchecked Sendable {
    let configuration: TLSConfiguration
    let revocations: RevocationStore
    let pointer: OpaquePointer
    private(set) var certificateEnds: Int64 = 0

    init(_ configuration: TLSConfiguration, _ revocations: RevocationStore) throws(MeshTLSError) {
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(configuration.role == .server ? TLS_server_method() : TLS_client_method()) else {
            throw .configuration(file: nil, cause: OpenSSLError.takeText())
        }
        self.configuration = configuration
        self.revocations = revocations
        self.pointer = pointer
        try restrict()
        try loadCertificate()
        try setTrust()
        try setALPN()
    }

    deinit { SSL_CTX_free(pointer) }

    private func require(_ succeeded: Bool, _ setting: String) throws(MeshTLSError) {
        guard succeeded else { throw .configuration(file: nil, cause: "\(setting): \(OpenSSLError.takeText())") }
    }

    private func restrict() throws(MeshTLSError) {
        try require(shim_SSL_CTX_set_protocols(pointer, TLS1_3_VERSION, TLS1_3_VERSION) == 1, "TLS 1.3")
        try require(SSL_CTX_set_ciphersuites(pointer, TLSConfiguration.cipherSuites) == 1, "cipher suites")
        try require(shim_SSL_CTX_set1_groups_list(pointer, TLSConfiguration.groups) == 1, "groups")
        SSL_CTX_set_security_level(pointer, 2)
        shim_SSL_CTX_set_options(pointer)
        shim_SSL_CTX_set_modes(pointer)
        shim_SSL_CTX_set_max_cert_list(pointer, TLSConfiguration.maxCertificateBytes)
        shim_SSL_CTX_disable_session_cache(pointer)
        let sessions = Array((configuration.trust?.trustDomain ?? "https").utf8.prefix(Int(SSL_MAX_SSL_SESSION_ID_LENGTH)))
        try require(SSL_CTX_set_session_id_context(pointer, sessions, UInt32(sessions.count)) == 1, "session id context")
    }

    private func loadCertificate() throws(MeshTLSError) {
        guard let path = configuration.certificateChainPath, let keyPath = configuration.privateKeyPath else { return }
        let chain = try PEMReader.certificates(path)
        certificateEnds = chain.first.map { CertificateTime.seconds(X509_get0_notAfter($0)) } ?? 0
        try useChain(chain, path)
        let key = try PEMReader.privateKey(keyPath)
        defer { EVP_PKEY_free(key) }
        guard SSL_CTX_use_PrivateKey(pointer, key) == 1, SSL_CTX_check_private_key(pointer) == 1 else {
            ERR_clear_error()
            throw .configuration(file: keyPath, cause: "private key is not that of the certificate in \(path)")
        }
    }

    private func useChain(_ chain: [OpaquePointer], _ path: String) throws(MeshTLSError) {
        var rest = chain.dropFirst()
        // What is left here on an error was not handed over.
        defer { for certificate in rest { X509_free(certificate) } }
        let leafAccepted = chain.first.map { SSL_CTX_use_certificate(pointer, $0) == 1 } ?? false
        if let leaf = chain.first { X509_free(leaf) }
        guard leafAccepted else { throw .configuration(file: path, cause: OpenSSLError.takeText()) }
        while let next = rest.first {
            guard shim_SSL_CTX_add0_chain_cert(pointer, next) == 1 else { throw .configuration(file: path, cause: OpenSSLError.takeText()) }
            rest = rest.dropFirst()
        }
    }

    private func setTrust() throws(MeshTLSError) {
        guard let trust = configuration.trust else {
            SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil)
            return
        }
        try require(shim_SSL_CTX_set1_sigalgs_list(pointer, TLSConfiguration.meshSignatureAlgorithms) == 1, "signature algorithms")
        // No resumption in a mesh: a resumed session would skip the checks of the peer's certificate.
        try require(SSL_CTX_set_num_tickets(pointer, 0) == 1, "session tickets")
        let store = SSL_CTX_get_cert_store(pointer)
        for root in try PEMReader.certificates(trust.rootsPath) {
            defer { X509_free(root) }
            try require(X509_STORE_add_cert(store, root) == 1, trust.rootsPath)
        }
        SSL_CTX_set_verify_depth(pointer, TLSConfiguration.maxChainDepth)
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        SSL_CTX_set_cert_verify_callback(pointer, PeerVerification.callback, Unmanaged.passUnretained(self).toOpaque())
    }

    private func setALPN() throws(MeshTLSError) {
        switch configuration.role {
        case .client:
            guard !configuration.alpn.protocols.isEmpty else { return }
            let list = ApplicationProtocol.wireList(configuration.alpn.protocols)
            // Unlike its neighbours this one returns 0 for success.
            try require(SSL_CTX_set_alpn_protos(pointer, list, UInt32(list.count)) == 0, "ALPN")
        case .server:
            let this = Unmanaged.passUnretained(self).toOpaque()
            SSL_CTX_set_alpn_select_cb(pointer, ALPNSelection.select, this)
            SSL_CTX_set_client_hello_cb(pointer, ALPNSelection.requireOffer, this)
        }
    }
}
