internal import MeshMessages

/// Ordered key-value pairs that travel beside a call's messages. A key may stand more than once; keys are lower case.
public struct Metadata: Sendable, Equatable {
    /// All pairs in their order.
    public private(set) var entries: [(key: String, value: String)]

    public init() {
        entries = []
    }

    /// As they came; keys are made lower case.
    init(_ entries: [(key: String, value: String)]) {
        self.entries = entries.map { ($0.key.lowercased(), $0.value) }
    }

    /// Adds a pair after those there are; the key is made lower case.
    public mutating func append(_ value: String, for key: String) {
        entries.append((key.lowercased(), value))
    }

    /// Every value under `key`, which must be given in lower case, in order.
    public func values(for key: String) -> [String] {
        entries.filter { $0.key == key }.map(\.value)
    }

    /// The first value under `key`, which must be given in lower case.
    public subscript(key: String) -> String? {
        entries.first { $0.key == key }?.value
    }

    /// Adds bytes after the pairs there are, as their base64 text (RFC 4648, section 4). Who speaks gRPC knows them by a key that ends in `-bin`.
    public mutating func append(bytes: some Collection<UInt8>, for key: String) {
        var text: [UInt8] = []
        Base64.encode(bytes, into: &text)
        append(String(decoding: text, as: UTF8.self), for: key)
    }

    /// The bytes whose base64 text is the first value under `key`, which must be given in lower case; padding may be missing. Nil where there is none,
    /// or something else.
    public func bytes(for key: String) -> [UInt8]? { self[key].flatMap(Base64.decode) }

    /// Whether there is no pair.
    public var isEmpty: Bool { entries.isEmpty }

    public static func == (lhs: Metadata, rhs: Metadata) -> Bool {
        lhs.entries.elementsEqual(rhs.entries) { $0 == $1 }
    }
}

extension Metadata: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (key, value) in elements { append(value, for: key) }
    }
}
