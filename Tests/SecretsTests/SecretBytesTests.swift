import Crypto
import Foundation
import Secrets
import Testing

@Suite("Secret bytes")
struct SecretBytesTests {
    private static let marker = "hunter2-hunter2-hunter2-hunter2!"
    private let secret = SecretBytes(copying: Array(marker.utf8))

    @Test("They lend what was put in")
    func lends() {
        #expect(secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } == Self.marker)
        #expect(secret.count == 32)
    }

    @Test("No way of printing shows them")
    func printing() {
        struct Holder { let name = "x"; let secret: SecretBytes }
        let holder = Holder(secret: secret)
        var dumped = ""
        dump(holder, to: &dumped)
        for text in [
            "\(secret)", String(reflecting: secret), String(describing: [secret]), "\(holder)", String(reflecting: holder), dumped,
        ] {
            #expect(!text.contains("hunter2"))
            #expect(!text.contains("104, 117, 110"))
        }
    }

    @Test("A mirror finds no children")
    func reflection() {
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test("They are not encodable, hashable or comparable as bytes")
    func conformances() {
        #expect(!(secret as Any is any Encodable))
        #expect(!(secret as Any is any Hashable))
        #expect(!(secret as Any is any Sequence))
    }

    @Test("Equality compares content")
    func equality() {
        #expect(secret == SecretBytes(copying: Array(Self.marker.utf8)))
        #expect(secret != SecretBytes(copying: Array("hunter2".utf8)))
        #expect(secret != SecretBytes(copying: Array(Self.marker.utf8.reversed())))
    }

    @Test("Released memory no longer holds the bytes")
    func wiping() {
        var address: UnsafeRawPointer?
        let marker = [UInt8](repeating: 0xa5, count: 4096)
        do {
            let brief = SecretBytes(copying: marker)
            address = brief.withUnsafeBytes { $0.baseAddress }
        }
        // Reading freed memory is what an attacker would do; the allocator may have reused some of it, never restored it.
        let left = address.map { UnsafeRawBufferPointer(start: $0, count: 4096).count { $0 == 0xa5 } } ?? 0
        #expect(left < 64)
    }

    @Test("Taking an array over wipes it")
    func taking() {
        var bytes: [UInt8] = [1, 2, 3]
        let taken = SecretBytes(taking: &bytes)
        #expect(taken == SecretBytes(copying: [1, 2, 3]))
        #expect(bytes == [0, 0, 0])
    }

    @Test("Keys come out of 32 bytes, and a signing key out of no other length")
    func keys() throws {
        #expect(secret.symmetricKey.bitCount == 256)
        #expect(try secret.ed25519SigningKey().rawRepresentation == Data(Self.marker.utf8))
        #expect(throws: SecretStoreError.Cause.self) { try SecretBytes(copying: [1, 2, 3]).ed25519SigningKey() }
    }
}
