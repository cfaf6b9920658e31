public import ArgumentParser

/// `mesh-bench server|client`: the mesh's echo over mutual TLS, as the peers' benchmark runs it.
public struct BenchCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "mesh-bench", abstract: "Measures the mesh: an echo over mutual TLS.",
        subcommands: [ServerCommand.self, ClientCommand.self])

    public init() {}
}
