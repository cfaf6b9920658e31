/// The one part of an utterance that asks for an order.
struct OrderSentence {
    let tokens: [UtteranceToken]

    /// Words that turn what follows into something not asked for: negations, conditions, deliberation, reported speech.
    private static let reversals: Set<String> = [
        "not", "no", "never", "dont", "don't", "doesnt", "doesn't", "didnt", "didn't", "wont", "won't", "cant", "can't", "cannot",
        "shouldnt",
        "shouldn't", "wouldnt", "wouldn't", "isn't", "without", "avoid", "stop", "cancel", "undo", "neither", "nor", "none", "except",
        "but",
        "unless", "if", "when", "whenever", "until", "once", "should", "shall", "might", "maybe", "perhaps", "suppose", "whether",
        "imagine",
        "pretend", "hypothetically", "instead", "said", "says", "told", "tells", "wrote", "writes", "ignore", "forget", "tomorrow", "later",
        "yesterday", "bought", "sold", "buying", "selling", "refuse", "nothing", "wrong", "mistake", "example",
    ]

    private static let requests = [["can", "you"], ["could", "you"], ["please"]]

    /// Nil unless exactly one sentence has a side word and nothing in the utterance takes it back.
    init?(in tokens: [UtteranceToken]) {
        let words = tokens.compactMap(OrderSentence.word)
        guard !words.contains(where: OrderSentence.reversals.contains) else { return nil }
        let sentences = OrderSentence.sentences(tokens)
        let asking = sentences.indices.filter { sentences[$0].contains(where: OrderSentence.isSide) }
        guard asking.count == 1, let index = asking.first, OrderSentence.isRequest(sentences[index]) else { return nil }
        let clause = OrderSentence.clause(sentences[index])
        // Numbers elsewhere may be the ones meant: before the order any amount, after it anything that could correct it.
        let before = sentences[..<index].joined() + clause.talk
        let after = sentences[(index + 1)...].joined()
        guard !before.contains(where: { if case .number = $0.kind { true } else { false } }) else { return nil }
        guard !after.contains(where: OrderSentence.isNumeric) else { return nil }
        guard !(before + after).contains(where: { OrderSentence.word($0) == "limit" }) else { return nil }
        self.tokens = clause.order
    }

    private static func word(_ token: UtteranceToken) -> String? {
        if case .word(let word) = token.kind { word } else { nil }
    }

    private static func isSide(_ token: UtteranceToken) -> Bool {
        word(token).map { SideWords.sides[$0] != nil } ?? false
    }

    private static func isNumeric(_ token: UtteranceToken) -> Bool {
        switch token.kind {
        case .number, .percent, .opaque: true
        case .word(let word): SpokenNumber.word(word) != nil || ["half", "quarter", "all", "everything", "double", "twice"].contains(word)
        default: false
        }
    }

    /// Each with the mark that ends it.
    private static func sentences(_ tokens: [UtteranceToken]) -> [[UtteranceToken]] {
        var sentences: [[UtteranceToken]] = [[]]
        for token in tokens {
            sentences[sentences.count - 1].append(token)
            if token.kind == .stop || token.kind == .question { sentences.append([]) }
        }
        return sentences
    }

    /// A question is one only when it asks for the deed: "can you buy …?"
    private static func isRequest(_ sentence: [UtteranceToken]) -> Bool {
        guard sentence.last?.kind == .question else { return true }
        let words = sentence.compactMap(word)
        return requests.contains { words.starts(with: $0) }
    }

    /// From the part with the side word on: what stands before a comma ("BTC looks weak, sell …") is talk; what follows belongs to the order.
    private static func clause(_ sentence: [UtteranceToken]) -> (talk: [UtteranceToken], order: [UtteranceToken]) {
        let side = sentence.firstIndex(where: isSide) ?? sentence.startIndex
        let start = sentence[..<side].lastIndex { $0.kind == .pause }.map { $0 + 1 } ?? sentence.startIndex
        return (Array(sentence[..<start]), sentence[start...].filter { ![.pause, .stop, .question].contains($0.kind) })
    }
}
