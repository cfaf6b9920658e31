internal import Foundation

/// A log's statement of its size and root (c2sp.org/tlog-checkpoint): the text of a signed note.
public struct Checkpoint: Sendable, Equatable {
    /// The log's name, without scheme: also the name of its key.
    public let origin: String
    /// Leaves.
    public let size: UInt64
    public let root: MerkleHash

    public init(origin: String, size: UInt64, root: MerkleHash) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// - Returns: nil unless the text is `origin`, `size`, base64 `root`, a line each. Extension lines are let be.
    public init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 4, lines.last == "", !lines.dropLast().contains(""), let size = UInt64(lines[1]), String(size) == lines[1],
            let bytes = Data(base64Encoded: lines[2]), let root = MerkleHash(bytes)
        else { return nil }
        self.init(origin: lines[0], size: size, root: root)
    }

    public var text: String {
        "\(origin)\n\(size)\n\(Data(root.bytes).base64EncodedString())\n"
    }

    /// The checkpoint in a note that `verifier`'s key, named as the origin, has signed.
    ///
    /// - Throws: `SignedNote.Failure`.
    public init(note: String, verifiedBy verifier: NoteVerifier) throws(SignedNote.Failure) {
        let note = try SignedNote(parsing: note)
        try note.verify(by: [verifier])
        guard let checkpoint = Checkpoint(text: note.text), checkpoint.origin == verifier.name else { throw .malformed }
        self = checkpoint
    }
}
