import Foundation
import TestSupport
@testable import MeshGenerator

/// Gives the generator what protoc gives a plugin.
enum Protoc {
    static let isRequired = ProcessInfo.processInfo.environment["CI"] == "true"
    static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/protoc")
    static let isUsable = isInstalled || isRequired

    private static let repository = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    struct Failed: Error {
        var output: String
    }

    /// The request for one file with this text, as protoc writes it.
    static func request(_ proto: String, parameter: String) async throws -> [UInt8] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mesh-generator-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try proto.write(to: folder.appending(path: "test.proto"), atomically: true, encoding: .utf8)
        // Keeps the request and answers "no files, and proto3 optional may pass".
        let plugin = folder.appending(path: "capture")
        try "#!/bin/sh\ncat > '\(folder.path)/request'\nprintf '\\020\\001'\n".write(to: plugin, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: plugin.path)
        try await run(
            [
                "-I.", "-I\(repository.appending(path: "proto").path)", "--plugin=protoc-gen-capture=\(plugin.path)",
                "--capture_out=.", "--capture_opt=\(parameter)", "test.proto",
            ], in: folder)
        return try [UInt8](Data(contentsOf: folder.appending(path: "request")))
    }

    /// The files generated for the text, by name.
    static func generate(_ proto: String, _ parameter: String = "c_module=CTest,table=Table") async throws -> [String: String] {
        let request = try CodeGeneratorRequest(await request(proto, parameter: parameter))
        return Dictionary(uniqueKeysWithValues: try MeshGenerator.files(for: request).map { ($0.name, $0.content) })
    }

    private static func run(_ arguments: [String], in folder: URL) async throws {
        let protoc = try await ProgramRun.of("protoc", arguments, in: folder)
        guard protoc.succeeded else { throw Failed(output: protoc.text) }
    }
}
