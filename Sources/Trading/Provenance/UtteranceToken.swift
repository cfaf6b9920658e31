/// A piece of an utterance.
struct UtteranceToken: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// ASCII letters, in lower case, with `'`, `/` and `-` inside.
        case word(String)
        /// A number with exactly one reading.
        case number(Decimal)
        /// `25%` as 0.25.
        case percent(Decimal)
        /// `$ € ₿ @`
        case symbol(String)
        /// `, : –`: parts of one sentence.
        case pause
        /// `. ! ; newline`
        case stop
        case question
        /// Anything else: other scripts, numbers with two readings, stray signs.
        case opaque
    }

    let kind: Kind
    /// As the person wrote it.
    let text: String
}

/// Cuts an utterance into tokens. Only ASCII digits are digits.
struct UtteranceLexer {
    /// Characters that make a text read otherwise than it looks, or that put words into somebody else's mouth.
    enum Blocker: Sendable, Hashable {
        /// A control or invisible character.
        case hidden
        /// A digit or numeral that is not ASCII.
        case foreignDigit
        case quotation
    }

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private(set) var tokens: [UtteranceToken] = []
    private(set) var blockers: Set<Blocker> = []

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        findBlockers()
        while position < scalars.count { step() }
    }

    private mutating func findBlockers() {
        for (index, scalar) in scalars.enumerated() {
            if UtteranceLexer.isHidden(scalar) { blockers.insert(.hidden) }
            if !scalar.isASCII, scalar.properties.numericType != nil { blockers.insert(.foreignDigit) }
            if "\"`“”„«»‹›‘".unicodeScalars.contains(scalar) { blockers.insert(.quotation) }
            if UtteranceLexer.isApostrophe(scalar), !isBetweenLetters(index) { blockers.insert(.quotation) }
        }
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control: !["\n", "\r", "\t"].contains(scalar)
        case .format, .privateUse, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator: true
        case .spaceSeparator: scalar != " " && scalar != "\u{a0}"
        default: scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    private static func isApostrophe(_ scalar: Unicode.Scalar) -> Bool { scalar == "'" || scalar == "’" }

    private func isBetweenLetters(_ index: Int) -> Bool {
        index > 0 && index + 1 < scalars.count && scalars[index - 1].properties.isAlphabetic && scalars[index + 1].properties.isAlphabetic
    }

    private mutating func step() {
        let scalar = scalars[position]
        if scalar == "\n" || scalar == "\r" { return take(1, .stop) }
        if scalar.properties.isWhitespace { return position += 1 }
        if UtteranceLexer.isDigit(scalar) || scalar == "." && position + 1 < scalars.count && UtteranceLexer.isDigit(scalars[position + 1])
        {
            return number()
        }
        if scalar.properties.isAlphabetic { return word() }
        switch scalar {
        case ".", "!", ";": take(1, .stop)
        case "?": take(1, .question)
        case ",", ":", "–", "—": take(1, .pause)
        case "$", "€", "₿", "@": take(1, .symbol(String(scalar)))
        default: take(1, .opaque)
        }
    }

    private mutating func take(_ count: Int, _ kind: UtteranceToken.Kind) {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[position..<position + count])
        tokens.append(UtteranceToken(kind: kind, text: String(text)))
        position += count
    }

    private func text(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[range])
        return String(view)
    }

    /// Letters and marks of any script, with `'`, `/` or `-` between them. One that is not ASCII matches nothing.
    private mutating func word() {
        var end = position
        while end < scalars.count, isWordScalar(end) { end += 1 }
        let written = text(position..<end)
        let plain = written.replacing("’", with: "'")
        let isASCII = plain.utf8.allSatisfy { $0 < 0x80 }
        take(end - position, isASCII ? .word(plain.lowercased()) : .opaque)
    }

    private func isWordScalar(_ index: Int) -> Bool {
        let scalar = scalars[index]
        if scalar.properties.isAlphabetic || scalar.properties.canonicalCombiningClass != .notReordered { return true }
        if UtteranceLexer.isDigit(scalar) { return true }
        return ["'", "’", "/", "-"].contains(scalar) && isBetweenLetters(index)
    }

    static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private mutating func number() {
        var end = position
        while end < scalars.count, UtteranceLexer.isDigit(scalars[end]) || isSeparatorInNumber(end) { end += 1 }
        var value = SpokenNumber.read(text(position..<end))
        if end < scalars.count, scalars[end].properties.isAlphabetic, let factor = multiplier(end) {
            value = value.flatMap { try? $0 * factor }
            end += 1
        }
        guard let value else { return take(end - position, .opaque) }
        guard end < scalars.count, scalars[end] == "%" else { return take(end - position, .number(value)) }
        let part = try? value.divided(by: Decimal(100), rounding: .down)
        take(end + 1 - position, part.map(UtteranceToken.Kind.percent) ?? .opaque)
    }

    private func isSeparatorInNumber(_ index: Int) -> Bool {
        (scalars[index] == "." || scalars[index] == ",") && index + 1 < scalars.count && UtteranceLexer.isDigit(scalars[index + 1])
    }

    /// `k` and `m` right after a number, and nothing after them.
    private func multiplier(_ index: Int) -> Decimal? {
        let isLast =
            index + 1 == scalars.count || !(scalars[index + 1].properties.isAlphabetic || UtteranceLexer.isDigit(scalars[index + 1]))
        guard isLast else { return nil }
        switch scalars[index] {
        case "k", "K": return Decimal(1000)
        case "m", "M": return Decimal(1_000_000)
        default: return nil
        }
    }
}
