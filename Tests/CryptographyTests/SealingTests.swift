import Crypto
import Cryptography
import Testing

@Suite("Sealed columns, wrapped keys, blind indexes")
struct SealingTests {
    private static let address = ColumnAddress(table: "accounts", column: "email", row: "7")
    private let cipher = ColumnCipher(rootKey: SymmetricKey(size: .bits256))

    @Test("A sealed value opens at its address and nowhere else")
    func address() throws {
        let sealed = try cipher.seal(Array("ada@example.com".utf8), at: Self.address)
        #expect(try cipher.open(sealed, at: Self.address) == Array("ada@example.com".utf8))
        for other in [
            ColumnAddress(table: "accounts", column: "email", row: "8"), ColumnAddress(table: "accounts", column: "seed", row: "7"),
            ColumnAddress(table: "sessions", column: "email", row: "7"), ColumnAddress(table: "accountse", column: "mail", row: "7"),
        ] {
            #expect(throws: ColumnCipher.Failure.notAuthentic) { try cipher.open(sealed, at: other) }
        }
    }

    @Test("Every changed bit and every shorter prefix is refused")
    func tampering() throws {
        let sealed = try cipher.seal(Array("secret".utf8), at: Self.address)
        for bit in 0..<(sealed.count * 8) {
            var changed = sealed
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: ColumnCipher.Failure.self) { try cipher.open(changed, at: Self.address) }
        }
        for count in 0..<sealed.count {
            #expect(throws: ColumnCipher.Failure.self) { try cipher.open(Array(sealed[..<count]), at: Self.address) }
        }
    }

    @Test("The layout is version, key id, nonce, ciphertext, tag, and nonces differ")
    func layout() throws {
        let keyed = try ColumnCipher(keys: [0x0102_0304: SymmetricKey(size: .bits256)], current: 0x0102_0304)
        let (first, second) = (try keyed.seal([1, 2, 3], at: Self.address), try keyed.seal([1, 2, 3], at: Self.address))
        #expect(first.count == 3 + ColumnCipher.overhead)
        #expect(Array(first[..<5]) == [1, 1, 2, 3, 4])
        #expect(first[5..<17] != second[5..<17])
    }

    @Test("An older data key still opens what it sealed; a missing one is named")
    func keyRotation() throws {
        let (old, new) = (SymmetricKey(size: .bits256), SymmetricKey(size: .bits256))
        let sealed = try ColumnCipher(keys: [1: old], current: 1).seal([9], at: Self.address)
        #expect(try ColumnCipher(keys: [1: old, 2: new], current: 2).open(sealed, at: Self.address) == [9])
        let rotated = try ColumnCipher(keys: [2: new], current: 2)
        #expect(throws: ColumnCipher.Failure.unknownDataKey(1)) { try rotated.open(sealed, at: Self.address) }
    }

    @Test("Keys that are not 256 bits long are refused")
    func shortKey() {
        #expect(throws: ColumnCipher.Failure.unusableKey) {
            try ColumnCipher(keys: [1: SymmetricKey(size: .bits128)], current: 1)
        }
        #expect(throws: ColumnCipher.Failure.unusableKey) { try ColumnCipher(keys: [:], current: 1) }
    }

    @Test("A wrapped data key comes back under its own key-encryption key only")
    func wrapping() throws {
        let wrapping = KeyWrapping(rootSecret: SymmetricKey(size: .bits256))
        let dataKey = SymmetricKey(size: .bits256)
        let wrapped = try wrapping.wrap(dataKey)
        #expect(try wrapping.unwrap(wrapped) == dataKey)
        let other = KeyWrapping(rootSecret: SymmetricKey(size: .bits256))
        #expect(throws: KeyWrapping.Failure.notAuthentic) { try other.unwrap(wrapped) }
        #expect(throws: KeyWrapping.Failure.notAuthentic) { try wrapping.unwrap(Array(wrapped.dropLast())) }
    }

    @Test("Blind indexes are equal for equal values under one key and purpose only")
    func blindIndex() throws {
        let key = SymmetricKey(size: .bits256)
        let index = try BlindIndex(key: key, purpose: "accounts.email").index(of: "ada@example.com")
        #expect(try index == BlindIndex(key: key, purpose: "accounts.email").index(of: "ada@example.com"))
        #expect(try index != BlindIndex(key: key, purpose: "accounts.email").index(of: "bob@example.com"))
        #expect(try index != BlindIndex(key: key, purpose: "accounts.phone").index(of: "ada@example.com"))
        #expect(try index != BlindIndex(key: SymmetricKey(size: .bits256), purpose: "accounts.email").index(of: "ada@example.com"))
    }

    @Test("Constant-time comparison is comparison")
    func comparison() {
        #expect(Hashing.equalInConstantTime([1, 2], [1, 2]))
        #expect(!Hashing.equalInConstantTime([1, 2], [1, 3]))
        #expect(!Hashing.equalInConstantTime([1, 2], [1, 2, 3]))
        #expect(Hashing.equalInConstantTime([], []))
    }
}
