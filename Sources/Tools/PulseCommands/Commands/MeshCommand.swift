import ArgumentParser
import MeshTool

struct MeshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mesh", abstract: "Looks into the mesh and calls its methods, as operator.",
        subcommands: [MeshListCommand.self, MeshDescribeCommand.self, MeshCallCommand.self, MeshPingCommand.self])
}

struct MeshListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: MeshListing.abstract)

    @OptionGroup var state: StateOptions
    @Argument(help: "A service: mesh.v1.Health, or Health for short.")
    var service: String?

    func run() async throws {
        try await MeshCommandError.reporting { try MeshListing.show(service, in: MeshDirectory(), .operator) }
    }
}

struct MeshDescribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "describe", abstract: MeshDescription.abstract)

    @OptionGroup var state: StateOptions
    @Argument(help: "SERVICE, SERVICE/METHOD, or the full name of a message or enum.")
    var name: String

    func run() async throws {
        try await MeshCommandError.reporting { try StandardOutput.line(MeshDescription.text(MeshDirectory().entry(name), .operator)) }
    }
}
