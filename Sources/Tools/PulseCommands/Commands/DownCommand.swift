import ArgumentParser
import Deployment

struct DownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "down", abstract: "Stops everything.")

    @OptionGroup var state: StateOptions

    func run() async throws {
        print(try await Shutdown(state.folder).run() ? "stopped" : "nothing ran")
    }
}
