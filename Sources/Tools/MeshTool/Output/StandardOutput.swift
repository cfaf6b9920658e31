import Foundation

/// Where a command's answers go.
package enum StandardOutput {
    /// Prints a line, or several, at once, and fails where it cannot: `print` says nothing when the disk is full or the reader gone.
    ///
    /// - Throws: `MeshCommandError.failed`.
    package static func line(_ text: String) throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data((TerminalText.lines(text) + "\n").utf8))
        } catch {
            throw MeshCommandError.failed("standard output takes nothing: \(reason(of: error))")
        }
    }

    /// The system's own words; Foundation's leave the cause out.
    private static func reason(of error: any Error) -> String {
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
        return underlying.domain == NSPOSIXErrorDomain ? String(cString: strerror(Int32(underlying.code))) : "\(error)"
    }
}
