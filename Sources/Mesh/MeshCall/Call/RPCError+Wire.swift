internal import MeshMessages
internal import MeshWire

/// `RPCError` as `mesh.v1.Status` and back. `reason` is an `ErrorInfo` detail, `retryAfter` a `RetryInfo`, `details` follow; `cause` stays here.
extension RPCError {
    private static let errorInfoURL = StatusDetail.typeURL(of: MeshV1.ErrorInfo.self)
    private static let retryInfoURL = StatusDetail.typeURL(of: MeshV1.RetryInfo.self)

    /// - Parameter domain: the service that says so: its full proto name.
    func status(domain: String) -> MeshV1.Status {
        var details: [MeshV1.AnyMessage] = []
        if let reason, let value = try? MeshV1.ErrorInfo(reason: reason, domain: domain).packed() {
            details.append(MeshV1.AnyMessage(typeUrl: Self.errorInfoURL, value: value))
        }
        if let retryAfter, let value = try? MeshV1.RetryInfo(retryAfterMs: retryAfter.wholeMilliseconds).packed() {
            details.append(MeshV1.AnyMessage(typeUrl: Self.retryInfoURL, value: value))
        }
        for detail in self.details.bounded { details.append(MeshV1.AnyMessage(typeUrl: detail.typeURL, value: detail.value)) }
        return MeshV1.Status(code: code.rawValue, message: message.cut(toUTF8: WireLimits.maximumStatusMessageBytes), details: details)
    }

    /// Nil for OK. A code that gRPC does not have is UNKNOWN. Details that cannot be read are left out.
    init?(_ status: MeshV1.Status, trailers: Metadata) {
        guard status.code != StatusCode.ok.rawValue else { return nil }
        let code = (1...16).contains(status.code) ? StatusCode(rawValue: status.code) : .unknown
        self.init(code, status.message, trailers: trailers)
        for detail in status.details {
            switch detail.typeUrl {
            case Self.errorInfoURL: if let info = try? MeshV1.ErrorInfo(packed: detail.value) { read(info) }
            case Self.retryInfoURL:
                retryAfter = (try? MeshV1.RetryInfo(packed: detail.value)).map { .milliseconds(Int64($0.retryAfterMs)) }
            default: details.append(StatusDetail(typeURL: detail.typeUrl, value: detail.value))
            }
        }
        details = Array(details.bounded)
    }

    private mutating func read(_ info: MeshV1.ErrorInfo) {
        reason = info.reason
        // Said by the mesh itself, before any handler: what a handler says bears its service's name.
        if info.domain.isEmpty, info.reason == StreamRejection.draining.reason { cause = CallNeverRan() }
    }

    /// What a state machine decided about a stream.
    init(_ rejection: StreamRejection) {
        self.init(StatusCode(rawValue: Int32(truncatingIfNeeded: rejection.code)), rejection.message, reason: rejection.reason)
    }
}

extension String {
    /// At most `count` bytes of UTF-8, whole characters only.
    fileprivate func cut(toUTF8 count: Int) -> String {
        guard utf8.count > count else { return self }
        var bytes = 0
        return String(
            prefix { character in
                bytes += character.utf8.count
                return bytes <= count
            })
    }
}

extension Duration {
    /// Rounded down, at least 0, at most what a u32 holds.
    fileprivate var wholeMilliseconds: UInt32 {
        UInt32(clamping: Int64(clamping: Int128(attoseconds / 1_000_000_000_000_000)))
    }
}
