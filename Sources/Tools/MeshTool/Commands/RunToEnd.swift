package import ArgumentParser
import MeshCall

extension AsyncParsableCommand {
    /// As `main()`, which runs what the arguments ask for and ends the process; errors, which are often others' words, command no terminal.
    package static func runToEnd() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch {
            // What a server says of a failure is no more than a line.
            let text = (error as? RPCError).map { "Error: " + TerminalText.line("\($0)") }
            exit(withError: show(text ?? fullMessage(for: error), exitCode(for: error)))
        }
    }

    /// Help is an answer, which has failed where nobody takes it.
    private static func show(_ text: String, _ code: ExitCode) -> ExitCode {
        guard !text.isEmpty else { return code }
        guard code.isSuccess else {
            StandardError.line(text)
            return code
        }
        do {
            try StandardOutput.line(text)
            return code
        } catch {
            StandardError.line((error as? MeshCommandError)?.message ?? "\(error)")
            return .failure
        }
    }
}
