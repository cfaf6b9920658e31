import ArgumentParser
import Deployment
import MeshCall

struct MeshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mesh", abstract: "Looks into the mesh and calls its methods, as operator.",
        subcommands: [MeshListCommand.self, MeshDescribeCommand.self, MeshCallCommand.self, MeshPingCommand.self])
}

struct MeshListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Lists the services, or one service's methods.")

    @OptionGroup var state: StateOptions
    @Argument(help: "A service: mesh.v1.Health, or Health for short.")
    var service: String?

    func run() async throws {
        try await MeshCommandError.reporting {
            let directory = MeshDirectory()
            if let service {
                for method in try directory.service(service).methods { try Terminal.line("\(method.method.service)/\(method.method.name)") }
            } else {
                for service in directory.services { try Terminal.line(MeshListText.line(service.name)) }
            }
        }
    }
}

enum MeshListText {
    static func line(_ service: String) -> String {
        MeshDirectory.servers(of: service).map { service.padding(to: 42) + $0 } ?? service
    }
}

struct MeshDescribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Shows a service, a method with its policy and messages, a message or an enum.")

    @OptionGroup var state: StateOptions
    @Argument(help: "SERVICE, SERVICE/METHOD, or the full name of a message or enum.")
    var name: String

    func run() async throws {
        try await MeshCommandError.reporting { try Terminal.line(MeshDescription.text(try MeshDirectory().entry(name))) }
    }
}
