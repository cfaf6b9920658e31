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

    /// - Returns: nil when there is none yet.
    func read() throws -> RevocationList? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        guard data.count <= Self.maximumSize else { throw CocoaError(.fileReadTooLarge) }
        let content = try JSONDecoder().decode(Content.self, from: data)
        return RevocationList(
            version: content.version, serials: Set(content.serials.compactMap(CertificateSerial.init(hex:))),
            identities: Set(content.identities.compactMap { try? SPIFFEIdentity(uri: $0) }))
    }

    func write(_ list: RevocationList) throws {
        let content = Content(version: list.version, serials: list.serials.map(\.hex).sorted(), identities: list.identities.map(\.uri).sorted())
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(Array(try encoder.encode(content)), to: path)
    }
}
