import MeshTool
import Testing

@Suite("Text for a terminal")
struct TerminalTextTests {
    private static let hostile = "a\u{1b}[2J\u{7f}\u{85}\u{9b}1A\u{202e}\u{2066}b\nsigned\r"
    private static let escaped = #"a\u001b[2J\u007f\u0085\u009b1A\u202e\u2066b"#

    @Test("What a terminal would obey is shown as JSON escapes it; line breaks too where the text stands in a line of ours")
    func escapes() {
        #expect(TerminalText.line(Self.hostile) == Self.escaped + #"\u000asigned\u000d"#)
        #expect(TerminalText.lines(Self.hostile) == Self.escaped + "\nsigned" + #"\u000d"#)
        #expect(TerminalText.line("a\tb\r\nc") == #"a\u0009b\u000d\u000ac"#)
        #expect(TerminalText.lines("a\tb\r\nc\r") == "a\tb\nc" + #"\u000d"#)
        for text in ["", "Grüße, 世界 🪙\u{a0}\u{200d}\u{202f}\u{2065}\u{206a}", #"\u001b"#] {
            #expect(TerminalText.line(text) == text && TerminalText.lines(text + "\n") == text + "\n")
        }
        let controls = (0...0x20).map { $0 } + Array(0x7e...0xa0) + Array(0x2029...0x202f) + Array(0x2065...0x206a)
        let shown = controls.compactMap { Unicode.Scalar(UInt32($0)) }.filter { TerminalText.line(String($0)) == String($0) }.map(\.value)
        #expect(shown == [0x20, 0x7e, 0xa0, 0x2029, 0x202f, 0x2065, 0x206a])
    }
}
