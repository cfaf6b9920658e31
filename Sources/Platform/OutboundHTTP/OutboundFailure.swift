internal import AsyncHTTPClient
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// What a failed call says of itself.
public enum OutboundFailure {
    /// Names the kind of failure; the error itself may quote address and what was sent.
    public static func words(for error: any Error) -> String {
        switch error {
        case let error as HTTPClientError: error.shortDescription
        case is NIOConnectionError: "connection refused or host not found"
        case NIOSSLError.handshakeFailed: "TLS handshake failed"
        case is NIOSSLExtraError: "its certificate is not accepted"
        case is NIOTooManyBytesError: "its answer is too large"
        default: "\(type(of: error))"
        }
    }

    /// Whether nothing of the request can have left this machine; false when that is not known.
    public static func isBeforeSending(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: neverSent.contains(error)
        case is NIOConnectionError, NIOSSLError.handshakeFailed, is NIOSSLExtraError: true
        default: false
        }
    }

    private static let neverSent: [HTTPClientError] = [
        .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout, .invalidURL, .emptyHost, .emptyScheme, .alreadyShutdown,
    ]
}
