internal import COpenSSL

/// The server's part in ALPN.
enum ALPNSelection {
    /// Runs when the client offers protocols: takes the first of ours that it offers, else ends the handshake with no_application_protocol.
    static let select: SSL_CTX_alpn_select_cb_func = { _, chosen, chosenLength, offered, offeredLength, argument in
        guard let argument, let offered, let chosen, let chosenLength else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        let rule = Unmanaged<LoadedContext>.fromOpaque(argument).takeUnretainedValue().configuration.alpn
        let offer = UnsafeBufferPointer(start: offered, count: Int(offeredLength))
        for name in rule.protocols {
            guard let range = find(name, in: offer) else { continue }
            chosen.pointee = offered + range.lowerBound
            chosenLength.pointee = UInt8(truncatingIfNeeded: range.count)
            return SSL_TLSEXT_ERR_OK
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }

    /// Runs first of all: `select` is not called for a client that offers nothing, so that one is refused here.
    static let requireOffer: SSL_client_hello_cb_fn = { ssl, alert, argument in
        guard let argument else { return SSL_CLIENT_HELLO_ERROR }
        let rule = Unmanaged<LoadedContext>.fromOpaque(argument).takeUnretainedValue().configuration.alpn
        if rule.mayBeAbsent || has(TLSEXT_TYPE_application_layer_protocol_negotiation, ssl) { return SSL_CLIENT_HELLO_SUCCESS }
        // Before TLS 1.3 (RFC 8446 section 4.2.1): the version is what it should hear about.
        if !has(TLSEXT_TYPE_supported_versions, ssl) { return SSL_CLIENT_HELLO_SUCCESS }
        alert?.pointee = SSL_AD_NO_APPLICATION_PROTOCOL
        return SSL_CLIENT_HELLO_ERROR
    }

    private static func has(_ kind: Int32, _ ssl: OpaquePointer?) -> Bool {
        var bytes: UnsafePointer<UInt8>?
        var count = 0
        return SSL_client_hello_get0_ext(ssl, UInt32(kind), &bytes, &count) == 1
    }

    /// Where `name` stands in a ProtocolNameList; nil also when the list is malformed before it.
    static func find(_ name: String, in list: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        var index = 0
        while index < list.count {
            let start = index + 1
            let end = start + Int(list[index])
            guard end <= list.count, end > start else { return nil }
            if list[start..<end].elementsEqual(name.utf8) { return start..<end }
            index = end
        }
        return nil
    }
}
