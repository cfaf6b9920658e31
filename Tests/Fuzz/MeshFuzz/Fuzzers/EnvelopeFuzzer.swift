import MeshMessages

/// Requests and Responses read in place, held against protobuf-c's reading of the same bytes: the same values, or both refuse.
enum EnvelopeFuzzer {
    static func run(_ bytes: UnsafeRawBufferPointer) {
        request(bytes)
        response(bytes)
    }

    private static func request(_ bytes: UnsafeRawBufferPointer) {
        let expected = try? MeshV1.Request(packed: bytes)
        let found = try? inPlace(bytes)
        require(found == expected, "read in place: \(String(describing: found)), by protobuf-c: \(String(describing: expected))")
        guard let expected else { return }
        require(written(expected) == (try? expected.packed()), "written in place otherwise than by protobuf-c")
    }

    private static func inPlace(_ bytes: UnsafeRawBufferPointer) throws -> MeshV1.Request? {
        let envelope = try RequestEnvelope(bytes)
        let metadata = try envelope.metadata()
        require(metadata.count == envelope.metadataCount, "metadata entries are miscounted")
        guard let names = envelope.names else { return nil }
        return MeshV1.Request(
            service: names.service, method: names.method, payload: [UInt8](envelope.payload), timeoutNano: envelope.timeoutNano,
            metadata: metadata.map { MeshV1.KeyValue(key: $0.key, value: $0.value) })
    }

    private static func written(_ request: MeshV1.Request) -> [UInt8] {
        let names = RequestEnvelopeWriter.names(service: request.service, method: request.method)
        let metadata = request.metadata.map { (key: $0.key, value: $0.value) }
        let writer = RequestEnvelopeWriter(
            names: names, payload: request.payload.count, timeoutNano: request.timeoutNano, metadata: metadata)
        return [UInt8](unsafeUninitializedCapacity: writer.byteCount) { memory, count in
            writer.write(names: names, metadata: metadata, to: UnsafeMutableRawBufferPointer(memory)) { target in
                request.payload.withUnsafeBytes { target.copyMemory(from: $0) }
            }
            count = writer.byteCount
        }
    }

    private static func response(_ bytes: UnsafeRawBufferPointer) {
        let expected = try? MeshV1.Response(packed: bytes)
        guard let envelope = try? ResponseEnvelope(bytes) else {
            return require(expected == nil, "a Response that protobuf-c takes is refused in place")
        }
        guard envelope.isPlain else { return }
        require(expected == MeshV1.Response(payload: [UInt8](envelope.payload)), "a plain Response is read otherwise than by protobuf-c")
    }
}
