import Deployment
import Foundation
import LocalMesh

/// What was found where in a run.
struct Findings {
    enum Spot: Hashable, CustomStringConvertible {
        case process(ProcessImage.Part)
        /// Memory, while the value could go no further.
        case onItsWay
        /// A file, by its path below the folder that was searched.
        case file(String)
        /// What a column holds once its owner's key has opened it.
        case sealed(String)

        var description: String {
            switch self {
            case .process(let part): part.rawValue
            case .onItsWay: "memory, on its way"
            case .file(let path): path
            case .sealed(let column): "sealed in \(column)"
            }
        }
    }

    struct Finding: Hashable {
        let hit: ByteSearch.Hit
        let place: CredentialTable.Place
        let spot: Spot
    }

    private(set) var all: Set<Finding> = []

    mutating func add(_ hits: Set<ByteSearch.Hit>, _ place: CredentialTable.Place, _ spot: Spot) {
        all.formUnion(hits.map { Finding(hit: $0, place: place, spot: spot) })
    }

    mutating func add(_ other: Findings) { all.formUnion(other.all) }

    // MARK: - Looking

    /// - Parameter dumps: a folder for core dumps; nil makes none.
    mutating func search(_ process: ProcessImage, of place: CredentialTable.Place, for search: ByteSearch, dumps: URL?) async throws {
        for (part, hits) in try process.hits(search) { add(hits, place, .process(part)) }
        if let dumps { add(try await process.dump(into: dumps, search), place, .process(.coreDump)) }
    }

    /// Every file below a folder: databases, their WAL, logs, settings, secrets.
    mutating func search(files folder: String, for search: ByteSearch) throws {
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            let hits = search.hits(inFile: folder + "/" + path)
            if !hits.isEmpty { add(hits, Self.owner(of: path), .file(path)) }
        }
    }

    mutating func search(_ columns: [OpenedColumn], for search: ByteSearch) {
        for column in columns { add(search.hits(in: column.bytes), .service(column.owner), .sealed(column.name)) }
    }

    private static func owner(of path: String) -> CredentialTable.Place {
        let first = String(path.split(separator: "/").first ?? "")
        if let name = ServiceName(rawValue: first) { return .service(name) }
        let folders: [String: CredentialTable.Place] = ["operator": .operatorFolder, "person": .personFolder, "offline": .offlineFolder]
        return folders[first] ?? .supervisor
    }

    // MARK: - Judging

    /// Where something stands that must not stand there.
    func leaks(_ rows: [CredentialTable.Row] = CredentialTable.rows) -> [String] {
        let byName = Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0) })
        return all.compactMap { finding in
            guard let row = byName[finding.hit.credential] else { return "\(finding.hit.credential) stands in no row of the table" }
            return Self.allows(row, finding) ? nil : "\(row.name) in \(finding.place): \(finding.spot), \(finding.hit.form)"
        }.sorted()
    }

    private static func allows(_ row: CredentialTable.Row, _ finding: Finding) -> Bool {
        switch finding.spot {
        case .process(.memory), .process(.coreDump), .onItsWay:
            [row.holders, row.files, row.sealedBy, row.passes].contains { $0.contains(finding.place) }
        // Others can read these of a process of their own user's, and a log has what stood there.
        case .process(.environment), .process(.commandLine): false
        case .process(.openFile), .file: row.files.contains(finding.place)
        case .sealed: row.sealedBy.contains(finding.place)
        }
    }

    /// Where the present value of a row stands, as far as that is the same in every run. Of what was replaced nothing has to stand anywhere.
    struct Standing {
        /// Here and on its way: whoever may have it in memory only for a while does not count.
        let memory: Set<CredentialTable.Place>
        let files: Set<CredentialTable.Place>
        let sealed: Set<CredentialTable.Place>
        let caught: Set<CredentialTable.Place>
    }

    func standing(_ row: CredentialTable.Row) -> Standing {
        let found = all.filter { $0.hit.credential == row.name && !$0.hit.isReplaced }
        func places(_ isThere: (Spot) -> Bool) -> Set<CredentialTable.Place> { Set(found.filter { isThere($0.spot) }.map(\.place)) }
        return Standing(
            memory: places { $0 == .process(.memory) }.subtracting(row.transient), files: places { if case .file = $0 { true } else { false } },
            sealed: places { if case .sealed = $0 { true } else { false } }, caught: places { $0 == .onItsWay }.subtracting(row.transient.union(row.holders).subtracting(row.caught)))
    }

    /// What was not found where it must be.
    func missing(_ rows: [CredentialTable.Row] = CredentialTable.rows) -> [String] {
        rows.flatMap { row -> [String] in
            let standing = standing(row)
            var missing = row.holders.subtracting(standing.memory).map { "\(row.name) was not found in the memory of \($0)" }
            missing += row.files.subtracting(standing.files).map { "\(row.name) was not found in a file of \($0)" }
            missing += row.sealedBy.subtracting(standing.sealed).map { "\(row.name) was not found sealed in the database of \($0)" }
            return missing + row.caught.subtracting(standing.caught).map { "\(row.name) was not found on its way in the memory of \($0)" }
        }.sorted()
    }

    /// The files, by path, in which something stands in clear, and what.
    var clearFiles: [String: Set<String>] {
        all.reduce(into: [:]) { files, finding in
            if case .file(let path) = finding.spot { files[path, default: []].insert(finding.hit.credential) }
        }
    }

    /// Where each credential was found: for whoever reads why a run failed.
    var summary: String {
        Dictionary(grouping: all) { "\($0.hit.credential)\($0.hit.isReplaced ? ", replaced," : "") in \($0.place)" }
            .map { "\($0.key): \(Set($0.value.map(\.spot.description)).sorted().joined(separator: ", "))" }.sorted().joined(separator: "\n")
    }
}
