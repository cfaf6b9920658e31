import Foundation

/// The targets that Package.swift declares through its helper functions, and what each says that it uses.
struct Manifest {
    struct Target {
        let name: String
        /// `Mesh`, `Platform`, `Services`, …; for the rooms that are one target (Trading, Exchange) its own name.
        let room: String
        let uses: Set<String>
    }

    let targets: [String: Target]

    init(text: String) {
        var found: [String: Target] = [:]
        let whole = NSRange(text.startIndex..., in: text)
        // `uses: serviceBase + […]` means that list as well.
        let base = Self.names(in: text.components(separatedBy: "let serviceBase").dropFirst().first?.components(separatedBy: "\n]").first ?? "")
        for match in Self.declaration.matches(in: text, range: whole) {
            func group(_ index: Int) -> String {
                Range(match.range(at: index), in: text).map { String(text[$0]) } ?? ""
            }
            let rest = Self.call(from: match.range.upperBound, in: text)
            var uses = Self.names(in: rest)
            if rest.contains("serviceBase") { uses.formUnion(base) }
            let room = group(3).isEmpty ? Self.room(ofHelper: group(1), name: group(2)) : group(3)
            found[group(2)] = Target(name: group(2), room: room, uses: uses)
        }
        targets = found
    }

    private static let declaration = try! NSRegularExpression(
        pattern: #"\b(target|program|systemLibrary|cTarget|tests|fuzzer|sample|testTool)\(\s*"([\w-]+)"(?:, in: "(\w*)")?"#)

    private static func room(ofHelper helper: String, name: String) -> String {
        switch helper {
        case "program": "Programs"
        case "systemLibrary", "cTarget": "System"
        case "tests", "fuzzer", "sample", "testTool": "Tests"
        default: name
        }
    }

    /// The text up to the parenthesis that closes the declaration.
    private static func call(from offset: Int, in text: String) -> String {
        var depth = 1
        var out = ""
        for character in text.utf16.dropFirst(offset).map({ Character(UnicodeScalar($0) ?? " ") }) {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if depth == 0 { break }
            out.append(character)
        }
        return out
    }

    private static func names(in text: String) -> Set<String> {
        Set(text.matches(of: /"([A-Za-z][\w-]*)"/).map { String($0.1) })
    }
}
