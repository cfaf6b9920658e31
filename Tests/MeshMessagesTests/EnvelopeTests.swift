import MeshMessages
import Testing

/// The envelopes that are read and written in place, held against protobuf-c's reading and writing of the same bytes.
struct EnvelopeTests {

    private static let requests: [MeshV1.Request] = [
        MeshV1.Request(),
        MeshV1.Request(service: "s.S", method: "Bidi"),
        MeshV1.Request(service: "s.S", method: "M", payload: [1, 2, 3], timeoutNano: 1),
        MeshV1.Request(service: "s.S", method: "M", payload: [UInt8](repeating: 9, count: 300), timeoutNano: .max),
        MeshV1.Request(service: "s.S", method: "M", timeoutNano: -1),
        MeshV1.Request(
            service: "a.b.C", method: "D", payload: [0],
            metadata: [.init(key: "k", value: "v"), .init(key: "", value: "only"), .init(key: "k", value: ""), .init()]),
    ]

    private func written(_ request: MeshV1.Request) -> [UInt8] {
        let names = RequestEnvelopeWriter.names(service: request.service, method: request.method)
        let metadata = request.metadata.map { (key: $0.key, value: $0.value) }
        let writer = RequestEnvelopeWriter(names: names, payload: request.payload.count, timeoutNano: request.timeoutNano, metadata: metadata)
        return [UInt8](unsafeUninitializedCapacity: writer.byteCount) { memory, count in
            writer.write(names: names, metadata: metadata, to: UnsafeMutableRawBufferPointer(memory)) { target in
                request.payload.withUnsafeBytes { target.copyMemory(from: $0) }
            }
            count = writer.byteCount
        }
    }

    private func read(_ bytes: [UInt8]) throws(MessageError) -> MeshV1.Request {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(MessageError) in
                let envelope = try RequestEnvelope(bytes)
                let metadata = try envelope.metadata().map { MeshV1.KeyValue(key: $0.key, value: $0.value) }
                guard let names = envelope.names else { throw MessageError(.invalidUTF8, in: MeshV1.Request.fullName) }
                return MeshV1.Request(
                    service: names.service, method: names.method, payload: [UInt8](envelope.payload), timeoutNano: envelope.timeoutNano,
                    metadata: metadata)
            }
        }
        return try result.get()
    }

    @Test("a Request is written byte by byte as protobuf-c writes it, and read as it was", arguments: requests)
    func aRequest(_ request: MeshV1.Request) throws {
        #expect(try written(request) == request.packed())
        #expect(try read(request.packed()) == request)
    }

    @Test("of the beginning of a Request the fields are read that are whole", arguments: requests)
    func beginning(_ request: MeshV1.Request) throws {
        let whole = try request.packed(), namesEnd = RequestEnvelopeWriter.names(service: request.service, method: request.method).count
        for length in 0...whole.count {
            whole[..<length].withUnsafeBytes { bytes in
                let names = (try? RequestEnvelope(beginning: bytes))?.names
                #expect(names != nil)
                guard length >= namesEnd else { return }
                #expect(names?.service == request.service && names?.method == request.method)
            }
        }
    }

    @Test("the beginning of what is no Request is refused or empty, and never read beyond its end")
    func noBeginning() {
        for bytes in [[0xff], [0x0a], [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], [0x00], [0x0a, 0x05, 0x61]] as [[UInt8]] {
            let names = bytes.withUnsafeBytes { (try? RequestEnvelope(beginning: $0))?.names }
            #expect(names.map { $0.service.isEmpty && $0.method.isEmpty } ?? true)
        }
    }

    @Test("unknown fields are counted over the whole Request, those inside its metadata too", arguments: [1_024, 1_025])
    func unknownFields(_ count: Int) throws {
        // Field 9 of type varint, half of them in one entry and half in the next.
        let entries = [count / 2, count - count / 2].flatMap { count -> [UInt8] in
            let entry = Array(repeating: [0x48, 0x01] as [UInt8], count: count).joined()
            return [0x2a, UInt8(entry.count & 0x7f) | 0x80, UInt8(entry.count >> 7)] + entry
        }
        let isTaken = (try? read(entries)) != nil
        #expect(isTaken == (count == 1_024))
        #expect(isTaken == ((try? MeshV1.Request(packed: entries)) != nil))
    }

    @Test("damaged Requests are read exactly as protobuf-c reads them, or refused by both")
    func damagedRequests() throws {
        var random = SplitMix(seed: 3)
        for _ in 0..<20_000 {
            var bytes = try Self.requests.randomElement(using: &random)?.packed() ?? []
            for _ in 0...Int.random(in: 0...2, using: &random) { damage(&bytes, &random) }
            let expected = try? MeshV1.Request(packed: bytes)
            let found = try? read(bytes)
            #expect(found == expected, "\(bytes)")
        }
    }

    private func damage(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        let index = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes.insert(.random(in: .min ... .max, using: &random), at: index)
        case 1 where index < bytes.count: bytes.remove(at: index)
        default: if index < bytes.count { bytes[index] = .random(in: .min ... .max, using: &random) }
        }
    }

    @Test("a plain Response is written as protobuf-c writes it", arguments: [0, 1, 127, 128, 20_000])
    func plainResponse(_ count: Int) throws {
        let payload = [UInt8](repeating: 5, count: count)
        let size = ResponseEnvelope.plainSize(payload: count)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { memory, written in
            ResponseEnvelope.writePlain(payload: count, to: UnsafeMutableRawBufferPointer(memory)) { target in
                payload.withUnsafeBytes { target.copyMemory(from: $0) }
            }
            written = size
        }
        #expect(try bytes == MeshV1.Response(payload: payload).packed())
        let (isPlain, payloadRead) = try bytes.withUnsafeBytes { bytes in
            let envelope = try ResponseEnvelope(bytes)
            return (envelope.isPlain, [UInt8](envelope.payload))
        }
        #expect(isPlain && payloadRead == payload)
    }

    @Test("a Response with a status or trailers is not plain")
    func notPlain() throws {
        for response in [
            MeshV1.Response(status: MeshV1.Status(code: 5)), MeshV1.Response(payload: [1], trailers: [.init(key: "a", value: "b")]),
        ] {
            let isPlain = try response.packed().withUnsafeBytes { try ResponseEnvelope($0).isPlain }
            #expect(!isPlain)
        }
    }

    @Test("too many metadata entries are refused before they are kept")
    func tooManyEntries() throws {
        let bytes = [UInt8](repeating: 0, count: 2 * (MessageLimits.maxValues + 1)).indices.map { $0.isMultiple(of: 2) ? 0x2a : UInt8(0) }
        #expect(throws: MessageError(.tooManyValues, in: MeshV1.Request.fullName)) { try read(bytes) }
    }
}

/// SplitMix64: the same numbers for the same seed.
private struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        return bits ^ bits >> 31
    }
}
