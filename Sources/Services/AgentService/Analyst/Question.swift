/// An utterance as words: lower case, without punctuation.
struct Question: Sendable {
    let text: String
    let words: [String]

    init(_ text: String) {
        self.text = text
        words = text.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "'" || $0 == "/" || $0 == "-") }.map(String.init)
    }

    func says(_ any: Set<String>) -> Bool {
        words.contains(where: any.contains)
    }

    /// Whether the words stand one after the other.
    func says(_ first: String, _ second: String) -> Bool {
        zip(words, words.dropFirst()).contains { $0 == first && $1 == second }
    }
}
