import ArgumentParser
import Foundation
public import MeshCall
import MeshMessages

/// A command-line tool for services of your own: `list`, `describe`, `call` with JSON, and `ping`.
///
/// ```swift
/// @main
/// struct GreeterTool: ServiceTool {
///     static let services = [GreeterV1.greeterReflection]
/// }
/// ```
///
/// `call` and `ping` take where the server is (`--addr`), who it has to be (`--peer`, a SPIFFE id), and the certificate, key and roots of
/// whoever calls (`--cert`, `--key`, `--ca`, PEM files). `mesh.v1.Health`, the library's own service, is among the services.
public protocol ServiceTool {
    /// What the tool knows, as `protoc-gen-mesh` writes it.
    static var services: [ServiceReflection] { get }
}

extension ServiceTool {
    /// Does what the process's arguments ask for and ends the process.
    ///
    /// Answers go to standard output, errors to standard error. Exit code 0: done, and every call succeeded. 64: what was asked for does not exist
    /// or is written wrongly. 1: a call failed, nobody serves, or standard output took nothing.
    public static func main() async {
        await ToolCommand<Self>.runToEnd()
    }

    static var directory: MeshDirectory {
        let health = MeshV1.healthReflection
        return MeshDirectory(services + (services.contains { $0.name == health.name } ? [] : [health]))
    }

    /// - Parameter caller: empty where nobody calls.
    static func guide(caller: String = "") -> CallGuide {
        CallGuide(command: programName, caller: caller, servers: { _ in nil }, target: { _ in ConnectionOptions.placeholders })
    }

    /// As the shell knows it.
    static var programName: String {
        CommandLine.arguments.first.map { URL(filePath: $0).lastPathComponent } ?? "mesh-tool"
    }
}
