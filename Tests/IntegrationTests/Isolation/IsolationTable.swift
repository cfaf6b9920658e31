import Foundation

/// The README's table of who holds what, made from a run.
enum IsolationTable {
    private static let begin = "<!-- begin: who holds what; CRYPTOPULSE_WRITE_README=1 with IntegrationTests writes it -->"
    private static let end = "<!-- end: who holds what -->"

    static func markdown(_ findings: Findings) -> String {
        let header = [
            "| credential | found in memory of | in clear in files of | sealed in the database of | may be met on its way in | found anywhere else |",
            "|---|---|---|---|---|---|",
        ]
        let kinds = CredentialTable.rows.reduce(into: [String]()) { if !$0.contains($1.kind) { $0.append($1.kind) } }
        return (header + kinds.map { line($0, findings) }).joined(separator: "\n")
    }

    private static func line(_ kind: String, _ findings: Findings) -> String {
        let rows = CredentialTable.rows.filter { $0.kind == kind }
        let leaks = findings.leaks().filter { leak in rows.contains { leak.hasPrefix($0.name + " in ") } }
        let (row, isOfEach) = (rows[0], rows.count > 1)
        func cell(_ places: Set<CredentialTable.Place>) -> String {
            // Of each service the row has its own name.
            let others = isOfEach ? places.filter { row.name != "\(kind) of \($0)" } : places
            let own = others.count < places.count ? ["its own service"] : []
            let names = own + others.sorted().map(\.description)
            return names.isEmpty ? "–" : names.joined(separator: ", ")
        }
        let cells = [
            isOfEach ? "\(kind) of each service" : kind, cell(row.holders), cell(row.files), cell(row.sealedBy),
            cell(row.passes.subtracting(row.sealedBy)), leaks.isEmpty ? "no" : "YES",
        ]
        return "| " + cells.joined(separator: " | ") + " |"
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
