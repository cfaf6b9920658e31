import Foundation

/// The article "Your first service", cut into what its reader types.
struct Article {
    struct Block {
        /// Where its reader puts it; nil for what is typed or printed.
        var path: String?
        var language: String
        var text: String
    }

    let blocks: [Block]

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func read() throws -> Article {
        let file = root.appending(path: "Sources/Mesh/MeshRuntime/MeshRuntime.docc/YourFirstService.md")
        return Article(try String(contentsOf: file, encoding: .utf8))
    }

    init(_ text: String) {
        var blocks: [Block] = []
        var open: Block?
        var before = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                if let block = open { blocks.append(block) }
                open = open == nil ? Block(path: Self.path(before), language: String(line.dropFirst(3)), text: "") : nil
                before = ""
            } else if open != nil {
                open?.text += line + "\n"
            } else if !line.isEmpty {
                before = String(line)
            }
        }
        self.blocks = blocks
    }

    /// The paragraph before a file is its path: `` `Package.swift`: ``
    private static func path(_ line: String) -> String? {
        line.hasPrefix("`") && line.hasSuffix("`:") ? String(line.dropFirst().dropLast(2)) : nil
    }

    var files: [Block] { blocks.filter { $0.path != nil } }

    func file(_ path: String) -> String? { blocks.first { $0.path == path }?.text }

    /// The one shell block with these words in it.
    func commands(with words: String) -> String? {
        let found = blocks.filter { $0.language == "sh" && $0.text.contains(words) }
        return found.count == 1 ? found.first?.text : nil
    }

    /// What the article says that these commands print.
    func output(of command: String) -> String? {
        guard let index = blocks.firstIndex(where: { $0.language == "sh" && $0.text == command + "\n" }), index + 1 < blocks.count else { return nil }
        return blocks[index + 1].language == "text" ? blocks[index + 1].text : nil
    }
}
