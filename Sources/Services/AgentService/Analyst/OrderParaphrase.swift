/// Other ways of asking for an order, turned into the words that the grammar knows. Execution checks against the person's own words,
/// so whoever speaks like this confirms with a second factor.
enum OrderParaphrase {
    static func rewritten(_ text: String) -> String {
        guard !text.contains(/\b(?:buy|sell|purchase|acquire|liquidate)\b/.ignoresCase()) else { return text }
        let spending = text.replacing(/\b(?:spend|use|invest|put)\s+(.{1,80}?)\s+(?:on|in|into)\s+/.ignoresCase()) { "buy for \($0.1) " }
        return
            spending
            .replacing(/\b(?:get me|grab|pick up)\b/.ignoresCase(), with: "buy")
            .replacing(/\b(?:dump|offload|get rid of)\b/.ignoresCase(), with: "sell")
    }
}
