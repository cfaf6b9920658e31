import Foundation
import TestSupport

/// The checkout under test, read as text.
struct Repository {
    let root: URL

    /// The folder that holds the manifest, found from this file's own path.
    static let here = Repository(
        root: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent())

    func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }

    func isExecutable(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: root.appending(path: path).path)
    }

    /// What git tracks below `folder`, and what is new there and not ignored: paths from the root.
    func files(below folder: String, ending suffix: String = "") async throws -> [String] {
        let names = try await run("git", ["ls-files", "--cached", "--others", "--exclude-standard", "--", folder])
        return names.split(separator: "\n").map(String.init).filter { $0.hasSuffix(suffix) && exists($0) }.sorted()
    }

    func sources(below folder: String) async throws -> [SourceFile] {
        try await files(below: folder, ending: ".swift").map { SourceFile(path: $0, text: try text($0)) }
    }

    /// Runs a program in the root and returns what it printed.
    func run(_ program: String, _ arguments: [String], environment: [String: String] = [:]) async throws -> String {
        let run = try await ProgramRun.of(program, arguments, environment: environment, in: root)
        guard run.succeeded else { throw CommandFailed(command: ([program] + arguments).joined(separator: " "), output: run.text) }
        return run.text
    }

    struct CommandFailed: Error {
        let command: String
        let output: String
    }
}

/// One Swift file.
struct SourceFile {
    let path: String
    let text: String

    /// The folder under Sources or Tests that is this file's target: `Sources/Mesh/MeshWire/Frame.swift` → `MeshWire`.
    /// The outermost such folder: a folder inside a target may bear another target's name.
    func target(among targets: Set<String>) -> String? {
        path.split(separator: "/").dropLast().first { targets.contains(String($0)) }.map(String.init)
    }

    var isGenerated: Bool { path.contains("/Generated/") }

    /// The lines that are code: comments cut off, numbered from 1.
    var code: [(number: Int, text: String)] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map { index, line in
            let comment = line.range(of: "//").map { line[..<$0.lowerBound] } ?? line
            // A URL inside a string is not a comment.
            let kept = comment.filter { $0 == "\"" }.count.isMultiple(of: 2) ? comment : line
            return (index + 1, String(kept))
        }
    }
}

/// A place that breaks a rule.
struct Violation: CustomStringConvertible {
    let path: String
    let line: Int
    let why: String

    var description: String { "\(path):\(line): \(why)" }
}
