import Foundation

/// Where a command says what is no answer. Where nobody takes it, it is lost: the exit code tells as much.
package enum StandardError {
    package static func line(_ text: String) {
        // The form without `throws` ends the process when it cannot write.
        try? FileHandle.standardError.write(contentsOf: Data((TerminalText.lines(text) + "\n").utf8))
    }
}
