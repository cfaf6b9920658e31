import ArgumentParser
import MeshTool

struct MeshCallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call", abstract: CallArguments.abstract, discussion: CallArguments.discussion)

    @OptionGroup var state: StateOptions
    @OptionGroup var call: CallArguments
    @Option(name: .customLong("at"), help: "The process to call, where several serve the method.")
    var process: String?

    func run() async throws {
        try await MeshCommandError.reporting {
            try await call.run(in: MeshDirectory(), .operator) { method, body in
                let process = try MeshTarget.process(for: method, wanted: process)
                try await OperatorMesh(state.folder).withClient(to: process) { try await body($0) }
            }
        }
    }
}
