public import Crypto
import FoundationEssentials

/// Signs the parameters of a request: the query string and the body as they are sent, nothing between them.
///
/// Source: Binance Spot REST API, "SIGNED endpoint security".
public protocol RequestSigner: Sendable {
    /// Where it signs, in words for the key's owner.
    var place: String { get }

    /// - Returns: the value of the `signature` parameter, not yet percent-encoded.
    func signature(of payload: [UInt8]) async throws -> String
}

extension RequestSigner {
    public var place: String { "this process" }
}

/// Ed25519 over the payload, base64. The exchange has only the public half.
public struct Ed25519RequestSigner: RequestSigner {
    private let key: Hidden<Curve25519.Signing.PrivateKey>

    public init(_ key: Curve25519.Signing.PrivateKey) {
        self.key = Hidden(key)
    }

    public func signature(of payload: [UInt8]) throws -> String {
        try key.value.signature(for: payload).base64EncodedString()
    }
}

/// Ed25519 by somebody else who has the key: a key service, an HSM. The key never enters this process.
public struct RemoteRequestSigner: RequestSigner {
    public let place: String
    private let sign: @Sendable ([UInt8]) async throws -> [UInt8]

    /// - Parameters:
    ///   - place: who signs, in words for the key's owner.
    ///   - sign: gives the 64 bytes of an Ed25519 signature (RFC 8032) over a payload.
    public init(place: String = "the key store", _ sign: @escaping @Sendable ([UInt8]) async throws -> [UInt8]) {
        self.place = place
        self.sign = sign
    }

    public func signature(of payload: [UInt8]) async throws -> String {
        Data(try await sign(payload)).base64EncodedString()
    }
}

/// HMAC-SHA256 over the payload, hexadecimal. Binance calls these keys deprecated: the exchange holds the same secret.
public struct HMACRequestSigner: RequestSigner {
    private let key: Hidden<SymmetricKey>

    /// - Parameter secret: the secret key's bytes; for Binance, the ASCII text that it shows.
    public init(_ secret: SymmetricKey) {
        key = Hidden(secret)
    }

    public func signature(of payload: [UInt8]) -> String {
        HMAC<SHA256>.authenticationCode(for: payload, using: key.value).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

/// Keeps a value out of descriptions, dumps and mirrors.
struct Hidden<Value: Sendable>: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }

    var description: String { "[hidden]" }
    var debugDescription: String { "[hidden]" }
    var customMirror: Mirror { Mirror(self, children: []) }
}
