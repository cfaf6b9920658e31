import Foundation
import MeshTool

/// Asks a person at the terminal.
enum Terminal {
    /// Reads a line; from a terminal, after a prompt.
    static func ask(_ prompt: String) throws -> String {
        // What was printed before must be seen before it is asked about, also through a pipe.
        fflush(nil)
        show(prompt)
        guard let line = readLine(), !line.isEmpty else { throw CommandError("nothing was entered") }
        return line
    }

    /// Reads a line without showing it. From a pipe it reads a line like any other.
    static func askSecretly(_ prompt: String) throws -> String {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return try ask(prompt) }
        var quiet = settings
        quiet.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
            show("\n")
        }
        return try ask(prompt)
    }

    private static func show(_ text: String) {
        guard isatty(STDIN_FILENO) == 1 else { return }
        FileHandle.standardError.write(Data(text.utf8))
    }

    /// Prints at once, for text that comes in pieces.
    static func stream(_ text: String) {
        Swift.print(TerminalText.lines(text), terminator: "")
        fflush(nil)
    }
}

/// Swift's, for this module: whose words they are, what is printed commands no terminal.
func print(_ text: String) {
    Swift.print(TerminalText.lines(text))
}
