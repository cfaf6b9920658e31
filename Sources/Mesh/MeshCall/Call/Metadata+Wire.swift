internal import MeshMessages

extension Metadata {
    init(_ entries: [MeshV1.KeyValue]) {
        self.init()
        for entry in entries { append(entry.value, for: entry.key) }
    }

    var keyValues: [MeshV1.KeyValue] {
        entries.map { MeshV1.KeyValue(key: $0.key, value: $0.value) }
    }

    /// What an entry is charged beside its bytes, so that empty ones are not free (as in RFC 9113, section 6.5.2).
    static let entryCharge = 32

    /// Bytes of keys and values and 32 for each entry, as `maximumMetadataBytes` counts them.
    var byteCount: Int {
        entries.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + Self.entryCharge }
    }
}
