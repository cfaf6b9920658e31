/// Finds what a JSON decoder lets through: an object that names a member twice (RFC 8725 section 2.4 on ambiguous JSON).
///
/// It walks strings and brackets only; whether the text is JSON at all is the decoder's question.
struct JSONMembers {
    private static let deepestNesting = 4

    private enum Level {
        case array
        case object(names: Set<[UInt8]>, expectsName: Bool)
    }

    private var levels: [Level] = []

    /// Whether `json` is one object, not too deep, in which no object repeats a name or spells one with escapes.
    static func areUnambiguous(_ json: [UInt8]) -> Bool {
        var walk = JSONMembers()
        return json.first == UInt8(ascii: "{") && json.last == UInt8(ascii: "}") && walk.passes(json)
    }

    private mutating func passes(_ json: [UInt8]) -> Bool {
        var index = 0
        while index < json.count {
            switch json[index] {
            case 0..<9, 11, 12, 14..<32: return false
            case UInt8(ascii: "\""):
                guard let end = Self.endOfString(json, from: index), take(json[(index + 1)..<end]) else { return false }
                index = end
            case UInt8(ascii: "{"): levels.append(.object(names: [], expectsName: true))
            case UInt8(ascii: "["): levels.append(.array)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard levels.popLast() != nil else { return false }
            case UInt8(ascii: ","): expectName()
            default: break
            }
            guard levels.count <= Self.deepestNesting else { return false }
            index += 1
        }
        return levels.isEmpty
    }

    private static func endOfString(_ json: [UInt8], from start: Int) -> Int? {
        var index = start + 1
        while index < json.count, json[index] != UInt8(ascii: "\"") {
            index += json[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return index < json.count ? index : nil
    }

    /// - Returns: false when the string is a name that stands here already or hides behind an escape.
    private mutating func take(_ string: ArraySlice<UInt8>) -> Bool {
        guard case .object(var names, true)? = levels.last else { return true }
        guard !string.contains(UInt8(ascii: "\\")), names.insert(Array(string)).inserted else { return false }
        levels[levels.count - 1] = .object(names: names, expectsName: false)
        return true
    }

    private mutating func expectName() {
        guard case .object(let names, _)? = levels.last else { return }
        levels[levels.count - 1] = .object(names: names, expectsName: true)
    }
}
