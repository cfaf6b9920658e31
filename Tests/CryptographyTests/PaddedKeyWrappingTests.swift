import Cryptography
import Testing

@Suite("AES key wrap with padding")
struct PaddedKeyWrappingTests {
    private static func wrap(_ key: [UInt8], _ wrappingKey: [UInt8]) throws -> [UInt8] {
        try wrappingKey.withUnsafeBytes { wrappingKey in try key.withUnsafeBytes { try PaddedKeyWrapping.wrap($0, under: wrappingKey) } }
    }

    private static func unwrap(_ wrapped: [UInt8], _ wrappingKey: [UInt8]) throws -> [UInt8] {
        try wrappingKey.withUnsafeBytes { wrappingKey in try wrapped.withUnsafeBytes { try PaddedKeyWrapping.unwrap($0, under: wrappingKey) } }
    }

    private let wrappingKey = SecureRandom.bytes(32)

    @Test("Keys of every length come back", arguments: [1, 7, 8, 9, 20, 32, 4096])
    func lengths(size: Int) throws {
        let key = SecureRandom.bytes(size)
        let wrapped = try Self.wrap(key, wrappingKey)
        #expect(wrapped.count == (size + 7) / 8 * 8 + 8)
        #expect(try Self.unwrap(wrapped, wrappingKey) == key)
    }

    @Test("Another key and any changed byte are refused")
    func refusals() throws {
        let wrapped = try Self.wrap(SecureRandom.bytes(32), wrappingKey)
        #expect(throws: PaddedKeyWrapping.Failure.notAuthentic) { try Self.unwrap(wrapped, SecureRandom.bytes(32)) }
        for index in wrapped.indices {
            var changed = wrapped
            changed[index] ^= 1
            #expect(throws: PaddedKeyWrapping.Failure.notAuthentic) { try Self.unwrap(changed, wrappingKey) }
        }
    }

    @Test("Lengths that nothing has are refused", arguments: [0, 1, 8, 15, 17, 4120])
    func impossible(size: Int) {
        #expect(throws: PaddedKeyWrapping.Failure.notAuthentic) { try Self.unwrap([UInt8](repeating: 1, count: size), wrappingKey) }
        #expect(throws: PaddedKeyWrapping.Failure.unusable) { try Self.wrap([], wrappingKey) }
        #expect(throws: PaddedKeyWrapping.Failure.unusable) { try Self.wrap([1], Array(wrappingKey.dropLast())) }
    }
}
