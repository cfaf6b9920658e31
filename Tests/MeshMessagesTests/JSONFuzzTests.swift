import MeshMessages
import Testing

@Suite("Damaged JSON")
struct JSONFuzzTests {
    private static let rounds = 20_000

    @Test("Whatever is done to the text, the answer is a message that unpacks or a reason")
    func texts() throws {
        var random = SplitMix64(seed: 8_259)
        var (packed, refused) = (0, 0)
        for sample in try Self.samples() {
            for _ in 0..<Self.rounds / 4 {
                var text = Array(sample.json.utf8)
                for _ in 0...Int.random(in: 0..<2, using: &random) { Self.damage(&text, &random) }
                do {
                    let bytes = try sample.layout.packed(json: text)
                    try Self.checkStable(bytes, sample.layout)
                    packed += 1
                } catch is MessageJSONError {
                    refused += 1
                }
            }
        }
        #expect(packed > 500 && refused > 1_000, "\(packed) packed, \(refused) refused: the damage is too light or too heavy to find anything")
    }

    @Test("Whatever is done to the packed form, it is written as JSON that packs to the same, or refused")
    func bytes() throws {
        var random = SplitMix64(seed: 4_648)
        var (written, refused) = (0, 0)
        for sample in try Self.samples() {
            for _ in 0..<Self.rounds / 4 {
                var bytes = sample.bytes
                for _ in 0...Int.random(in: 0..<3, using: &random) { MutationTests.damage(&bytes, &random) }
                do {
                    try Self.checkStable(bytes, sample.layout)
                    written += 1
                } catch is MessageError {
                    refused += 1
                }
            }
        }
        #expect(written > 1_000 && refused > 1_000, "\(written) written, \(refused) refused")
    }

    /// What is written is read as the message that it was written from, and written the same way again.
    private static func checkStable(_ bytes: [UInt8], _ layout: MessageLayout) throws {
        let json = try layout.json(bytes)
        let again = try layout.packed(json: json)
        #expect(try layout.json(again) == json)
    }

    private struct Sample {
        var layout: MessageLayout
        var bytes: [UInt8]
        var json: String
    }

    private static func samples() throws -> [Sample] {
        [
            try sample(Samples.scalars), try sample(Samples.lists), try sample(Samples.tree(depth: 6)), try sample(Samples.reserved),
            try sample(Samples.choices[5]),
        ]
    }

    private static func sample<Message: MeshMessage>(_ message: Message) throws -> Sample {
        let bytes = try message.packed()
        return Sample(layout: Message.layout, bytes: bytes, json: try Message.layout.json(bytes))
    }

    private static let tokens = [
        "{", "}", "[", "]", ",", ":", "\"", "null", "true", "0", "-", "1e9", "\\u", "\\ud83e", "\"\"", "[]", "{}", "9223372036854775808", "\u{0}",
        "1e999", "\"name\":", "\"=\"", ".5",
    ].map { Array($0.utf8) }

    private static func damage(_ text: inout [UInt8], _ random: inout SplitMix64) {
        guard let place = text.indices.randomElement(using: &random) else { return }
        let other = Int.random(in: place..<text.count, using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0: text[place] = .random(in: 0...255, using: &random)
        case 1: text.remove(at: place)
        case 2: text.insert(contentsOf: tokens.randomElement(using: &random) ?? [], at: place)
        case 3: text.replaceSubrange(place..<min(other, place + 4), with: tokens.randomElement(using: &random) ?? [])
        case 4: text.insert(contentsOf: text[place..<min(other, place + 32)], at: place)
        case 5: text[place] = UInt8(ascii: "0") + UInt8.random(in: 0...9, using: &random)
        default: text.removeSubrange(place..<min(other, place + 16))
        }
    }
}
