import MeshMessages

/// What somebody else wrote, on its way to a terminal: a server's words, a model's, another person's. What a terminal would obey is shown as JSON
/// escapes it, so that none of it can move the cursor back, change what stands there already or, in a line of ours, make one of its own.
package enum TerminalText {
    /// Words that stand in one line of ours: line breaks are escaped too, so that they make no line of their own.
    package static func line(_ text: String) -> String {
        escaped(text, except: [])
    }

    /// Text with lines of its own, and tabs.
    package static func lines(_ text: String) -> String {
        escaped(text.contains("\r\n") ? text.replacing("\r\n", with: "\n") : text, except: ["\n", "\t"])
    }

    private static func escaped(_ text: String, except kept: [Unicode.Scalar]) -> String {
        guard text.unicodeScalars.contains(where: TerminalControl.contains) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if TerminalControl.contains(scalar), !kept.contains(scalar) { shown += TerminalControl.escape(scalar) } else { shown.unicodeScalars.append(scalar) }
        }
        return shown
    }
}
