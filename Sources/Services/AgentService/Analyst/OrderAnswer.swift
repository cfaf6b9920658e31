/// What is said once execution has made a proposal, or refused to.
enum OrderAnswer {
    static func text(_ results: ToolResults) -> [String] {
        guard let proposal = results.all(ProposalOutput.self, of: .propose).first else {
            let reason = results.failures(of: .propose).first?.message ?? "the proposal was not made."
            return ["I could not propose that: \(reason)"]
        }
        let market = results.all(PriceOutput.self, of: .price).first.map {
            "The market stands at \(Wording.price($0.bid)) to \(Wording.price($0.ask)). "
        }
        return [market, terms(proposal), provenance(proposal), signing(proposal)].compactMap(\.self)
    }

    private static func terms(_ proposal: ProposalOutput) -> String {
        let side = proposal.value(of: "side") ?? "trade"
        let symbol = proposal.value(of: "symbol") ?? ""
        let amount = proposal.value(of: "quantity") ?? proposal.value(of: "quote_quantity").map { "\($0) in quote" } ?? ""
        let price = proposal.value(of: "price").map { "at a limit of \($0)" } ?? "at the market price"
        return "Proposed: \(side.lowercased()) \(amount) \(symbol) \(price). "
    }

    /// Says which fields are not the person's own words.
    private static func provenance(_ proposal: ProposalOutput) -> String? {
        let computed = proposal.fields.filter { $0.provenance == "derived" }.map { readable($0.name) }
        let guessed = proposal.fields.filter { $0.provenance == "model" }.map { readable($0.name) }
        var parts: [String] = []
        if !computed.isEmpty { parts.append("Computed from the exchange's figures: \(computed.joined(separator: ", ")). ") }
        if !guessed.isEmpty { parts.append("Not found in your own words, so check with care: \(guessed.joined(separator: ", ")). ") }
        return parts.isEmpty ? nil : parts.joined()
    }

    private static func signing(_ proposal: ProposalOutput) -> String {
        let factor = proposal.needsSecondFactor ? " It asks for a one-time code: \(proposal.secondFactorReason)" : ""
        let dot = factor.isEmpty || factor.hasSuffix(".") ? "" : "."
        return "Nothing is sent until you sign it, within \(duration(proposal.expiresIn)).\(factor)\(dot)"
    }

    private static func duration(_ seconds: Int64) -> String {
        seconds >= 120 ? "\(seconds / 60) minutes" : "\(seconds) seconds"
    }

    private static func readable(_ field: String) -> String {
        field.replacing("_", with: " ")
    }
}
