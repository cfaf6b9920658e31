/// Server-sent events as the HTML standard has them (9.2.6, parsing an event stream), as far as chat completions use them: the data of each
/// event, in order. A pure value.
struct EventStreamParser: Sendable {
    private let maximumBytes: Int
    /// Of a line that has not ended.
    private var line: [UInt8] = []
    /// Of an event that has not ended.
    private var data: [UInt8] = []
    private var hasData = false
    private var lastWasReturn = false
    private var isFirstLine = true

    /// - Parameter maximumBytes: of one event.
    init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    /// Takes more of the stream, cut anywhere.
    ///
    /// - Returns: the data of the events that are whole now.
    /// - Throws: `ModelFailure.tooLarge`.
    mutating func take(_ bytes: some Sequence<UInt8>) throws(ModelFailure) -> [[UInt8]] {
        var events: [[UInt8]] = []
        for byte in bytes {
            defer { lastWasReturn = byte == UInt8(ascii: "\r") }
            switch byte {
            case UInt8(ascii: "\n") where lastWasReturn: continue
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                if let event = endLine() { events.append(event) }
            default:
                guard line.count + data.count < maximumBytes else { throw .tooLarge("an event") }
                line.append(byte)
            }
        }
        return events
    }

    /// - Returns: the event's data when the line ends one that has any.
    private mutating func endLine() -> [UInt8]? {
        defer { (isFirstLine, line) = (false, []) }
        if isFirstLine, line.starts(with: [0xef, 0xbb, 0xbf]) { line.removeFirst(3) }
        guard !line.isEmpty else {
            defer { (data, hasData) = ([], false) }
            return hasData ? data : nil
        }
        // A line that begins with a colon is a comment; other fields are nobody's business here.
        let name = line.prefix { $0 != UInt8(ascii: ":") }
        guard name.elementsEqual("data".utf8) else { return nil }
        var value = line.dropFirst(name.count + 1)
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
        if hasData { data.append(UInt8(ascii: "\n")) }
        data += value
        hasData = true
        return nil
    }
}
