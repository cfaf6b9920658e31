internal import COpenSSL

/// The thread's OpenSSL error queue. It must be empty before each SSL call, or SSL_get_error blames the wrong one.
enum OpenSSLError {
    /// The oldest error, which is the cause of the later ones. Empties the queue.
    static func take() -> (library: Int32, reason: Int32, text: String)? {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return nil }
        let text = ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
        return (ERR_GET_LIB(code), ERR_GET_REASON(code), text)
    }

    /// Empties the queue. It nearly always is empty, and to look costs less than to clear its sixteen places.
    static func forget() {
        if ERR_peek_error() != 0 { ERR_clear_error() }
    }

    static func takeText() -> String { take()?.text ?? "unknown error" }

    /// The alert's name when the error is one that the peer sent: their reasons are the alert's number plus 1000.
    static func alert(library: Int32, reason: Int32) -> String? {
        guard library == ERR_LIB_SSL, reason > SSL_AD_REASON_OFFSET, reason < SSL_AD_REASON_OFFSET + 256 else { return nil }
        return SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET).map { String(cString: $0) }
    }
}
