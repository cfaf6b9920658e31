internal import MeshMessages

extension Metadata {
    init(_ entries: [MeshV1.KeyValue]) {
        self.init()
        for entry in entries { append(entry.value, for: entry.key) }
    }

    var keyValues: [MeshV1.KeyValue] {
        entries.map { MeshV1.KeyValue(key: $0.key, value: $0.value) }
    }

    /// Bytes of keys and values, as `maximumMetadataBytes` counts them.
    var byteCount: Int {
        entries.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    }
}
