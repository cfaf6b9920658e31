package import Cryptography
package import Deployment
import Foundation

/// The audit log's public key as this person first saw it. A log that signs with another key later is another log.
package struct LogKeyPin {
    private let path: String

    package init(_ folder: StateFolder) {
        path = folder.person + "/log-verifier-key"
    }

    /// The pinned key; the offered one becomes it when there is none yet.
    ///
    /// - Throws: `CommandError` when the offered key is not the pinned one.
    package func key(offered: String) throws -> NoteVerifier {
        guard let verifier = NoteVerifier(offered) else { throw CommandError("the log's key cannot be read") }
        guard let data = FileManager.default.contents(atPath: path) else {
            try PrivateFile.write(Data(offered.utf8), to: path)
            return verifier
        }
        let pinned = String(decoding: data, as: UTF8.self)
        guard pinned == offered else {
            let before = NoteVerifier(pinned)?.name ?? "unreadable"
            throw CommandError(
                "the log signs with another key than before (\(path)): it is not the same log; that was \(before), and this is \(verifier.name)")
        }
        return verifier
    }
}
