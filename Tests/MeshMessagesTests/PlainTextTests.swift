import Testing

@testable import MeshMessages

struct PlainTextTests {
    private static func isPlain(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes(\.isPlainText) }

    @Test("every byte from 1 to 127 is plain at every place in texts of every length, and no other is, whatever stands beside it")
    func everyByte() {
        for count in 1...33 {
            for place in 0..<count {
                for neighbour in [1, 0x61, 0x7f] as [UInt8] {
                    var text = [UInt8](repeating: neighbour, count: count)
                    for byte in UInt8.min ... .max {
                        text[place] = byte
                        #expect(Self.isPlain(text) == (1...127).contains(byte), "\(byte) at \(place) of \(count)")
                    }
                }
            }
        }
        #expect(Self.isPlain([]))
    }
}
