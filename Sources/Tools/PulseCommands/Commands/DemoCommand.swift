import ArgumentParser

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Walks the whole story against the running system, from sign-up to a proven order.",
        discussion: "Exits 0 only if the order was filled and its audit record proven. It trades at the sandbox exchange with a fresh account.")

    @OptionGroup var state: StateOptions
    @Option(help: "What to ask about the market.")
    var question = "how is BTC doing this week?"
    @Option(help: "What to order.")
    var order = "buy 0.01 BTC at market"

    func run() async throws {
        let clock = ContinuousClock()
        let started = clock.now
        try await state.withGateway { gateway in
            var story = try DemoStory(folder: state.folder, gateway: gateway)
            try await story.openAccount()
            try await story.signIn()
            try await story.linkExchange()
            try await story.ask(question)
            let proposal = try await story.propose(order)
            let order = try await story.sign(proposal)
            try await story.proveAuditRecord(of: order, for: proposal)
        }
        print("\ndone: the order is filled and its audit record proven (\((clock.now - started).formatted()))")
    }
}

extension Duration {
    /// Seconds with one decimal place.
    fileprivate func formatted() -> String {
        let tenths = components.seconds * 10 + components.attoseconds / 100_000_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
