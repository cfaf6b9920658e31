import Foundation
import TestSupport

/// A reader's folder, with the mesh's repository beside it, gone when the test is over.
final class Workplace: Sendable {
    let folder: URL
    private let whole: URL

    init() throws {
        whole = FileManager.default.temporaryDirectory.appending(path: "first-service-\(UUID().uuidString)")
        folder = whole.appending(path: "reader")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let mesh = whole.appending(path: "cryptopulse")
        try FileManager.default.createDirectory(at: mesh.appending(path: ".build/debug"), withIntermediateDirectories: true)
        try link(mesh.appending(path: "proto"), to: Article.root.appending(path: "proto"))
        try link(mesh.appending(path: ".build/debug/protoc-gen-mesh"), to: BuiltProgram.named("protoc-gen-mesh"))
    }

    deinit {
        try? FileManager.default.removeItem(at: whole)
    }

    private func link(_ from: URL, to target: URL) throws {
        try FileManager.default.createSymbolicLink(at: from, withDestinationURL: target)
    }

    func write(_ text: String, to path: String) throws {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    func text(_ path: String) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }

    func files(below path: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder.appending(path: path).path).filter { $0.contains(".") }.sorted()
    }

    /// - Parameter environment: set beside this process's own.
    func run(_ script: String, environment: [String: String] = [:]) async throws -> ProgramRun {
        try await ProgramRun.of("bash", ["-euo", "pipefail", "-c", script], environment: environment, in: folder)
    }
}
