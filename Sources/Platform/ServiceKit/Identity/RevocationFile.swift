internal import Foundation
internal import MeshTLS

/// The last list of revocations, as JSON.
struct RevocationFile {
    private struct Content: Codable {
        var version: UInt64
        var serials: [String]
        var identities: [String]
    }

    /// Bytes; a longer file is something else.
    static let maximumSize = 4 << 20

    let path: String

    /// What the file has and we cannot read: whoever is meant would be let in.
    struct Unreadable: Error, Equatable, CustomStringConvertible {
        let path: String
        let what: String

        var description: String { "\(path) \(what): repair it, or remove it, and auth's next list takes its place" }
    }

    /// - Returns: nil when there is none yet.
    /// - Throws: `Unreadable`. Nothing of it is used then: a list with gaps looks whole.
    func read() throws -> RevocationList? {
        guard let data = FileManager.default.contents(atPath: path) else {
            guard FileManager.default.fileExists(atPath: path) else { return nil }
            throw Unreadable(path: path, what: "cannot be read")
        }
        guard data.count <= Self.maximumSize else { throw Unreadable(path: path, what: "is too long") }
        let content: Content
        do {
            content = try JSONDecoder().decode(Content.self, from: data)
        } catch {
            throw Unreadable(path: path, what: "is no list of revocations")
        }
        return RevocationList(
            version: content.version, serials: Set(try content.serials.map { try readable($0, CertificateSerial(hex: $0)) }),
            identities: Set(try content.identities.map { try readable($0, try? SPIFFEIdentity(uri: $0)) }))
    }

    private func readable<Value>(_ entry: String, _ value: Value?) throws -> Value {
        guard let value else { throw Unreadable(path: path, what: "revokes what is neither a serial number nor an identity: '\(entry.prefix(100))'") }
        return value
    }

    func write(_ list: RevocationList) throws {
        let content = Content(version: list.version, serials: list.serials.map(\.hex).sorted(), identities: list.identities.map(\.uri).sorted())
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(Array(try encoder.encode(content)), to: path)
    }
}
