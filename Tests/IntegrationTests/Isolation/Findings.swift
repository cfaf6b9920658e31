import Deployment
import Foundation
import LocalMesh

/// What was found where in a run.
struct Findings {
    struct Finding: Hashable {
        let credential: String
        let form: String
        let place: CredentialTable.Place
        /// `memory`, or a file below the state folder.
        let spot: String
        let isFile: Bool
    }

    private(set) var all: Set<Finding> = []

    mutating func add(_ hits: Set<ByteSearch.Hit>, _ place: CredentialTable.Place, _ spot: String, isFile: Bool) {
        all.formUnion(hits.map { Finding(credential: $0.credential, form: $0.form, place: place, spot: spot, isFile: isFile) })
    }

    // MARK: - Looking

    /// - Parameter dumps: a folder for core dumps; nil makes none.
    mutating func search(_ process: ProcessImage, of place: CredentialTable.Place, for search: ByteSearch, dumps: URL?) async throws {
        for (part, hits) in try process.hits(search) { add(hits, place, part.rawValue, isFile: false) }
        if let dumps { add(try await process.dump(into: dumps, search), place, ProcessImage.Part.coreDump.rawValue, isFile: false) }
    }

    /// Every file below the state folder: databases, their WAL, logs, settings, secrets.
    mutating func search(_ folder: StateFolder, for search: ByteSearch) throws {
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
            let hits = search.hits(inFile: folder.path + "/" + path)
            if !hits.isEmpty { add(hits, Self.owner(of: path), path, isFile: true) }
        }
    }

    private static func owner(of path: String) -> CredentialTable.Place {
        let first = String(path.split(separator: "/").first ?? "")
        if let name = ServiceName(rawValue: first) { return .service(name) }
        return first == "operator" ? .operatorFolder : .supervisorFolder
    }

    // MARK: - Judging

    /// Where something stands that must not stand there.
    func leaks(_ rows: [CredentialTable.Row] = CredentialTable.rows) -> [String] {
        let byName = Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0) })
        return all.compactMap { finding in
            guard let row = byName[finding.credential] else { return "\(finding.credential) stands in no row of the table" }
            let isAllowed =
                finding.isFile
                ? row.holders.contains(finding.place)
                : row.holders.contains(finding.place) || row.sealedBy.contains(finding.place) || row.passes.contains(finding.place)
            return isAllowed ? nil : "\(finding.credential) in \(finding.place): \(finding.spot), \(finding.form)"
        }.sorted()
    }

    /// What was not found where it must be.
    func missing(_ rows: [CredentialTable.Row] = CredentialTable.rows) -> [String] {
        rows.flatMap { row in
            row.holders.subtracting(places(of: row.name)).map { "\(row.name) was not found in \($0)" }
        }.sorted()
    }

    func places(of credential: String) -> Set<CredentialTable.Place> {
        Set(all.filter { $0.credential == credential }.map(\.place))
    }

    /// Where each credential was found: for whoever reads why a run failed.
    var summary: String {
        Dictionary(grouping: all) { "\($0.credential) in \($0.place)" }.map { "\($0.key): \(Set($0.value.map(\.spot)).sorted().joined(separator: ", "))" }
            .sorted().joined(separator: "\n")
    }
}
