internal import Glibc
internal import Logging
internal import Redaction

/// One log event as one JSON object in one line, without secrets.
struct LogLine {
    /// A longer line is cut; what was cut is said.
    static let maxBytes = 16 * 1024

    private var text = "{"

    init(_ event: LogEvent, label: String, metadata: Logger.Metadata, time: timespec) {
        add("time", Self.timestamp(time))
        add("level", event.level.rawValue)
        add("service", label)
        add("message", Redactor.redact(event.message.description))
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            add(name, Redactor.isSecretName(name) ? Redactor.mark : Redactor.redact(value.description))
        }
        if let error = event.error { add("error", Redactor.redact("\(error)")) }
    }

    /// With its line break.
    var bytes: [UInt8] {
        Array((text + "}\n").utf8)
    }

    private mutating func add(_ name: String, _ value: String) {
        let room = Self.maxBytes - text.utf8.count
        guard room > 0 else { return }
        if text.utf8.count > 1 { text += "," }
        let shown = value.utf8.count > room ? String(value.prefix(room)) + "…" : value
        text += "\"" + Self.escaped(name) + "\":\"" + Self.escaped(shown) + "\""
    }

    /// JSON string contents (RFC 8259 section 7): a line break in a value cannot start a new line.
    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 0x20 || $0 == "\"" || $0 == "\\" || $0.value == 0x7f }) else { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
    }

    /// `2026-03-01T12:00:00.123Z`
    static func timestamp(_ time: timespec) -> String {
        var seconds = time.tv_sec
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = [Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday)].map { padded($0, 2) }.joined(separator: "-")
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { padded(Int($0), 2) }.joined(separator: ":")
        return "\(date)T\(clock).\(padded(time.tv_nsec / 1_000_000, 3))Z"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
