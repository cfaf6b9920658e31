public import Hummingbird
internal import Logging
internal import NIOCore

/// What every request of ours knows about itself.
public protocol APIRequestContext: RequestContext where Source == ApplicationRequestContextSource {
    var origin: RequestOrigin { get }
}

/// Where a request came from and what it is called in logs and answers.
public struct RequestOrigin: Sendable {
    /// Made here, never taken from the client: 32 hexadecimal digits.
    public let requestID: String
    /// The client's IP address as the socket says; nil when there is no socket.
    public let clientAddress: String?

    public init(_ source: ApplicationRequestContextSource) {
        let random = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
        requestID = Self.hex(random.0) + Self.hex(random.1)
        clientAddress = source.channel.remoteAddress?.ipAddress
    }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// The least of such contexts.
public struct BasicAPIContext: APIRequestContext {
    public var coreContext: CoreRequestContextStorage
    public let origin: RequestOrigin

    public init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        origin = RequestOrigin(source)
        logger[metadataKey: "request_id"] = "\(origin.requestID)"
    }
}
