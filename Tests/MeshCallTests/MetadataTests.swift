import MeshCall
import Testing

@Suite("Metadata")
struct MetadataTests {
    @Test("bytes travel as base64 text, as gRPC writes them; padding may be missing", arguments: [[], [0], [0xab, 0xab], [0xff, 0xfe, 0xfd, 0]] as [[UInt8]])
    func bytes(_ bytes: [UInt8]) {
        var metadata = Metadata()
        metadata.append(bytes: bytes, for: "Trace-Bin")
        #expect(metadata.bytes(for: "trace-bin") == bytes)
        let text = metadata["trace-bin"] ?? "-"
        #expect(text.utf8.count == (bytes.count + 2) / 3 * 4)
        let unpadded: Metadata = ["trace-bin": String(text.prefix { $0 != "=" })]
        #expect(unpadded.bytes(for: "trace-bin") == bytes)
    }

    @Test("what is no base64 text, or not there, is no bytes")
    func noBytes() {
        let metadata: Metadata = ["a-bin": "?", "b-bin": "A"]
        for key in ["a-bin", "b-bin", "c-bin"] { #expect(metadata.bytes(for: key) == nil) }
    }
}
