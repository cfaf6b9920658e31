import Crypto
@testable import Cryptography
import Testing

@Suite("Password hashing")
struct PasswordHasherTests {
    private static let cheap = PasswordHashParameters(memoryKiB: 64, passes: 1, lanes: 1)

    @Test("Argon2id gives RFC 9106 section 5.3's tag")
    func rfcVector() throws {
        let input = Argon2id.Input(
            password: .init(repeating: 1, count: 32), salt: .init(repeating: 2, count: 16), secret: .init(repeating: 3, count: 8),
            associatedData: .init(repeating: 4, count: 12))
        let tag = try Argon2id.hash(input, PasswordHashParameters(memoryKiB: 32, passes: 3, lanes: 4), length: 32)
        #expect(Hex.encode(tag) == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659")
    }

    @Test("The right password verifies and another does not")
    func verifies() async throws {
        let hasher = PasswordHasher(parameters: Self.cheap)
        let stored = try await hasher.hash("correct horse battery")
        #expect(try await hasher.verify("correct horse battery", against: stored))
        #expect(try await !hasher.verify("correct horse batterz", against: stored))
        #expect(try await !hasher.verify("", against: stored))
    }

    @Test("Hashes are PHC strings with the recommended parameters and a fresh salt each")
    func encoding() async throws {
        let hasher = PasswordHasher()
        let (first, second) = (try await hasher.hash("one and the same"), try await hasher.hash("one and the same"))
        #expect(first.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$"))
        #expect(first != second)
        #expect(PasswordHash(encoded: first)?.encoded == first)
    }

    @Test("A hash made by the reference implementation verifies")
    func foreignHash() async throws {
        // echo -n password | argon2 somesalt -id -t 2 -m 8 -p 1 -e
        let stored = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
        #expect(try await PasswordHasher().verify("password", against: stored))
    }

    @Test("A hash made with a pepper does not verify without it")
    func pepper() async throws {
        let peppered = PasswordHasher(parameters: Self.cheap, pepper: KeySource(SymmetricKey(size: .bits256)))
        let stored = try await peppered.hash("correct horse battery")
        #expect(try await peppered.verify("correct horse battery", against: stored))
        #expect(try await !PasswordHasher(parameters: Self.cheap).verify("correct horse battery", against: stored))
    }

    @Test(
        "A stored hash of another kind or of absurd cost is refused before any work",
        arguments: [
            "", "plain", "$argon2i$v=19$m=256,t=2,p=1$c29tc2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=16$m=256,t=2,p=1$c29tc2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=4194304,t=2,p=1$c29tc2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=256,t=1000000,p=1$c29tc2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=256,t=2,p=1$c29tc2FsdA$", "$argon2id$v=19$m=256,t=2$c29tc2FsdA$nf65EOgLrQMR",
        ])
    func malformed(stored: String) async {
        let hasher = PasswordHasher(parameters: Self.cheap)
        await #expect(throws: PasswordHasher.Failure.malformedHash) { try await hasher.verify("x", against: stored) }
        #expect(hasher.runs == 0)
    }

    @Test("An unknown account costs one run of the same parameters, as a known one does")
    func equalWork() async throws {
        let hasher = PasswordHasher(parameters: Self.cheap)
        let stored = try await hasher.hash("correct horse battery")
        let before = hasher.runs
        _ = try await hasher.verify("wrong", against: stored)
        let known = hasher.runs - before
        try await hasher.verifyAgainstNothing("wrong")
        #expect(hasher.runs - before - known == known)
    }

    @Test("Changed parameters ask for a rehash")
    func rehash() async throws {
        let stored = try await PasswordHasher(parameters: Self.cheap).hash("correct horse battery")
        #expect(!PasswordHasher(parameters: Self.cheap).needsRehash(stored))
        #expect(PasswordHasher().needsRehash(stored))
    }
}
