internal import Foundation
package import Identity

/// A mesh certificate and its key as files that are replaced together.
///
/// The key comes first, under another name; then the certificate takes its place, then the key. Whatever the moment of a crash, the
/// certificate that is there has its key.
package struct IdentityFiles: Sendable {
    /// Bytes of the longest file looked at.
    static let maximumSize = 64 << 10

    package let folder: String

    package init(folder: String) {
        self.folder = folder
    }

    package var certificatePath: String { folder + "/cert.pem" }
    package var keyPath: String { folder + "/key.pem" }
    package var rootsPath: String { folder + "/roots.pem" }
    private var nextKeyPath: String { folder + "/key.next.pem" }
    private var enrolmentKeyPath: String { folder + "/key.enrol.pem" }

    /// What the certificate says; nil when there is none that can be used with its key.
    package func facts() -> CertificateFacts? {
        guard let facts = certificate(), let key = key(keyPath), facts.isFor(key) else { return nil }
        return facts
    }

    /// What the certificate says, for whoever has no business with the key; nil when one of the two files is not there.
    package func factsWithoutKey() -> CertificateFacts? {
        FileManager.default.fileExists(atPath: keyPath) ? certificate() : nil
    }

    private func certificate() -> CertificateFacts? {
        text(certificatePath).flatMap { try? CertificateFacts(pem: $0) }
    }

    private func key(_ path: String) -> MeshKey? {
        text(path).flatMap { try? MeshKey(pem: $0) }
    }

    /// Takes up a replacement that a crash interrupted, and drops a key that no certificate came for.
    package func recover() throws {
        guard let next = key(nextKeyPath) else { return }
        if let certificate = certificate(), certificate.isFor(next) {
            try AtomicFile.move(nextKeyPath, to: keyPath)
        } else {
            unlink(nextKeyPath)
        }
    }

    /// Puts a new certificate and its key in the place of the old ones.
    ///
    /// - Parameter chain: DER, the leaf first.
    package func install(_ key: MeshKey, chain: [[UInt8]]) throws {
        let pem = try CertificateFacts.pem(chain: chain)
        guard try CertificateFacts(pem: pem).isFor(key) else { throw AtomicFile.Failure(description: "the certificate is for another key") }
        try AtomicFile.write(Array(key.pem.utf8), to: nextKeyPath)
        try AtomicFile.write(Array(pem.utf8), to: certificatePath)
        try AtomicFile.move(nextKeyPath, to: keyPath)
        unlink(enrolmentKeyPath)
    }

    /// The key to enrol with. It is the same until a certificate is installed, also after a restart: a join token is good for one key, and an answer may
    /// get lost.
    func enrolmentKey() throws -> MeshKey {
        if let kept = key(enrolmentKeyPath) { return kept }
        let new = MeshKey()
        try AtomicFile.write(Array(new.pem.utf8), to: enrolmentKeyPath)
        return new
    }

    private func text(_ path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard let data = try? file.read(upToCount: Self.maximumSize + 1), data.count <= Self.maximumSize else { return nil }
        return String(decoding: data, as: UTF8.self)
    }
}
