/// Cuts a stream of bytes into the JSON values in it, which follow one another with white space between them or nothing.
///
/// A value is complete with the byte that closes it: whoever writes it need not write more. Numbers and words have no such byte and end before
/// what cannot belong to them. Only brackets and strings are looked at; whether a value is well formed is for its reader to say.
struct JSONDocumentSplitter {
    struct TooLong: Error {}

    private enum Place { case between, word, nested, string, escape }
    private enum Step { case skip, take, endBefore, endWith }

    /// Most bytes of one value.
    let longest: Int
    private var held: [UInt8] = []
    /// Where the value begins that `position` is in.
    private var start = 0
    private var position = 0
    private var place = Place.between
    /// Brackets that are open.
    private var depth = 0
    private var hasEnded = false

    init(longest: Int) {
        self.longest = longest
    }

    mutating func append(_ bytes: some Sequence<UInt8>) {
        held.append(contentsOf: bytes)
    }

    /// No more bytes come: a value that was begun is all there is of it.
    mutating func end() {
        hasEnded = true
    }

    /// The next value that is complete; nil where more bytes are needed.
    ///
    /// - Throws: with the byte that makes a value too long, and from then on.
    mutating func next() throws(TooLong) -> [UInt8]? {
        while position < held.count {
            switch step(held[position]) {
            case .skip:
                position += 1
                start = position
            case .take:
                guard position - start < longest else { throw TooLong() }
                position += 1
            case .endBefore: return cut()
            case .endWith:
                guard position - start < longest else { throw TooLong() }
                position += 1
                return cut()
            }
        }
        if hasEnded, start < position { return cut() }
        held.removeFirst(start)
        (start, position) = (0, position - start)
        return nil
    }

    private mutating func cut() -> [UInt8] {
        defer { (start, place, depth) = (position, .between, 0) }
        return Array(held[start..<position])
    }

    // MARK: - Steps

    private mutating func step(_ byte: UInt8) -> Step {
        switch place {
        case .between: return begin(byte)
        case .word: return Self.isSpace(byte) || Self.begins(byte) ? .endBefore : .take
        case .nested: return nest(byte)
        case .string: return string(byte)
        case .escape:
            place = .string
            return byte < 0x20 ? .endWith : .take
        }
    }

    private mutating func begin(_ byte: UInt8) -> Step {
        guard !Self.isSpace(byte) else { return .skip }
        guard Self.begins(byte) else {
            place = .word
            return .take
        }
        place = .nested
        return nest(byte)
    }

    private mutating func nest(_ byte: UInt8) -> Step {
        switch byte {
        case UInt8(ascii: "\""): place = .string
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth -= 1
            return depth == 0 ? .endWith : .take
        default: break
        }
        return .take
    }

    private mutating func string(_ byte: UInt8) -> Step {
        switch byte {
        case UInt8(ascii: "\\"): place = .escape
        case UInt8(ascii: "\""):
            place = .nested
            return depth == 0 ? .endWith : .take
        // No string goes over the end of a line: who forgot a quotation mark is told so now, and not when all input has ended.
        case ..<0x20: return .endWith
        default: break
        }
        return .take
    }

    private static func begins(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "\"")
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09
    }
}
