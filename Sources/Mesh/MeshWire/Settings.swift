/// What each side of a mesh connection announces in its first frame. Values bind the other side's sending.
public struct Settings: Hashable, Sendable {
    /// Longest message in bytes, at most 4 MiB: the whole data of a Request or Response, fragments joined, or one stream message.
    public var maximumMessageBytes: UInt32 = UInt32(WireLimits.maximumMessageBytes)
    /// Bytes of Data that may be under way on a new stream.
    public var initialStreamWindow: UInt32 = 256 << 10
    /// Bytes of Data that may be under way on the connection.
    public var initialConnectionWindow: UInt32 = 1 << 20
    /// Calls that may be open at once.
    public var maximumConcurrentStreams: UInt32 = 256
    /// Longest metadata of one call and direction, keys and values.
    public var maximumMetadataBytes: UInt32 = 16 << 10
    /// Milliseconds that the other side leaves between PINGs of its own choice.
    public var minimumPingInterval: UInt32 = 1000
    /// Bits for what later versions agree on; none is defined.
    public var features: UInt32 = 0
    /// Longest data of one Request, Response or Data frame; longer messages are fragmented.
    public var maximumDataFrame: UInt32 = 64 << 10

    public init() {}

    /// What binds a sender until the other side's SETTINGS has come.
    public static let `default` = Settings()
}

extension Settings {
    private static let fields: [(id: UInt16, field: any WritableKeyPath<Settings, UInt32> & Sendable, range: ClosedRange<UInt32>)] = [
        (1, \.maximumMessageBytes, 1...UInt32(WireLimits.maximumMessageBytes)),
        (2, \.initialStreamWindow, WireLimits.smallestWindow...UInt32(WireLimits.maximumWindow)),
        (3, \.initialConnectionWindow, WireLimits.smallestWindow...UInt32(WireLimits.maximumWindow)),
        (4, \.maximumConcurrentStreams, 0...UInt32.max),
        (5, \.maximumMetadataBytes, 0...UInt32(1 << 20)),
        (6, \.minimumPingInterval, 0...UInt32.max),
        (7, \.features, 0...UInt32.max),
        (8, \.maximumDataFrame, 1024...UInt32(WireLimits.maximumMessageBytes)),
    ]

    /// The data of a SETTINGS frame: for each setting an id (u16) and a value (u32).
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for (id, field, _) in Self.fields {
            bytes.append(bigEndian: id)
            bytes.append(bigEndian: self[keyPath: field])
        }
        return bytes
    }

    /// Reads a SETTINGS frame's data. Settings that it leaves out keep their defaults, unknown ids are ignored.
    ///
    /// - Throws: `ConnectionFailure` for a length that is no multiple of six and for values out of range.
    public init(encoded bytes: UnsafeRawBufferPointer) throws(ConnectionFailure) {
        self.init()
        guard bytes.count.isMultiple(of: 6) else {
            throw ConnectionFailure(.frameSizeError, "SETTINGS of \(bytes.count) bytes")
        }
        for offset in stride(from: 0, to: bytes.count, by: 6) {
            guard let id = bytes.bigEndian(at: offset, as: UInt16.self), let value = bytes.bigEndian(at: offset + 2, as: UInt32.self),
                let (_, field, range) = Self.fields.first(where: { $0.id == id })
            else { continue }
            guard range.contains(value) else {
                throw ConnectionFailure(.protocolError, "setting \(id) cannot be \(value)")
            }
            self[keyPath: field] = value
        }
    }
}
