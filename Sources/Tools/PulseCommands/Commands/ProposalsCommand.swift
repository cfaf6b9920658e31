import ArgumentParser
import MeshTool

struct ProposalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "proposals", abstract: "Lists proposals, or shows one.")

    @OptionGroup var state: StateOptions
    @Argument(help: "Id of the one to show.")
    var id: String?

    func run() async throws {
        try await state.withPerson { person in
            if let id { return print(try await ProposalText(person.proposal(id)).text) }
            let list: ProposalList = try await person.get("/v1/proposals")
            for proposal in list.proposals {
                print(TerminalText.line("\(proposal.proposalId)  \(proposal.state.padding(to: 10))\(try ProposalText(proposal).line)"))
            }
            if list.proposals.isEmpty { print("no proposals") }
        }
    }
}

struct RejectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "reject", abstract: "Turns a proposal down.")

    @OptionGroup var state: StateOptions
    @Argument(help: "The proposal's id.")
    var id: String

    func run() async throws {
        try await state.withPerson { person in
            let answer: ProposalAnswer = try await person.post("/v1/proposals/\(id)/reject")
            print("\(answer.proposalId)  \(answer.state)")
        }
    }
}
