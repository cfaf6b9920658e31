/// What detectors ask of single bytes.
extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isUpper: Bool { (0x41...0x5a).contains(self) }
    var isLower: Bool { (0x61...0x7a).contains(self) }
    var isLetter: Bool { isUpper || isLower }
    var isAlphanumeric: Bool { isDigit || isLetter }
    var isSpace: Bool { self == 0x20 || (0x09...0x0d).contains(self) }
    /// Hexadecimal in either case.
    var isHex: Bool { isDigit || (0x41...0x46).contains(self) || (0x61...0x66).contains(self) }
    var lowercased: UInt8 { isUpper ? self | 0x20 : self }

    func isOne(of characters: StaticString) -> Bool {
        characters.withUTF8Buffer { $0.contains(self) }
    }
}

extension [UInt8] {
    /// The longest pieces whose bytes all satisfy `belongs`. One pass.
    func runs(where belongs: (UInt8) -> Bool) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var start: Int?
        for (index, byte) in enumerated() {
            if belongs(byte) {
                start = start ?? index
            } else if let from = start {
                runs.append(from..<index)
                start = nil
            }
        }
        if let from = start { runs.append(from..<count) }
        return runs
    }

    func has(_ text: StaticString, at index: Int) -> Bool {
        guard index >= 0, index + text.utf8CodeUnitCount <= count else { return false }
        return text.withUTF8Buffer { wanted in wanted.indices.allSatisfy { self[index + $0] == wanted[$0] } }
    }

    /// The byte there; nil beyond either end.
    func byte(_ index: Int) -> UInt8? {
        indices.contains(index) ? self[index] : nil
    }

    /// The first place at or after `start` where `ends` says so, or the end of the text.
    func end(from start: Int, where ends: (UInt8) -> Bool) -> Int {
        var index = start
        while index < count, !ends(self[index]) { index += 1 }
        return index
    }
}
