import Crypto
import Cryptography
import Foundation
import Testing

@Suite("Signed notes and checkpoints")
struct SignedNoteTests {
    /// The vector of c2sp.org/signed-note.
    static let vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    static let signature =
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    static let note = "This is an example message.\n\n\u{2014} example.com/foo \(signature)\n"

    func signer(_ name: String = "audit.cryptopulse.example/log1", seed: String = "test seed") throws -> NoteSigner {
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: Data(SHA256.hash(data: Data(seed.utf8))))
        return try #require(NoteSigner(name: name, key: key))
    }

    @Test("the specification's note verifies")
    func specificationVector() throws {
        let verifier = try #require(NoteVerifier(Self.vkey))
        #expect(verifier.verifierKey == Self.vkey)
        let note = try SignedNote(parsing: Self.note)
        try note.verify(by: [verifier])
        #expect(note.serialized == Self.note)
    }

    @Test("the verifier key of a known seed")
    func knownSeed() throws {
        #expect(
            try signer().verifier.verifierKey
                == "audit.cryptopulse.example/log1+90848621+AWlNgzTuO7A//+iBA1M3T17dvyz9QKYcUSP7rn3bjbir")
    }

    @Test("any changed byte of a note is refused")
    func changedBytes() throws {
        let verifier = try #require(NoteVerifier(Self.vkey))
        let bytes = Array(Self.note.utf8)
        for position in bytes.indices {
            var changed = bytes
            changed[position] ^= 0x01
            guard let text = String(validating: changed, as: UTF8.self) else { continue }
            #expect(throws: SignedNote.Failure.self, "byte \(position)") {
                try SignedNote(parsing: text).verify(by: [verifier])
            }
        }
    }

    @Test("a known key's wrong signature spoils the note, an unknown key's is passed over")
    func severalSignatures() throws {
        let (one, two) = (try signer("one"), try signer("two", seed: "other"))
        let text = "hello\n"
        let first = try one.sign(text).serialized
        let secondLine = try two.sign(text).serialized.split(separator: "\n").last.map { $0 + "\n" } ?? ""
        let wrongLine = try two.sign("bye\n").serialized.split(separator: "\n").last.map { $0 + "\n" } ?? ""
        try SignedNote(parsing: first + secondLine).verify(by: [one.verifier, two.verifier])
        try SignedNote(parsing: first + wrongLine).verify(by: [one.verifier])
        #expect(throws: SignedNote.Failure.badSignature) {
            try SignedNote(parsing: first + wrongLine).verify(by: [one.verifier, two.verifier])
        }
        #expect(throws: SignedNote.Failure.unknownSigner) { try SignedNote(parsing: first).verify(by: [two.verifier]) }
    }

    @Test(
        "malformed notes are refused",
        arguments: [
            "", "\n", "\n\n", "text\n", "text\n\n", "text\n\u{2014} a AAAAAAA=\n", "text\n\n- a AAAAAAAA\n",
            "text\n\n\u{2014} a AAAAAAAA", "text\n\n\u{2014}  AAAAAAAA\n", "text\n\n\u{2014} a+b AAAAAAAA\n",
            "text\n\n\u{2014} a AAAA\n", "text\n\n\u{2014} a !!!!!!!!\n", "te\u{1}xt\n\n\u{2014} a AAAAAAAA\n",
            "text\r\n\r\n\u{2014} a AAAAAAAA\r\n", "text\n\n\u{2014} a AAAAAAAA\nmore\n",
        ])
    func malformedNotes(note: String) {
        #expect(throws: SignedNote.Failure.malformed) { try SignedNote(parsing: note) }
    }

    @Test("text and signatures part at the last empty line")
    func emptyLineInText() throws {
        let signer = try signer("a")
        let note = try signer.sign("one\n\ntwo\n")
        let parsed = try SignedNote(parsing: note.serialized)
        #expect(parsed.text == "one\n\ntwo\n")
        try parsed.verify(by: [signer.verifier])
    }

    @Test(
        "malformed verifier keys are refused",
        arguments: [
            "", "a+b", "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "example.com/foo+530d903a+Aeky",
        ])
    func malformedKeys(vkey: String) {
        #expect(NoteVerifier(vkey) == nil)
    }

    @Test("a checkpoint survives signing, and only under its origin's name")
    func checkpoint() throws {
        let signer = try signer()
        let checkpoint = Checkpoint(origin: signer.name, size: 7, root: MerkleTree.leafHash([UInt8(1)]))
        let note = try signer.sign(checkpoint.text).serialized
        #expect(try Checkpoint(note: note, verifiedBy: signer.verifier) == checkpoint)
        let foreign = Checkpoint(origin: "elsewhere", size: 7, root: checkpoint.root)
        let misnamed = try signer.sign(foreign.text).serialized
        #expect(throws: SignedNote.Failure.malformed) { try Checkpoint(note: misnamed, verifiedBy: signer.verifier) }
    }

    @Test(
        "malformed checkpoints are refused",
        arguments: ["", "o\n7\n", "o\n07\nAAAA\n", "o\n-1\nAAAA\n", "o\n7\nAAAA\n", "o\n+7\n\(String(repeating: "A", count: 43))=\n"])
    func malformedCheckpoints(text: String) {
        #expect(Checkpoint(text: text) == nil)
    }
}
