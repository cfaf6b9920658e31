import Foundation

/// Rules that one file keeps by itself.
enum SourceRules {
    static let linesMax = 400
    static let columnsMax = 160

    struct Ban {
        /// A regular expression as text: a `Regex` is not Sendable.
        let pattern: String
        let why: String
        /// Where the ban holds.
        let folder: String
    }

    static let bans: [Ban] = [
        Ban(pattern: #"\btry!"#, why: "try! traps: handle the error", folder: "Sources/"),
        Ban(pattern: #"\bfatalError\("#, why: "fatalError traps: return an error", folder: "Sources/"),
        Ban(pattern: #"\bas! "#, why: "as! traps: use as? and handle nil", folder: "Sources/"),
        Ban(pattern: #"(?:\bTask|\bThread)\.sleep\("#, why: "a sleep is no synchronisation: wait for the event", folder: "Tests/"),
        Ban(pattern: #":\s*(?:Double|Float)\b"#, why: "money is exact: use Trading.Decimal", folder: "Sources/Trading/"),
        Ban(pattern: #":\s*(?:Double|Float)\b"#, why: "money is exact: use Trading.Decimal", folder: "Sources/Exchange/"),
        Ban(pattern: #":\s*(?:Double|Float)\b"#, why: "money is exact: use Trading.Decimal", folder: "Sources/Services/ExecutionService/"),
    ]

    /// Signatures that would show a C type to another target.
    static let openSignature = #"^\s*(?:public|package|open)\b.*\b(?:OpaquePointer|UnsafeMutablePointer<[A-Z]\w*__\w+|ProtobufC\w+|SSL_CTX|X509_\w+)\b"#

    static func violations(in file: SourceFile) -> [Violation] {
        guard !file.isGenerated else { return [] }
        var found: [Violation] = []
        let count = file.text.split(separator: "\n", omittingEmptySubsequences: false).count
        if count > linesMax { found.append(Violation(path: file.path, line: count, why: "more than \(linesMax) lines: split it")) }
        for line in file.code {
            for ban in bans where file.path.hasPrefix(ban.folder) && matches(line.text, ban.pattern) {
                found.append(Violation(path: file.path, line: line.number, why: ban.why))
            }
            if file.path.hasPrefix("Sources/"), matches(line.text, openSignature) {
                found.append(Violation(path: file.path, line: line.number, why: "a C type in a signature that others see"))
            }
            // Tests hold vectors and tables of cases, which read better unbroken.
            if file.path.hasPrefix("Sources/"), line.text.count > columnsMax {
                found.append(Violation(path: file.path, line: line.number, why: "longer than \(columnsMax) columns"))
            }
        }
        return found + unfinished(file)
    }

    private static func matches(_ line: String, _ pattern: String) -> Bool {
        line.range(of: pattern, options: .regularExpression) != nil
    }

    /// Words that say "later". Spelt in halves so that this file keeps its own rule.
    private static func unfinished(_ file: SourceFile) -> [Violation] {
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X:"]
        return file.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { index, line in
            words.filter { line.contains($0) }.map { Violation(path: file.path, line: index + 1, why: "\($0): finish it or file it") }
        }
    }
}
