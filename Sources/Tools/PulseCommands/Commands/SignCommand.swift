import ArgumentParser

struct SignCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Shows a proposal as its signed bytes say it, and signs exactly that.")

    @OptionGroup var state: StateOptions
    @Argument(help: "The proposal's id.")
    var id: String
    @Flag(help: "Do not ask for confirmation.")
    var yes = false

    func run() async throws {
        try await state.withPerson { person in
            let shown = try ProposalText(await person.proposal(id))
            print(shown.text)
            let code = shown.needsSecondFactor ? try Terminal.ask("\ncode from your authenticator: ") : nil
            if !yes, try Terminal.ask("\nsign this order? (yes/no) ") != "yes" { throw CommandError("not signed") }
            print(OrderText.block(try await person.sign(shown, code: code)))
        }
    }
}
