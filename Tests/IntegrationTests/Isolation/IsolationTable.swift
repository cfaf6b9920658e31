import Foundation

/// The README's table of who holds what, made from a run.
enum IsolationTable {
    private static let begin = "<!-- begin: who holds what; CRYPTOPULSE_WRITE_README=1 with IntegrationTests writes it -->"
    private static let end = "<!-- end: who holds what -->"

    /// Every cell is what was found, but for those of `may be met on its way in`: that is what the promise allows, for whoever comes by at another moment.
    static func markdown(_ findings: Findings, _ rows: [CredentialTable.Row] = CredentialTable.rows) -> String {
        let columns = [
            "credential", "found in memory of", "in clear in files of", "sealed in the database of", "caught on its way in", "may be met on its way in",
            "found anywhere else",
        ]
        let header = [columns, columns.map { _ in "---" }].map(line)
        let kinds = rows.reduce(into: [String]()) { if !$0.contains($1.kind) { $0.append($1.kind) } }
        return (header + kinds.map { kind in line(cells(kind, rows.filter { $0.kind == kind }, findings)) }).joined(separator: "\n")
    }

    private static func line(_ cells: [String]) -> String {
        cells.contains("---") ? "|" + cells.joined(separator: "|") + "|" : "| " + cells.joined(separator: " | ") + " |"
    }

    private static func cells(_ kind: String, _ rows: [CredentialTable.Row], _ findings: Findings) -> [String] {
        func cell(_ places: (CredentialTable.Row) -> Set<CredentialTable.Place>) -> String { names(rows.map { ($0, places($0)) }) }
        let hasLeaked = findings.leaks(rows).contains { leak in rows.contains { leak.hasPrefix($0.name + " in ") } }
        return [
            rows.count > 1 ? "\(kind) of each service" : kind, cell { findings.standing($0).memory }, cell { findings.standing($0).files },
            cell { findings.standing($0).sealed }, cell { findings.standing($0).caught }, cell { $0.passes.subtracting($0.sealedBy) },
            hasLeaked ? "YES" : "no",
        ]
    }

    /// Places of all rows of one kind; one that is not a place of all of them says of which.
    private static func names(_ found: [(row: CredentialTable.Row, places: Set<CredentialTable.Place>)]) -> String {
        // Of each service the row has its own name.
        let own = "its own service"
        let labels = found.map { row, places in (row, Set(places.map { $0.description == row.owner ? own : $0.description })) }
        let texts = labels.reduce(into: Set<String>()) { $0.formUnion($1.1) }.sorted { ($0 != own ? 1 : 0, $0) < ($1 != own ? 1 : 0, $1) }.map { label in
            let owners = labels.filter { $0.1.contains(label) }.map { $0.0.owner ?? "" }
            return owners.count == found.count ? label : "\(label) (of \(owners.sorted().joined(separator: ", ")))"
        }
        return texts.isEmpty ? "–" : texts.joined(separator: ", ")
    }

    // MARK: - README

    private static let readme = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../README.md").standardizedFileURL
    static let mayWrite = ProcessInfo.processInfo.environment["CRYPTOPULSE_WRITE_README"] == "1"

    /// The table as the README has it.
    static func published() throws -> String {
        let text = try String(contentsOf: readme, encoding: .utf8)
        return String(text[try place(in: text)])
    }

    static func write(_ table: String) throws {
        var text = try String(contentsOf: readme, encoding: .utf8)
        text.replaceSubrange(try place(in: text), with: table)
        try text.write(to: readme, atomically: true, encoding: .utf8)
    }

    private static func place(in text: String) throws -> Range<String.Index> {
        guard let from = text.range(of: begin + "\n"), let to = text.range(of: "\n" + end) else { throw NeverHappened(what: "the README has the table's marks") }
        return from.upperBound..<to.lowerBound
    }
}
