package import ArgumentParser
import Foundation

extension AsyncParsableCommand {
    /// As `main()`, which runs what the arguments ask for and ends the process; errors, which are often others' words, command no terminal.
    package static func runToEnd() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch {
            let (text, code) = (TerminalText.lines(fullMessage(for: error)), exitCode(for: error))
            if !text.isEmpty { (code.isSuccess ? FileHandle.standardOutput : .standardError).write(Data((text + "\n").utf8)) }
            exit(withError: code)
        }
    }
}
