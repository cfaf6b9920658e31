/// Characters that a terminal obeys instead of showing them, and those that change the order in which others are shown: who may put them on
/// somebody's screen can make it say what nobody sent.
package enum TerminalControl {
    /// C0, DEL and C1; overrides, embeddings and isolates of direction.
    package static func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f...0x9f, 0x202a...0x202e, 0x2066...0x2069: true
        default: false
        }
    }

    /// As JSON has it: `\u001b`. All of them are in Unicode's first plane.
    package static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
