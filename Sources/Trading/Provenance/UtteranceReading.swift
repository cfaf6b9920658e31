/// A value and the words that said it.
public struct Said<Value: Sendable & Hashable>: Sendable, Hashable {
    public let value: Value
    public let words: String

    public init(_ value: Value, words: String) {
        self.value = value
        self.words = words
    }
}

/// What an utterance asks for, as far as it can be read in exactly one way. A field that is not certain is nil.
///
/// Nothing at all is read from an utterance with a negation, a condition, a quotation, invisible characters or other scripts' digits,
/// from one with two orders in it, or from an order sentence with a word that is not in the vocabulary: whoever is not fully understood
/// confirms with a second factor.
public struct UtteranceReading: Sendable, Hashable {
    public enum Amount: Sendable, Hashable {
        case quantity(Decimal, of: Set<Asset>)
        case quoteQuantity(Decimal, in: Set<Asset>)
        /// Of what the person has; `of` is nil for "everything".
        case portion(Decimal, of: Set<Asset>?)
    }

    public enum Price: Sendable, Hashable {
        /// With the currency, when it was said.
        case limit(Decimal, in: Set<Asset>?)
        case offset(Decimal)
    }

    public internal(set) var side: Said<Side>?
    public internal(set) var symbol: Said<Symbol>?
    public internal(set) var type: Said<OrderType>?
    public internal(set) var amount: Said<Amount>?
    public internal(set) var price: Said<Price>?
    /// The person asked for an order and said neither market nor limit nor a price.
    public internal(set) var leavesTypeOpen = false

    public static let nothing = UtteranceReading()

    /// Longest utterance, characters.
    public static let maxCharacters = 4000

    /// - Parameter text: the person's own words, as stored.
    public init(of text: String, vocabulary: AssetVocabulary) {
        self.init()
        guard text.unicodeScalars.count <= UtteranceReading.maxCharacters else { return }
        let lexer = UtteranceLexer(text)
        guard lexer.blockers.isEmpty, let sentence = OrderSentence(in: lexer.tokens) else { return }
        guard let phrases = OrderPhrases(sentence.tokens, vocabulary: vocabulary) else { return }
        self = phrases.reading
    }

    private init() {}
}
