import ArgumentParser
import MeshCall
import MeshTLS

/// The command of a ``ServiceTool``.
struct ToolCommand<Tool: ServiceTool>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Tool.programName, abstract: "Looks into services of the mesh and calls their methods.",
            subcommands: [ToolListCommand<Tool>.self, ToolDescribeCommand<Tool>.self, ToolCallCommand<Tool>.self, ToolPingCommand<Tool>.self])
    }
}

struct ToolListCommand<Tool: ServiceTool>: AsyncParsableCommand {
    static var configuration: CommandConfiguration { CommandConfiguration(commandName: "list", abstract: MeshListing.abstract) }

    @Argument(help: "A service: mesh.v1.Health, or Health for short.")
    var service: String?

    func run() async throws {
        try await MeshCommandError.reporting { try MeshListing.show(service, in: Tool.directory, Tool.guide()) }
    }
}

struct ToolDescribeCommand<Tool: ServiceTool>: AsyncParsableCommand {
    static var configuration: CommandConfiguration { CommandConfiguration(commandName: "describe", abstract: MeshDescription.abstract) }

    @Argument(help: "SERVICE, SERVICE/METHOD, or the full name of a message or enum.")
    var name: String

    func run() async throws {
        try await MeshCommandError.reporting { try StandardOutput.line(MeshDescription.text(Tool.directory.entry(name), Tool.guide())) }
    }
}

struct ToolCallCommand<Tool: ServiceTool>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "call", abstract: CallArguments.abstract, discussion: CallArguments.discussion)
    }

    @OptionGroup var call: CallArguments
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        try await MeshCommandError.reporting {
            let peer = try connection.meshPeer()
            try await call.run(in: Tool.directory, Tool.guide(caller: connection.caller())) { _, body in
                try await peer.withClient { try await body($0) }
            }
        }
    }
}

struct ToolPingCommand<Tool: ServiceTool>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "ping", abstract: "Connects to a server, shows who answers and how fast; exits 1 unless it serves.")
    }

    @Argument(help: "A service to ask for; the server as a whole otherwise.")
    var service: String?
    @OptionGroup var times: PingArguments
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        try await MeshCommandError.reporting {
            let question = try service.map { try Tool.directory.healthQuestion(of: $0) } ?? ""
            let (peer, name) = (try connection.meshPeer(), connection.peer.identity.name)
            let report: PingReport
            do {
                report = try await MeshProbe(peer).report(as: name, times.count, of: question)
            } catch {
                throw MeshCommandError.failed("\(name) at \(peer.address): \(TerminalText.line("\(error)"))")
            }
            try StandardOutput.line(report.text)
            guard report.isServing else { throw MeshCommandError.failed("\(name) does not serve") }
        }
    }
}
