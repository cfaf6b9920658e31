internal import COpenSSL
internal import NIOCore

/// One SSL object between two byte buffers. No I/O, no clock; used from one event loop only.
final class TLSConnection {
    /// What a step came to.
    enum Outcome {
        case done
        /// Reading: the buffer is to be emptied first.
        case isFull
        /// Needs more bytes from the peer.
        case needsInput
        /// Needs `takeOutbound` to be called first.
        case needsOutput
        /// The peer sent close_notify.
        case closedByPeer
        case failed(MeshTLSError)
    }

    private let context: LoadedContext
    private let ssl: OpaquePointer
    private let bio = BufferBIO()
    /// Set by the verification callback, one of the two.
    var peer: VerifiedPeer?
    var refusal: PeerRefusal?
    private var handshakeComplete = false

    init(_ context: LoadedContext) throws(MeshTLSError) {
        ERR_clear_error()
        guard let ssl = SSL_new(context.pointer) else { throw .handshakeFailed(OpenSSLError.takeText()) }
        self.context = context
        self.ssl = ssl
        guard let end = bio.makeBIO() else { throw .handshakeFailed(OpenSSLError.takeText()) }
        // Both directions hold one reference each: SSL_set_bio takes a single one when they are the same BIO.
        SSL_set_bio(ssl, end, end)
        SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
        context.configuration.role == .server ? SSL_set_accept_state(ssl) : SSL_set_connect_state(ssl)
    }

    deinit { SSL_free(ssl) }

    /// The connection whose certificate is being verified.
    static func of(_ store: OpaquePointer) -> TLSConnection? {
        guard let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
            let this = SSL_get_ex_data(OpaquePointer(ssl), 0)
        else { return nil }
        return Unmanaged<TLSConnection>.fromOpaque(this).takeUnretainedValue()
    }

    // MARK: Ciphertext

    func feed(_ ciphertext: consuming ByteBuffer) {
        if bio.inbound.readableBytes == 0 {
            bio.inbound = ciphertext
        } else {
            bio.inbound.writeBuffer(&ciphertext)
        }
    }

    var outboundBytes: Int { bio.outbound.readableBytes }
    var inboundBytes: Int { bio.inbound.readableBytes }

    func takeOutbound() -> ByteBuffer? { bio.takeOutbound() }

    /// So many bytes are about to be written before `takeOutbound`.
    func expect(_ plaintextBytes: Int) { bio.expect(plaintextBytes) }

    // MARK: Steps

    /// `.done` means complete and accepted.
    func handshake() -> Outcome {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        guard result == 1 else { return outcome(result) }
        if context.configuration.trust != nil, peer == nil { return .failed(.peerRefused(.noCertificate)) }
        if alpn == nil, !context.configuration.alpn.mayBeAbsent { return .failed(.noApplicationProtocol) }
        handshakeComplete = true
        return .done
    }

    private static let leastRoom = 512

    /// Appends plaintext to `plaintext` until the input is used up: never `.done`.
    func read(into plaintext: inout ByteBuffer) -> Outcome {
        defer { bio.releaseInbound() }
        // A record may have begun in earlier input, so there may be more than what has just arrived.
        if plaintext.readableBytes == 0 { plaintext.reserveCapacity(max(Self.leastRoom, bio.inbound.readableBytes)) }
        while true {
            var result: Int32 = 0
            // More memory would mean copying what is there.
            guard plaintext.writableBytes >= Self.leastRoom else { return .isFull }
            plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.leastRoom) { target in
                OpenSSLError.forget()
                result = SSL_read(ssl, target.baseAddress, Int32(clamping: target.count))
                return max(0, Int(result))
            }
            guard result > 0 else { return outcome(result) }
            // Asking libssl for more would only make it say so.
            if bio.inbound.readableBytes == 0, SSL_has_pending(ssl) == 0 { return .needsInput }
        }
    }

    /// - Returns: how many bytes were taken, and why not all.
    func write(_ plaintext: UnsafeRawBufferPointer) -> (count: Int, outcome: Outcome) {
        guard plaintext.count > 0 else { return (0, .done) }
        OpenSSLError.forget()
        let result = SSL_write(ssl, plaintext.baseAddress, Int32(clamping: plaintext.count))
        return result > 0 ? (Int(result), .done) : (0, outcome(result))
    }

    /// Queues close_notify. Not valid before the handshake is complete or after a failure.
    func sendCloseNotify() {
        ERR_clear_error()
        // 0 only says that the peer's close_notify hasn't come yet; an error means there is nobody to tell.
        if SSL_shutdown(ssl) < 0 { ERR_clear_error() }
    }

    /// The protocol agreed on.
    var alpn: String? {
        var bytes: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &bytes, &count)
        guard let bytes, count > 0 else { return nil }
        return String(decoding: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
    }

    // MARK: Errors

    private func outcome(_ result: Int32) -> Outcome {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: .needsInput
        case SSL_ERROR_WANT_WRITE: .needsOutput
        case SSL_ERROR_ZERO_RETURN: .closedByPeer
        default: .failed(takeError())
        }
    }

    private func takeError() -> MeshTLSError {
        let error = OpenSSLError.take()
        if let refusal { return .peerRefused(refusal) }
        guard let error else { return handshakeComplete ? .truncated : .handshakeFailed("unknown error") }
        if let alert = OpenSSLError.alert(library: error.library, reason: error.reason) {
            return alert == "no application protocol" ? .noApplicationProtocol : .refusedByPeer(alert: alert)
        }
        switch (error.library, error.reason) {
        case (ERR_LIB_SSL, SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE): return .peerRefused(.noCertificate)
        case (ERR_LIB_SSL, SSL_R_NO_APPLICATION_PROTOCOL), (ERR_LIB_SSL, SSL_R_CALLBACK_FAILED): return .noApplicationProtocol
        default: return handshakeComplete ? .protocolViolation(error.text) : .handshakeFailed(error.text)
        }
    }
}
