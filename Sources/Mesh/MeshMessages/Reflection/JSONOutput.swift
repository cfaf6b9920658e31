/// JSON text as it is written, with or without line breaks.
struct JSONOutput {
    var isIndented = false
    private(set) var bytes: [UInt8] = []
    private var depth = 0
    private var isFirst = true

    mutating func open(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        depth += 1
        isFirst = true
    }

    mutating func close(_ bracket: Unicode.Scalar) {
        depth -= 1
        if !isFirst { breakLine() }
        bytes.append(UInt8(ascii: bracket))
        isFirst = false
    }

    /// Before each element or member.
    mutating func item() {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        breakLine()
    }

    mutating func name(_ name: String) {
        string(name.utf8)
        text(isIndented ? ": " : ":")
    }

    /// As it is.
    mutating func text(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// In quotes, escaped where RFC 8259 (section 7) asks for it, and where a terminal would obey what it is shown (`TerminalControl`).
    mutating func string(_ content: some Sequence<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        for byte in content {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0a: text("\\n")
            case 0x0d: text("\\r")
            case 0x09: text("\\t")
            case 0..<0x20, 0x7f: bytes.append(contentsOf: Self.escapes[Int(byte)])
            default:
                bytes.append(byte)
                if Self.continues(byte) { escapeControl() }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Of what ends here in two or three bytes of UTF-8; those of one byte are escaped as they come.
    private mutating func escapeControl() {
        guard bytes.count >= 3 else { return }
        let first = bytes[bytes.count - 3], second = bytes[bytes.count - 2], third = UInt32(bytes[bytes.count - 1])
        if second == 0xc2 {
            replace(2, by: third)
        } else if first == 0xe2, Self.continues(second) {
            replace(3, by: 0x2000 | UInt32(second & 0x3f) << 6 | third & 0x3f)
        }
    }

    private mutating func replace(_ count: Int, by value: UInt32) {
        guard let scalar = Unicode.Scalar(value), TerminalControl.contains(scalar) else { return }
        bytes.removeLast(count)
        text(TerminalControl.escape(scalar))
    }

    private static func continues(_ byte: UInt8) -> Bool { byte & 0xc0 == 0x80 }

    /// `\u0000` to `\u007f`.
    private static let escapes: [[UInt8]] = {
        let digits = Array("0123456789abcdef".utf8)
        return (0...0x7f).map { Array("\\u00".utf8) + [digits[$0 >> 4], digits[$0 & 0xf]] }
    }()

    mutating func base64(_ content: some Collection<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        Base64.encode(content, into: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// The shortest digits that read back as the same number; what JSON has no number for is a string.
    mutating func real(_ value: some BinaryFloatingPoint & LosslessStringConvertible) {
        if value.isNaN {
            text("\"NaN\"")
        } else if value.isInfinite {
            text(value < 0 ? "\"-Infinity\"" : "\"Infinity\"")
        } else {
            text(value.description)
        }
    }

    private mutating func breakLine() {
        guard isIndented else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(0x20, count: 2 * depth))
    }
}
