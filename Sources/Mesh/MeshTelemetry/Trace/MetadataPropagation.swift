public import Instrumentation
public import MeshCall

/// Reads what tracers look for in a call's metadata.
///
/// The W3C's headers are given only where they are well formed and within their limits, others only where they are short and plain.
/// Credentials are never given.
public struct MetadataExtractor: Extractor {
    /// Longest value of a header that is none of the W3C's.
    public static let maximumValueBytes = 512

    /// Keeps no state.
    public init() {}

    /// - Returns: nil when the key is absent, and where its value is not given.
    public func extract(key: String, from metadata: Metadata) -> String? {
        switch key.lowercased() {
        case TraceHeaders.parent: TraceHeaders(metadata).parentHeader
        case TraceHeaders.state: TraceHeaders(metadata).traceContext?.state?.header
        case TraceHeaders.baggage: TraceHeaders(metadata).baggage?.header
        case Self.credentials: nil
        case let key: metadata[key].flatMap { Self.isPlain($0) ? $0 : nil }
        }
    }

    static let credentials = "authorization"

    private static func isPlain(_ value: String) -> Bool {
        value.utf8.count <= maximumValueBytes && value.utf8.allSatisfy { (0x20...0x7e).contains($0) }
    }
}

/// Writes what tracers send along into a call's metadata, in place of what is there under the same key.
public struct MetadataInjector: Injector {
    /// Keeps no state.
    public init() {}

    /// Writes nothing under the keys of credentials and of the request id, nor what is longer than ``Baggage/maximumBytes``.
    public func inject(_ value: String, forKey key: String, into metadata: inout Metadata) {
        let key = key.lowercased()
        guard key != MetadataExtractor.credentials, key != CallContext.requestIDKey, value.utf8.count <= Baggage.maximumBytes else { return }
        if metadata[key] != nil { metadata = metadata.without(key) }
        metadata.append(value, for: key)
    }
}

extension Metadata {
    fileprivate func without(_ key: String) -> Metadata {
        var rest = Metadata()
        for entry in entries where entry.key != key { rest.append(entry.value, for: entry.key) }
        return rest
    }
}
